//! Which kinds are watched, and how.

use kube::runtime::watcher;
use l7guard_policy::identity::Kind;
use l7guard_policy::objects::{Facts, Object};

/// What every API server serves. Without one of them nothing can be judged.
pub(super) const BUILT_IN: [Kind; 8] = [
    Kind::Ingress,
    Kind::IngressClass,
    Kind::Service,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::EndpointSlice,
];

/// EndpointSlices by hand, of other controllers, and mirrored from Endpoints. What the endpoint slice controller makes
/// repeats the Service's selector.
///
/// Source: Kubernetes `pkg/controller/endpointslice` (`controllerName`).
const BY_HAND: &str = "endpointslice.kubernetes.io/managed-by!=endpointslice-controller.k8s.io";

/// Objects a page of a list. All kinds are listed at the same time and a page is in memory as a whole, so that larger ones
/// show in what the process keeps.
pub(super) const PAGE: u32 = 250;

/// Seconds after which a watch is begun anew where it stands. A connection that died without a word is noticed so much later,
/// and until then what changes is not known.
const WATCH: u32 = 120;

/// Whether a kind is watched. Pods are read where no template decides, Namespaces where an annotation overrides an injected
/// proxy, and Endpoints are mirrored into `EndpointSlice`s. What an `IstioOperator` asks for stands in a cluster by
/// itself, and where TCPRoutes and TLSRoutes lead the bindings say that are made of them.
pub(super) fn is_watched(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Pod
            | Kind::Namespace
            | Kind::Endpoints
            | Kind::IstioOperator
            | Kind::TcpRoute
            | Kind::TlsRoute
    )
}

/// Whether writes of a kind are judged at admission. Everything else that can complete a path is found by the audit.
pub(super) fn is_judged(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Ingress
            | Kind::IngressClass
            | Kind::Service
            | Kind::Gateway
            | Kind::GatewayClass
            | Kind::ListenerSet
            | Kind::XListenerSet
            | Kind::HttpRoute
            | Kind::GrpcRoute
            | Kind::TargetGroupBinding
            | Kind::EksTargetGroupBinding
    )
}

/// The label selector by which the objects of a kind are asked for.
pub(super) fn label_selector(kind: Kind) -> Option<&'static str> {
    (kind == Kind::EndpointSlice).then_some(BY_HAND)
}

/// How a kind is watched: listed page by page, then followed.
pub(super) fn watch_config(kind: Kind) -> watcher::Config {
    let config = watcher::Config::default().page_size(PAGE).timeout(WATCH);
    match label_selector(kind) {
        Some(selector) => config.labels(selector),
        None => config,
    }
}

/// Whether an object is kept. A ReplicaSet that a Deployment or Rollout made repeats its template, and old revisions of it
/// would be most of what is kept.
pub(super) fn is_kept(object: &Object) -> bool {
    let Facts::Workload(workload) = &object.facts else {
        return true;
    };
    let is_revision = workload
        .owner
        .as_deref()
        .is_some_and(|owner| matches!(&*owner.kind, "Deployment" | "Rollout"));
    !(object.key.kind == Kind::ReplicaSet && is_revision)
}

#[cfg(test)]
mod tests {
    use l7guard_policy::rules::Rule;

    use super::*;

    #[test]
    fn every_kind_of_a_rule_is_judged() {
        for rule in Rule::all() {
            for kind in rule.kinds {
                assert!(is_judged(*kind), "{}: {kind}", rule.code);
            }
        }
    }
}
