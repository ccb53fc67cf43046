//! What a Service of type `ExternalName` leads to.

use super::istio::Istio;
use super::service::is_stated;
use super::static_evidence;
use crate::identity::{ServiceKey, service_object};
use crate::inventory::World;
use crate::objects::service_host::{ServiceHost, is_pod_address};

/// What an ExternalName stands for.
pub(super) enum AliasTarget {
    /// A Service of this cluster, or a Pod behind it.
    Service(ServiceKey),
    /// A Pod of this cluster by its address, which no object that is read shows.
    PodAddress,
    /// Something else.
    Outside,
}

/// What an ExternalName stands for. `NAME.NAMESPACE` looks like any host name of two labels, so such a Service has to
/// exist, or its name has to say that it is a gateway's. Of one that is not rendered yet only the latter counts, and of no
/// host outside the cluster's domain.
pub(super) fn target(world: &World<'_>, istio: &Istio, external: &str) -> AliasTarget {
    if is_pod_address(external, &istio.cluster_domain) {
        return AliasTarget::PodAddress;
    }
    let Some(host) = ServiceHost::parse_alias(external) else {
        return AliasTarget::Outside;
    };
    let service = &host.service;
    let is_gateways = || {
        is_stated(world, istio, service)
            || static_evidence::of_service(world, istio, service, None).is_some()
    };
    let exists = || world.get(&service_object(service)).is_some();
    let is_known = || {
        let is_spelled_out = external.to_ascii_lowercase().contains(".svc");
        !world.is_unrendered(external) && (is_spelled_out || exists())
    };
    let leads_there = host.is_in_cluster(&istio.cluster_domain) && (is_known() || is_gateways());
    if leads_there {
        AliasTarget::Service(host.service)
    } else {
        AliasTarget::Outside
    }
}
