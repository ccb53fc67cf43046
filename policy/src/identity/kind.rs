//! The kinds that the policy reads, and what Kubernetes calls them.

use std::collections::BTreeSet;
use std::fmt;

/// The kinds that the policy reads. Two kinds of one name in different API groups are different kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `networking.k8s.io` (in files also `extensions`).
    Ingress,
    /// `networking.k8s.io`, cluster-scoped.
    IngressClass,
    /// `elbv2.k8s.aws`, cluster-scoped: parameters of the AWS Load Balancer Controller.
    IngressClassParams,
    /// `eks.amazonaws.com`, cluster-scoped: parameters of EKS Auto Mode.
    EksIngressClassParams,
    /// Core.
    Service,
    /// Core, cluster-scoped.
    Namespace,
    /// `apps`.
    Deployment,
    /// `apps`.
    DaemonSet,
    /// `apps`.
    StatefulSet,
    /// `apps`.
    ReplicaSet,
    /// Core.
    Pod,
    /// `argoproj.io`.
    Rollout,
    /// `discovery.k8s.io`.
    EndpointSlice,
    /// Core.
    Endpoints,
    /// `networking.istio.io`: Istio's own Gateway.
    IstioGateway,
    /// `install.istio.io`: what Istio's installer is told; in files only.
    IstioOperator,
    /// `gateway.networking.k8s.io`, cluster-scoped.
    GatewayClass,
    /// `gateway.networking.k8s.io`.
    Gateway,
    /// `gateway.networking.k8s.io`.
    ListenerSet,
    /// `gateway.networking.x-k8s.io`: the ListenerSet of the experimental channel before Gateway API 1.5.
    XListenerSet,
    /// `gateway.networking.k8s.io`.
    HttpRoute,
    /// `gateway.networking.k8s.io`.
    GrpcRoute,
    /// `gateway.networking.k8s.io`.
    TcpRoute,
    /// `gateway.networking.k8s.io`.
    TlsRoute,
    /// `elbv2.k8s.aws`: binding of the AWS Load Balancer Controller.
    TargetGroupBinding,
    /// `eks.amazonaws.com`: binding of EKS Auto Mode.
    EksTargetGroupBinding,
}

/// One row for each kind: API group, name, versions (the first one is shown when none is known), namespaced.
type KindRow = (
    Kind,
    &'static str,
    &'static str,
    &'static [&'static str],
    bool,
);

const KINDS: &[KindRow] = &[
    (
        Kind::Ingress,
        "networking.k8s.io",
        "Ingress",
        &["networking.k8s.io/v1", "networking.k8s.io/v1beta1"],
        true,
    ),
    (
        Kind::Ingress,
        "extensions",
        "Ingress",
        &["extensions/v1beta1"],
        true,
    ),
    (
        Kind::IngressClass,
        "networking.k8s.io",
        "IngressClass",
        &["networking.k8s.io/v1", "networking.k8s.io/v1beta1"],
        false,
    ),
    (
        Kind::IngressClassParams,
        "elbv2.k8s.aws",
        "IngressClassParams",
        &["elbv2.k8s.aws/v1beta1"],
        false,
    ),
    (
        Kind::EksIngressClassParams,
        "eks.amazonaws.com",
        "IngressClassParams",
        &["eks.amazonaws.com/v1"],
        false,
    ),
    (Kind::Service, "", "Service", &["v1"], true),
    (Kind::Namespace, "", "Namespace", &["v1"], false),
    (
        Kind::Deployment,
        "apps",
        "Deployment",
        &["apps/v1", "apps/v1beta2", "apps/v1beta1"],
        true,
    ),
    (
        Kind::Deployment,
        "extensions",
        "Deployment",
        &["extensions/v1beta1"],
        true,
    ),
    (
        Kind::DaemonSet,
        "apps",
        "DaemonSet",
        &["apps/v1", "apps/v1beta2"],
        true,
    ),
    (
        Kind::DaemonSet,
        "extensions",
        "DaemonSet",
        &["extensions/v1beta1"],
        true,
    ),
    (
        Kind::StatefulSet,
        "apps",
        "StatefulSet",
        &["apps/v1", "apps/v1beta2", "apps/v1beta1"],
        true,
    ),
    (
        Kind::ReplicaSet,
        "apps",
        "ReplicaSet",
        &["apps/v1", "apps/v1beta2"],
        true,
    ),
    (
        Kind::ReplicaSet,
        "extensions",
        "ReplicaSet",
        &["extensions/v1beta1"],
        true,
    ),
    (Kind::Pod, "", "Pod", &["v1"], true),
    (
        Kind::Rollout,
        "argoproj.io",
        "Rollout",
        &["argoproj.io/v1alpha1"],
        true,
    ),
    (
        Kind::EndpointSlice,
        "discovery.k8s.io",
        "EndpointSlice",
        &["discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"],
        true,
    ),
    (Kind::Endpoints, "", "Endpoints", &["v1"], true),
    (
        Kind::IstioGateway,
        "networking.istio.io",
        "Gateway",
        &[
            "networking.istio.io/v1",
            "networking.istio.io/v1beta1",
            "networking.istio.io/v1alpha3",
        ],
        true,
    ),
    (
        Kind::IstioOperator,
        "install.istio.io",
        "IstioOperator",
        &["install.istio.io/v1alpha1"],
        true,
    ),
    (
        Kind::GatewayClass,
        "gateway.networking.k8s.io",
        "GatewayClass",
        GATEWAY_API_VERSIONS,
        false,
    ),
    (
        Kind::Gateway,
        "gateway.networking.k8s.io",
        "Gateway",
        GATEWAY_API_VERSIONS,
        true,
    ),
    (
        Kind::ListenerSet,
        "gateway.networking.k8s.io",
        "ListenerSet",
        GATEWAY_API_VERSIONS,
        true,
    ),
    (
        Kind::XListenerSet,
        "gateway.networking.x-k8s.io",
        "XListenerSet",
        &["gateway.networking.x-k8s.io/v1alpha1"],
        true,
    ),
    (
        Kind::HttpRoute,
        "gateway.networking.k8s.io",
        "HTTPRoute",
        GATEWAY_API_VERSIONS,
        true,
    ),
    (
        Kind::GrpcRoute,
        "gateway.networking.k8s.io",
        "GRPCRoute",
        GATEWAY_API_VERSIONS,
        true,
    ),
    (
        Kind::TcpRoute,
        "gateway.networking.k8s.io",
        "TCPRoute",
        GATEWAY_API_VERSIONS,
        true,
    ),
    (
        Kind::TlsRoute,
        "gateway.networking.k8s.io",
        "TLSRoute",
        GATEWAY_API_VERSIONS,
        true,
    ),
    (
        Kind::TargetGroupBinding,
        "elbv2.k8s.aws",
        "TargetGroupBinding",
        &["elbv2.k8s.aws/v1beta1", "elbv2.k8s.aws/v1alpha1"],
        true,
    ),
    (
        Kind::EksTargetGroupBinding,
        "eks.amazonaws.com",
        "TargetGroupBinding",
        &["eks.amazonaws.com/v1"],
        true,
    ),
];

const GATEWAY_API_VERSIONS: &[&str] = &[
    "gateway.networking.k8s.io/v1",
    "gateway.networking.k8s.io/v1beta1",
    "gateway.networking.k8s.io/v1alpha3",
    "gateway.networking.k8s.io/v1alpha2",
];

impl Kind {
    /// The kind of an object as its `apiVersion` and `kind` name it, with the spelling of the API version to show in
    /// reports. `None`: no rule reads such objects. A version that is not known yet of a group that is counts as the
    /// group's newest one.
    #[must_use]
    pub fn of(api_version: &str, kind: &str) -> Option<(Self, &'static str)> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let (found, _, _, versions, _) = KINDS
            .iter()
            .find(|(_, g, k, _, _)| *g == group && *k == kind)?;
        let version = versions
            .iter()
            .copied()
            .find(|v| *v == api_version)
            .unwrap_or(versions[0]);
        Some((*found, version))
    }

    /// The kind's name as in a manifest's `kind`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().2
    }

    /// The kind's name, where two kinds of different groups share one with a prefix that tells them apart: for metrics.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::IstioGateway => "IstioGateway",
            Self::EksIngressClassParams => "EksIngressClassParams",
            Self::EksTargetGroupBinding => "EksTargetGroupBinding",
            other => other.name(),
        }
    }

    /// Every kind, once, in no particular order.
    pub fn all() -> impl Iterator<Item = Self> {
        let kinds: BTreeSet<Self> = KINDS.iter().map(|(kind, ..)| *kind).collect();
        kinds.into_iter()
    }

    /// The API groups of all kinds; the core group is the empty one.
    #[must_use]
    pub fn groups() -> BTreeSet<&'static str> {
        KINDS.iter().map(|(_, group, ..)| *group).collect()
    }

    /// The newest API version.
    #[must_use]
    pub fn api_version(self) -> &'static str {
        self.row().3[0]
    }

    /// The API versions that are known of its group, the newest one first.
    #[must_use]
    pub fn api_versions(self) -> &'static [&'static str] {
        self.row().3
    }

    /// Whether objects of this kind live in a namespace.
    #[must_use]
    pub fn is_namespaced(self) -> bool {
        self.row().4
    }

    /// Whether objects of this kind have a Pod template (or are a Pod).
    #[must_use]
    pub fn is_workload(self) -> bool {
        matches!(
            self,
            Self::Deployment
                | Self::DaemonSet
                | Self::StatefulSet
                | Self::ReplicaSet
                | Self::Pod
                | Self::Rollout
        )
    }

    fn row(self) -> &'static KindRow {
        KINDS
            .iter()
            .find(|(kind, ..)| *kind == self)
            .unwrap_or(&KINDS[0])
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_row() {
        // The last one that is declared; a kind without a row would be taken for the first.
        let declared = Kind::EksTargetGroupBinding as usize + 1;
        assert_eq!(Kind::all().count(), declared);
    }

    #[test]
    fn no_two_kinds_have_the_same_label() {
        let labels: BTreeSet<&str> = Kind::all().map(Kind::label).collect();
        assert_eq!(labels.len(), Kind::all().count());
    }

    #[test]
    fn the_group_decides_the_kind_and_the_version_is_shown_as_written() {
        assert_eq!(
            Kind::of("extensions/v1beta1", "Ingress"),
            Some((Kind::Ingress, "extensions/v1beta1"))
        );
        assert_eq!(
            Kind::of("networking.istio.io/v1alpha3", "Gateway"),
            Some((Kind::IstioGateway, "networking.istio.io/v1alpha3"))
        );
        assert_eq!(
            Kind::of("gateway.networking.k8s.io/v9", "Gateway"),
            Some((Kind::Gateway, "gateway.networking.k8s.io/v1"))
        );
        assert_eq!(Kind::of("example.com/v1", "Ingress"), None);
        assert_eq!(Kind::of("v1", "Ingress"), None);
    }
}
