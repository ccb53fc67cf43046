//! Objects of the trials, and the hand that writes them.

use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Error};
use libtest_mimic::Failed;
use serde_json::{Value, json};

/// Writes objects as administrator.
#[derive(Clone)]
pub(crate) struct Hand {
    client: Client,
}

/// One write.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Create(Value),
    /// A merge patch of an object that stands.
    Patch(Value),
    Delete(Value),
}

/// What came of a write.
#[derive(Debug)]
pub(crate) enum Written {
    Accepted,
    /// l7guard refused it, with this message.
    Refused(String),
    /// Something failed, which is no verdict.
    Failed(String),
}

impl Written {
    pub(crate) fn accepted(self) -> Result<(), Failed> {
        match self {
            Self::Accepted => Ok(()),
            other => Err(format!("not accepted: {other:?}").into()),
        }
    }

    pub(crate) fn refused(self) -> Result<String, Failed> {
        match self {
            Self::Refused(message) => Ok(message),
            other => Err(format!("not refused: {other:?}").into()),
        }
    }
}

impl Hand {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    pub(crate) async fn create(&self, object: &Value) -> Result<Written, Failed> {
        self.write(&Write::Create(object.clone())).await
    }

    pub(crate) async fn write(&self, write: &Write) -> Result<Written, Failed> {
        let (Write::Create(object) | Write::Patch(object) | Write::Delete(object)) = write;
        let api = self.api(object);
        let name = object["metadata"]["name"].as_str().ok_or("no name")?;
        let done = match write {
            Write::Create(_) => {
                let object: DynamicObject = serde_json::from_value(object.clone())?;
                api.create(&PostParams::default(), &object).await.map(drop)
            }
            Write::Patch(_) => {
                let patch = Patch::Merge(object);
                api.patch(name, &PatchParams::default(), &patch)
                    .await
                    .map(drop)
            }
            Write::Delete(_) => api
                .delete(name, &kube::api::DeleteParams::default())
                .await
                .map(drop),
        };
        Ok(match done {
            Ok(()) => Written::Accepted,
            Err(Error::Api(status)) if status.message.contains("denied the request") => {
                Written::Refused(status.message)
            }
            Err(error) => Written::Failed(error.to_string()),
        })
    }

    fn api(&self, object: &Value) -> Api<DynamicObject> {
        let text = |field: &str| object[field].as_str().unwrap_or_default();
        let (group, version) = text("apiVersion")
            .split_once('/')
            .unwrap_or(("", text("apiVersion")));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, text("kind")));
        let client = self.client.clone();
        match object["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        }
    }
}

pub(crate) fn object(
    version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
    spec: &Value,
) -> Value {
    json!({
        "apiVersion": version, "kind": kind,
        "metadata": {"namespace": namespace, "name": name},
        "spec": spec,
    })
}

pub(crate) fn in_cluster(version: &str, kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

pub(crate) fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

/// A Deployment of routers (an Istio gateway), or of something else.
pub(crate) fn deployment(namespace: &str, app: &str, is_gateway: bool) -> Value {
    let spec = json!({
        "selector": {"matchLabels": {"app": app}},
        "template": pod_template(app, is_gateway),
    });
    object("apps/v1", "Deployment", namespace, app, &spec)
}

/// A workload of another kind than Deployment.
pub(crate) fn workload(kind: &str, namespace: &str, app: &str, is_gateway: bool) -> Value {
    let mut workload = deployment(namespace, app, is_gateway);
    workload["kind"] = json!(kind);
    if kind == "StatefulSet" {
        workload["spec"]["serviceName"] = json!(app);
    }
    workload
}

/// A Pod that nothing made.
/// An application by its looks, whose label names a Gateway: that one's class decides whether it is a gateway.
pub(crate) fn made_for(namespace: &str, app: &str, gateway: &str) -> Value {
    let mut made = deployment(namespace, app, false);
    made["spec"]["template"]["metadata"]["labels"]["gateway.networking.k8s.io/gateway-name"] =
        json!(gateway);
    made
}

/// A gateway behind Service `front`, and a class of ALBs: all that an Ingress or a binding needs to complete a path.
pub(crate) fn gateway_behind_front(at: &str) -> [Value; 3] {
    [
        deployment(at, "edge", true),
        ingress_class(at, ALB),
        service(at, "front", "edge"),
    ]
}

pub(crate) fn pod(namespace: &str, app: &str, is_gateway: bool) -> Value {
    let mut pod = pod_template(app, is_gateway);
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["metadata"]["namespace"] = json!(namespace);
    pod["metadata"]["name"] = json!(app);
    pod
}

fn pod_template(app: &str, is_gateway: bool) -> Value {
    let args = if is_gateway {
        json!(["proxy", "router"])
    } else {
        json!(["--port=80"])
    };
    json!({
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": "registry.example/main:1", "args": args}]},
    })
}

pub(crate) fn service(namespace: &str, name: &str, app: &str) -> Value {
    object(
        "v1",
        "Service",
        namespace,
        name,
        &json!({"selector": {"app": app}, "ports": [{"port": 80}]}),
    )
}

pub(crate) fn service_by_hand(namespace: &str, name: &str) -> Value {
    object(
        "v1",
        "Service",
        namespace,
        name,
        &json!({"ports": [{"port": 80}]}),
    )
}

/// A Service that stands for a Service of the same namespace.
pub(crate) fn alias(namespace: &str, name: &str, of: &str) -> Value {
    external_name(
        namespace,
        name,
        &format!("{of}.{namespace}.svc.cluster.local"),
    )
}

pub(crate) fn external_name(namespace: &str, name: &str, host: &str) -> Value {
    object(
        "v1",
        "Service",
        namespace,
        name,
        &json!({"type": "ExternalName", "externalName": host}),
    )
}

/// A Service that asks for an ALB by annotation, which no controller honours.
pub(crate) fn service_for_alb(namespace: &str, name: &str, app: &str) -> Value {
    let mut service = service(namespace, name, app);
    service["spec"]["type"] = json!("LoadBalancer");
    service["metadata"]["annotations"] =
        json!({"service.beta.kubernetes.io/aws-load-balancer-type": "alb"});
    service
}

/// An EndpointSlice that leads a Service to a Pod.
pub(crate) fn slice(namespace: &str, service: &str, pod: &str) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"namespace": namespace, "name": service, "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.2.3"], "targetRef": {"kind": "Pod", "name": pod, "namespace": namespace}}],
        "ports": [{"port": 80}],
    })
}

pub(crate) fn ingress(namespace: &str, name: &str, class: Option<&str>, service: &str) -> Value {
    let mut spec =
        json!({"defaultBackend": {"service": {"name": service, "port": {"number": 80}}}});
    if let Some(class) = class {
        spec["ingressClassName"] = json!(class);
    }
    object("networking.k8s.io/v1", "Ingress", namespace, name, &spec)
}

/// An Ingress whose backend is an action of its annotations.
pub(crate) fn ingress_by_action(namespace: &str, name: &str, class: &str, action: &Value) -> Value {
    let mut ingress = ingress(namespace, name, Some(class), "forward");
    ingress["spec"]["defaultBackend"]["service"]["port"] = json!({"name": "use-annotation"});
    ingress["metadata"]["annotations"] =
        json!({"alb.ingress.kubernetes.io/actions.forward": action.to_string()});
    ingress
}

pub(crate) fn forward_to_service(service: &str) -> Value {
    json!({"type": "forward", "forwardConfig": {"targetGroups": [
        {"serviceName": service, "servicePort": "80", "weight": 1},
    ]}})
}

pub(crate) fn forward_to_target_group(arn: &str) -> Value {
    json!({"type": "forward", "targetGroupARN": arn})
}

pub(crate) fn ingress_class(name: &str, controller: &str) -> Value {
    in_cluster(
        "networking.k8s.io/v1",
        "IngressClass",
        name,
        &json!({"controller": controller}),
    )
}

pub(crate) const ALB: &str = "ingress.k8s.aws/alb";
pub(crate) const NGINX: &str = "k8s.io/ingress-nginx";
pub(crate) const ALB_GATEWAY: &str = "gateway.k8s.aws/alb";

pub(crate) const ISTIO_GATEWAY: &str = "istio.io/gateway-controller";

pub(crate) fn gateway_class(name: &str) -> Value {
    gateway_class_of(name, ALB_GATEWAY)
}

pub(crate) fn gateway_class_of(name: &str, controller: &str) -> Value {
    let spec = json!({"controllerName": controller});
    in_cluster("gateway.networking.k8s.io/v1", "GatewayClass", name, &spec)
}

pub(crate) fn gateway(namespace: &str, name: &str, class: &str) -> Value {
    let spec = json!({
        "gatewayClassName": class,
        "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
    });
    object(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        namespace,
        name,
        &spec,
    )
}

pub(crate) fn route(namespace: &str, name: &str, gateway: &str, service: &str) -> Value {
    let spec = json!({
        "parentRefs": [{"name": gateway}],
        "rules": [{"backendRefs": [{"name": service, "port": 80}]}],
    });
    object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        namespace,
        name,
        &spec,
    )
}

/// A route whose parent is a ListenerSet.
pub(crate) fn route_by_listener_set(
    namespace: &str,
    name: &str,
    set: &str,
    service: &str,
) -> Value {
    let mut route = route(namespace, name, set, service);
    route["spec"]["parentRefs"] =
        json!([{"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "name": set}]);
    route
}

pub(crate) fn listener_set(namespace: &str, name: &str, gateway: &str) -> Value {
    let spec = json!({
        "parentRef": {"name": gateway},
        "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}],
    });
    object(
        "gateway.networking.k8s.io/v1",
        "ListenerSet",
        namespace,
        name,
        &spec,
    )
}

/// A Gateway of Istio's own API, which programs the Pods of an app.
pub(crate) fn istio_gateway(namespace: &str, name: &str, app: &str) -> Value {
    let spec = json!({
        "selector": {"app": app},
        "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}],
    });
    object("networking.istio.io/v1", "Gateway", namespace, name, &spec)
}

/// The target group that [`binding`] binds.
const TARGET_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef";

/// A target group of a trial's own, as fronts of other trials may name theirs.
pub(crate) fn target_group(at: &str) -> String {
    TARGET_GROUP.replace("/web/", &format!("/{at}/"))
}

/// A binding that does not say whose target group it binds.
pub(crate) fn binding_without_protocol(namespace: &str, name: &str, arn: &str) -> Value {
    let mut binding = binding(namespace, name, "front");
    binding["spec"]["targetGroupARN"] = json!(arn);
    if let Some(spec) = binding["spec"].as_object_mut() {
        spec.remove("targetGroupProtocol");
    }
    binding
}

pub(crate) fn binding(namespace: &str, name: &str, service: &str) -> Value {
    let spec = json!({
        "targetGroupARN": TARGET_GROUP,
        "targetGroupProtocol": "HTTP",
        "serviceRef": {"name": service, "port": 80},
    });
    object(
        "elbv2.k8s.aws/v1beta1",
        "TargetGroupBinding",
        namespace,
        name,
        &spec,
    )
}
