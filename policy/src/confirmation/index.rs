//! Which objects of the cluster can bear an index key: what to read where the inventory's answer is not enough.

use std::sync::Arc;

use super::live_query::LiveQuery;
use crate::identity::{Kind, ServiceKey};
use crate::inventory::{IndexKey, Scope};

/// TargetGroupBindings of either controller.
pub(super) const BINDINGS: [Kind; 2] = [Kind::TargetGroupBinding, Kind::EksTargetGroupBinding];
const ROUTES: [Kind; 2] = [Kind::HttpRoute, Kind::GrpcRoute];
/// Pod templates. Pods are asked for where no template decides.
pub(super) const TEMPLATES: [Kind; 5] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Rollout,
    Kind::ReplicaSet,
];

/// What to read to answer the query of an index. The workloads that a Service selects are [`super::service`]'s matter,
/// and so are its endpoints. Services that select by a label are asked about only to find what a Gateway is made of, which
/// is [`super::subject`]'s matter.
pub(super) fn queries(key: &IndexKey) -> Vec<LiveQuery> {
    let in_cluster = |kinds: &[Kind]| {
        let query = |kind: &Kind| LiveQuery::Objects(*kind, Scope::Cluster);
        kinds.iter().map(query).collect()
    };
    match key {
        IndexKey::NamesService(service) => naming_service(service),
        IndexKey::BindsService((namespace, _)) => {
            let here = Scope::Namespace(Arc::clone(namespace));
            BINDINGS
                .map(|kind| LiveQuery::Objects(kind, here.clone()))
                .to_vec()
        }
        IndexKey::NamesTargetGroup(_) => {
            let kinds = [Kind::Ingress].into_iter().chain(ROUTES);
            in_cluster(&kinds.collect::<Vec<_>>())
        }
        IndexKey::BindsTargetGroup(_) | IndexKey::MadeForNetworkGateway(..) => {
            in_cluster(&BINDINGS)
        }
        IndexKey::OfIngressClass(_) | IndexKey::ClassLess | IndexKey::InGroup(_) => {
            in_cluster(&[Kind::Ingress])
        }
        IndexKey::DefaultClass | IndexKey::UsesParams(_) => in_cluster(&[Kind::IngressClass]),
        IndexKey::IstioSelector(..) | IndexKey::IstioGateways => in_cluster(&[Kind::IstioGateway]),
        IndexKey::OfGatewayClass(_) | IndexKey::NamesGatewayService(_) => {
            in_cluster(&[Kind::Gateway])
        }
        IndexKey::AttachedToGateway(..) => {
            let kinds = ROUTES
                .into_iter()
                .chain([Kind::ListenerSet, Kind::XListenerSet]);
            in_cluster(&kinds.collect::<Vec<_>>())
        }
        IndexKey::AttachedToListenerSet(_) => in_cluster(&ROUTES),
        IndexKey::WorkloadLabel(..)
        | IndexKey::GatewayCandidates(_)
        | IndexKey::SelectorPair(..)
        | IndexKey::EndpointsOf(_)
        | IndexKey::EndpointsToPod(..) => Vec::new(),
    }
}

/// Fronts that name a Service: Ingresses of its namespace, routes of any.
fn naming_service((namespace, _): &ServiceKey) -> Vec<LiveQuery> {
    let here = Scope::Namespace(Arc::clone(namespace));
    std::iter::once(LiveQuery::Objects(Kind::Ingress, here))
        .chain(ROUTES.map(|kind| LiveQuery::Objects(kind, Scope::Cluster)))
        .collect()
}
