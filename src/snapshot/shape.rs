//! What of each kind a snapshot holds: the fields that a rule or a remedy reads, by their paths. Whatever is not named here
//! stays out.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use l7guard_policy::identity::Kind;
use serde_json::{Map, Value};

/// Fields of a kind's spec, or of the whole object where it has no spec. A list is passed through: its elements are held to
/// the rest of the path. The last field is a scalar or a list of scalars; `*` is a map of scalars.
const INGRESS: &[&str] = &[
    "spec.ingressClassName",
    "spec.tls.hosts",
    "spec.tls.secretName",
    "spec.rules.host",
    "spec.rules.http.paths.path",
    "spec.rules.http.paths.pathType",
    "spec.rules.http.paths.backend.serviceName",
    "spec.rules.http.paths.backend.servicePort",
    "spec.rules.http.paths.backend.service.name",
    "spec.rules.http.paths.backend.service.port.name",
    "spec.rules.http.paths.backend.service.port.number",
    "spec.rules.http.paths.backend.resource.apiGroup",
    "spec.rules.http.paths.backend.resource.kind",
    "spec.rules.http.paths.backend.resource.name",
    "spec.defaultBackend.service.name",
    "spec.defaultBackend.service.port.name",
    "spec.defaultBackend.service.port.number",
    "spec.backend.serviceName",
    "spec.backend.servicePort",
];
const INGRESS_CLASS: &[&str] = &[
    "spec.controller",
    "spec.parameters.apiGroup",
    "spec.parameters.kind",
    "spec.parameters.name",
];
const INGRESS_CLASS_PARAMS: &[&str] = &[
    "spec.group.name",
    "spec.scheme",
    "spec.ipAddressType",
    "spec.inboundCIDRs",
    "spec.inboundCidrs",
    "spec.certificateArn",
    "spec.certificateARNs",
    "spec.subnets.ids",
    "spec.prefixListsIDs",
    "spec.PrefixListsIDs",
    "spec.wafv2AclArn",
    "spec.listeners.port",
    "spec.listeners.protocol",
];
const SERVICE: &[&str] = &[
    "spec.type",
    "spec.clusterIP",
    "spec.externalName",
    "spec.selector.*",
    "spec.loadBalancerClass",
    "spec.loadBalancerSourceRanges",
    "spec.externalTrafficPolicy",
    "spec.healthCheckNodePort",
    "spec.ipFamilyPolicy",
    "spec.ipFamilies",
    "spec.ports.name",
    "spec.ports.port",
    "spec.ports.targetPort",
    "spec.ports.nodePort",
    "spec.ports.protocol",
    "spec.ports.appProtocol",
];
const GATEWAY_CLASS: &[&str] = &[
    "spec.controllerName",
    "spec.parametersRef.group",
    "spec.parametersRef.kind",
    "spec.parametersRef.namespace",
    "spec.parametersRef.name",
];
const GATEWAY: &[&str] = &[
    "spec.gatewayClassName",
    "spec.addresses.type",
    "spec.addresses.value",
    "spec.infrastructure.parametersRef.group",
    "spec.infrastructure.parametersRef.kind",
    "spec.infrastructure.parametersRef.namespace",
    "spec.infrastructure.parametersRef.name",
    "spec.parentRef.group",
    "spec.parentRef.kind",
    "spec.parentRef.namespace",
    "spec.parentRef.name",
    "spec.listeners.name",
    "spec.listeners.hostname",
    "spec.listeners.port",
    "spec.listeners.protocol",
    "spec.listeners.tls.mode",
    "spec.listeners.tls.certificateRefs.group",
    "spec.listeners.tls.certificateRefs.kind",
    "spec.listeners.tls.certificateRefs.namespace",
    "spec.listeners.tls.certificateRefs.name",
];
const ROUTE: &[&str] = &[
    "spec.hostnames",
    "spec.parentRefs.group",
    "spec.parentRefs.kind",
    "spec.parentRefs.namespace",
    "spec.parentRefs.name",
    "spec.parentRefs.sectionName",
    "spec.parentRefs.port",
    "spec.rules.name",
    "spec.rules.filters.type",
    "spec.rules.filters.requestRedirect.scheme",
    "spec.rules.filters.requestRedirect.hostname",
    "spec.rules.backendRefs.group",
    "spec.rules.backendRefs.kind",
    "spec.rules.backendRefs.namespace",
    "spec.rules.backendRefs.name",
    "spec.rules.backendRefs.port",
    "spec.rules.backendRefs.weight",
];
const TARGET_GROUP_BINDING: &[&str] = &[
    "spec.targetGroupARN",
    "spec.targetGroupName",
    "spec.targetGroupProtocol",
    "spec.targetType",
    "spec.serviceRef.name",
    "spec.serviceRef.port",
];
const ENDPOINTS: &[&str] = &[
    "endpoints.targetRef.kind",
    "endpoints.targetRef.namespace",
    "endpoints.targetRef.name",
];
/// Of a workload. Its Pod template is written by `pod_template`.
const WORKLOAD: &[&str] = &["spec.selector.matchLabels.*"];
const ISTIO_GATEWAY: &[&str] = &["spec.selector.*"];
/// Of a `LoadBalancerConfiguration` of the AWS Load Balancer Controller, which remedies read.
const LOAD_BALANCER_CONFIGURATION: &[&str] = &[
    "spec.scheme",
    "spec.ipAddressType",
    "spec.mergingMode",
    "spec.sourceRanges",
    "spec.securityGroups",
    "spec.securityGroupPrefixes",
    "spec.loadBalancerSubnets.identifier",
    "spec.wafV2.webACL",
];
const METADATA: &[&str] = &[
    "namespace",
    "name",
    "deletionTimestamp",
    "ownerReferences.apiVersion",
    "ownerReferences.kind",
    "ownerReferences.name",
    "ownerReferences.controller",
];

/// Annotations, or what they begin with, whose values are read.
const ANNOTATIONS: &[&str] = &[
    "kubernetes.io/ingress.class",
    "ingressclass.kubernetes.io/is-default-class",
    "alb.ingress.kubernetes.io/actions.",
    "alb.ingress.kubernetes.io/group.name",
    "alb.ingress.kubernetes.io/certificate-arn",
    "alb.ingress.kubernetes.io/listen-ports",
    "alb.ingress.kubernetes.io/scheme",
    "alb.ingress.kubernetes.io/security-groups",
    "alb.ingress.kubernetes.io/security-group-prefix-lists",
    "alb.ingress.kubernetes.io/inbound-cidrs",
    "alb.ingress.kubernetes.io/subnets",
    "alb.ingress.kubernetes.io/ip-address-type",
    "alb.ingress.kubernetes.io/manage-backend-security-group-rules",
    "alb.ingress.kubernetes.io/wafv2-acl-arn",
    "alb.ingress.kubernetes.io/wafv2-acl-name",
    "alb.ingress.kubernetes.io/waf-acl-id",
    "alb.ingress.kubernetes.io/web-acl-id",
    "alb.ingress.kubernetes.io/auth-type",
    "alb.ingress.kubernetes.io/shield-advanced-protection",
    "service.beta.kubernetes.io/aws-load-balancer-",
    "service.beta.kubernetes.io/load-balancer-source-ranges",
    "gateway.k8s.aws/",
    "gateway.istio.io/",
    "networking.istio.io/",
    "istio.io/",
    "topology.istio.io/network",
    "maistra.io/gateway",
    "meta.helm.sh/release-",
    "argocd.argoproj.io/tracking-id",
];

/// An annotation of which only counts that it is there: its value may be anything.
const ALB_PREFIX: &str = "alb.ingress.kubernetes.io/";

/// Labels of objects, or what they begin with. Labels of Pods are all kept, as any of them may be selected by.
const LABELS: &[&str] = &[
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "helm.sh/chart",
    "chart",
    "release",
    "heritage",
    "istio",
    "operator.istio.io/",
    "install.operator.istio.io/",
    "gateway.istio.io/",
    "gateway.networking.k8s.io/gateway-name",
    "gateway-name",
    "gateway-type",
    "experimental.istio.io/disable-gateway-port-translation",
    "topology.istio.io/network",
    "maistra.io/gateway",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/name",
    "helm.toolkit.fluxcd.io/name",
    "kubernetes.io/service-name",
    "endpointslice.kubernetes.io/managed-by",
    "ingress.k8s.aws/",
    "service.k8s.aws/",
    "gateway.k8s.aws.alb/",
    "gateway.k8s.aws.nlb/",
];

/// Fields that are kept, as a tree.
#[derive(Debug, Default)]
struct Fields(BTreeMap<&'static str, Fields>);

static SHAPES: LazyLock<BTreeMap<Kind, Fields>> = LazyLock::new(|| {
    let shapes = Kind::all().map(|kind| (kind, Fields::of(paths(kind))));
    shapes.collect()
});
static OTHERS: LazyLock<Fields> = LazyLock::new(|| Fields::of(LOAD_BALANCER_CONFIGURATION));
static OF_METADATA: LazyLock<Fields> = LazyLock::new(|| Fields::of(METADATA));

fn paths(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Ingress => INGRESS,
        Kind::IngressClass => INGRESS_CLASS,
        Kind::IngressClassParams | Kind::EksIngressClassParams => INGRESS_CLASS_PARAMS,
        Kind::Service => SERVICE,
        Kind::GatewayClass => GATEWAY_CLASS,
        Kind::Gateway | Kind::ListenerSet | Kind::XListenerSet => GATEWAY,
        Kind::HttpRoute | Kind::GrpcRoute | Kind::TcpRoute | Kind::TlsRoute => ROUTE,
        Kind::TargetGroupBinding | Kind::EksTargetGroupBinding => TARGET_GROUP_BINDING,
        Kind::EndpointSlice => ENDPOINTS,
        Kind::IstioGateway => ISTIO_GATEWAY,
        Kind::Deployment
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ReplicaSet
        | Kind::Rollout => WORKLOAD,
        // Pods have what their containers show; the others are in no snapshot, or have metadata alone.
        Kind::Pod | Kind::Namespace | Kind::Endpoints | Kind::IstioOperator => &[],
    }
}

/// What is kept of an object beside its metadata; of a kind that no rule reads what remedies do.
pub(super) fn body(kind: Option<Kind>, object: &Value) -> Map<String, Value> {
    let fields = kind.map_or(Some(&*OTHERS), |kind| SHAPES.get(&kind));
    match fields.and_then(|fields| fields.kept(object)) {
        Some(Value::Object(kept)) => kept,
        _ => Map::new(),
    }
}

/// What is kept of an object's metadata.
pub(super) fn metadata(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut kept = match OF_METADATA.kept(metadata) {
        Some(Value::Object(kept)) => kept,
        _ => Map::new(),
    };
    for (field, marks) in [
        ("labels", chosen(&metadata["labels"], label)),
        ("annotations", chosen(&metadata["annotations"], annotation)),
    ] {
        if !marks.is_empty() {
            kept.insert(field.to_owned(), marks.into());
        }
    }
    kept.into()
}

/// The annotations of a map that are kept.
pub(super) fn annotations(of: &Value) -> Map<String, Value> {
    chosen(of, annotation)
}

fn chosen(marks: &Value, choose: fn(&str, &str) -> Option<String>) -> Map<String, Value> {
    let marks = marks.as_object().into_iter().flatten();
    marks
        .filter_map(|(key, value)| Some((key.clone(), choose(key, value.as_str()?)?.into())))
        .collect()
}

fn annotation(key: &str, value: &str) -> Option<String> {
    if ANNOTATIONS.iter().any(|prefix| key.starts_with(prefix)) {
        Some(value.to_owned())
    } else {
        key.starts_with(ALB_PREFIX).then(String::new)
    }
}

fn label(key: &str, value: &str) -> Option<String> {
    let is_read = LABELS.iter().any(|prefix| key.starts_with(prefix));
    is_read.then(|| value.to_owned())
}

impl Fields {
    fn of(paths: &[&'static str]) -> Self {
        let mut fields = Self::default();
        for path in paths {
            let mut place = &mut fields;
            for field in path.split('.') {
                place = place.0.entry(field).or_default();
            }
        }
        fields
    }

    /// What is kept of a value; `None`: nothing.
    fn kept(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Array(elements) => {
                // Their places count.
                let kept = elements
                    .iter()
                    .map(|element| self.kept(element).unwrap_or(Value::Null));
                Some(kept.collect())
            }
            Value::Object(map) if self.0.contains_key("*") => {
                let scalars = map.iter().filter(|(_, value)| is_scalar(value));
                let kept = scalars.map(|(key, value)| (key.clone(), value.clone()));
                Some(Value::Object(kept.collect()))
            }
            Value::Object(map) if !self.0.is_empty() => {
                let kept = self.0.iter().filter_map(|(field, fields)| {
                    let kept = fields.kept(map.get(*field)?)?;
                    Some(((*field).to_owned(), kept))
                });
                Some(Value::Object(kept.collect()))
            }
            Value::Object(_) => None,
            scalar => self.0.is_empty().then(|| scalar.clone()),
        }
    }
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}
