//! Ingresses of an ALB, as they are met.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Place;
use super::values::{in_cluster, mark, object, one_of};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Field,
    FieldMissing,
    Annotation,
    AutoMode,
    Default,
}

/// What routes where: `g` the gateway, `a` an application; `alias` through an ExternalName.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Routes {
    DefaultBackend,
    Paths(&'static str),
    DefaultAndPaths,
    TwoHosts,
    Alias,
    Action,
    WeightedAction,
    SharedAction,
    ExternalTargetGroup,
    Unreadable,
}

#[derive(Clone, Debug)]
pub(super) struct Ingress {
    class: Class,
    routes: Routes,
    parameters: &'static str,
    annotations: Vec<(&'static str, &'static str)>,
}

const PREFIX: &str = "alb.ingress.kubernetes.io/";
const CERTIFICATE: &str = "arn:aws:acm:eu-west-1:111122223333:certificate/alb";

pub(super) fn ingress() -> BoxedStrategy<Ingress> {
    let class = one_of(&[
        Class::Field,
        Class::FieldMissing,
        Class::Annotation,
        Class::AutoMode,
        Class::Default,
    ]);
    let routes = one_of(&[
        Routes::DefaultBackend,
        Routes::Paths("g"),
        Routes::Paths("ga"),
        Routes::Paths("gagag"),
        Routes::Paths("gg"),
        Routes::DefaultAndPaths,
        Routes::TwoHosts,
        Routes::Alias,
        Routes::Action,
        Routes::WeightedAction,
        Routes::SharedAction,
        Routes::ExternalTargetGroup,
        Routes::ExternalTargetGroup,
        Routes::Unreadable,
    ]);
    let parameters = one_of(&["", "", "internal", "internet-facing", "restricted"]);
    (class, routes, parameters, annotations())
        .prop_map(|(class, routes, parameters, annotations)| Ingress {
            class,
            routes,
            parameters,
            annotations,
        })
        .boxed()
}

/// A name and value, or nothing.
type Annotation = Option<(&'static str, &'static str)>;

fn annotations() -> BoxedStrategy<Vec<(&'static str, &'static str)>> {
    let choice = |values: &[Annotation]| one_of(values);
    let scheme = choice(&[
        None,
        Some(("scheme", "internal")),
        Some(("scheme", "internet-facing")),
    ]);
    let ranges = choice(&[
        None,
        None,
        Some(("inbound-cidrs", "10.1.0.0/16, 192.0.2.0/24")),
    ]);
    let groups = choice(&[None, None, Some(("security-groups", "sg-alb"))]);
    let subnets = choice(&[None, None, Some(("subnets", "subnet-1, subnet-2"))]);
    let ports = choice(&[
        None,
        None,
        Some(("listen-ports", r#"[{"HTTP": 80}, {"HTTPS": 443}]"#)),
        Some(("listen-ports", r#"[{"HTTPS": 443}]"#)),
        Some(("listen-ports", r#"[{"HTTP": 8080}]"#)),
    ]);
    let certificate = choice(&[None, None, Some(("certificate-arn", CERTIFICATE))]);
    let group = choice(&[None, None, Some(("group.name", "shared"))]);
    let target = choice(&[None, Some(("target-type", "ip"))]);
    (
        scheme,
        ranges,
        groups,
        subnets,
        ports,
        certificate,
        group,
        target,
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            [a, b, c, d, e, f, g, h].into_iter().flatten().collect()
        })
        .boxed()
}

impl Ingress {
    /// The group of Ingresses that share its ALB.
    pub(super) fn group(&self) -> Option<&'static str> {
        let mut annotations = self.annotations.iter();
        let group = annotations.find(|(name, _)| *name == "group.name");
        group.map(|(_, value)| *value)
    }

    pub(super) fn objects(&self, place: Place, name: &str, service: &str) -> Vec<Value> {
        let mut objects = Vec::new();
        let (backend, others) = self.gateway(place, name, service);
        let mut ingress = object(
            "networking.k8s.io/v1",
            "Ingress",
            place.namespace,
            name,
            &self.spec(&backend),
        );
        for (name, value) in &self.annotations {
            mark(
                &mut ingress,
                "annotations",
                &[(&format!("{PREFIX}{name}"), value)],
            );
        }
        if let Some(action) = self.action(service) {
            let key = format!("{PREFIX}actions.mesh");
            mark(&mut ingress, "annotations", &[(&key, &action)]);
        }
        let class_name = format!("{name}-class");
        match self.class {
            Class::Field | Class::AutoMode => {
                ingress["spec"]["ingressClassName"] = json!(class_name);
            }
            Class::FieldMissing => ingress["spec"]["ingressClassName"] = json!("alb"),
            Class::Annotation => mark(
                &mut ingress,
                "annotations",
                &[("kubernetes.io/ingress.class", "alb")],
            ),
            Class::Default => {}
        }
        objects.push(ingress);
        objects.extend(self.class(&class_name));
        objects.extend(others);
        objects
    }

    fn class(&self, name: &str) -> Vec<Value> {
        if matches!(self.class, Class::FieldMissing | Class::Annotation) {
            return Vec::new();
        }
        let (controller, group, version) = if self.class == Class::AutoMode {
            (
                "eks.amazonaws.com/alb",
                "eks.amazonaws.com",
                "eks.amazonaws.com/v1",
            )
        } else {
            (
                "ingress.k8s.aws/alb",
                "elbv2.k8s.aws",
                "elbv2.k8s.aws/v1beta1",
            )
        };
        let mut spec = json!({"controller": controller});
        let mut objects = Vec::new();
        if !self.parameters.is_empty() {
            spec["parameters"] =
                json!({"apiGroup": group, "kind": "IngressClassParams", "name": name});
            let parameters = match self.parameters {
                "restricted" => {
                    json!({"inboundCIDRs": ["203.0.113.0/24"], "subnets": {"ids": ["subnet-p"]}})
                }
                scheme => json!({"scheme": scheme}),
            };
            objects.push(in_cluster(version, "IngressClassParams", name, &parameters));
        }
        let mut class = in_cluster("networking.k8s.io/v1", "IngressClass", name, &spec);
        if self.class == Class::Default {
            mark(
                &mut class,
                "annotations",
                &[("ingressclass.kubernetes.io/is-default-class", "true")],
            );
        }
        objects.push(class);
        objects
    }

    /// The backend that leads to the gateway, and what stands between.
    fn gateway(&self, place: Place, name: &str, service: &str) -> (Value, Vec<Value>) {
        match self.routes {
            Routes::Alias => {
                let alias = format!("{name}-alias");
                let host = format!("{service}.{}.svc.cluster.local", place.namespace);
                let spec =
                    json!({"type": "ExternalName", "externalName": host, "ports": [{"port": 80}]});
                let object = object("v1", "Service", place.namespace, &alias, &spec);
                (backend(&alias, &json!({"number": 80})), vec![object])
            }
            Routes::Action
            | Routes::WeightedAction
            | Routes::SharedAction
            | Routes::ExternalTargetGroup
            | Routes::Unreadable => (
                backend("mesh", &json!({"name": "use-annotation"})),
                Vec::new(),
            ),
            _ => (backend(service, &json!({"number": 80})), Vec::new()),
        }
    }

    fn spec(&self, gateway: &Value) -> Value {
        let path = |index: usize, backend: &Value| json!({"path": format!("/{index}"), "pathType": "Prefix", "backend": backend});
        let shop = backend("shop", &json!({"number": 80}));
        match self.routes {
            Routes::DefaultBackend => json!({"defaultBackend": gateway}),
            Routes::Paths(letters) => {
                let paths = letters.chars().enumerate().map(|(index, letter)| {
                    path(index, if letter == 'g' { gateway } else { &shop })
                });
                json!({"rules": [{"http": {"paths": paths.collect::<Vec<_>>()}}]})
            }
            Routes::DefaultAndPaths => {
                json!({"defaultBackend": gateway, "rules": [{"http": {"paths": [path(0, &shop)]}}]})
            }
            Routes::TwoHosts => json!({"rules": [
                {"host": "shop.example.com", "http": {"paths": [path(0, &shop)]}},
                {"host": "mesh.example.com", "http": {"paths": [path(0, gateway)]}},
            ]}),
            Routes::SharedAction => json!({"rules": [
                {"http": {"paths": [path(0, gateway), path(1, &shop)]}},
            ]}),
            _ => json!({"rules": [{"http": {"paths": [path(0, gateway)]}}]}),
        }
    }

    fn action(&self, service: &str) -> Option<String> {
        let group = |name: &str, weight: u32| json!({"serviceName": name, "servicePort": 80, "weight": weight});
        let forward =
            |groups: Value| json!({"type": "forward", "forwardConfig": {"targetGroups": groups}});
        let action = match self.routes {
            Routes::Action => {
                json!({"type": "forward", "forwardConfig": {"targetGroups": [{"serviceName": service, "servicePort": "80"}]}})
            }
            Routes::WeightedAction => forward(json!([group(service, 90), group("shop", 10)])),
            Routes::SharedAction => forward(json!([group("shop", 50), group(service, 50)])),
            Routes::ExternalTargetGroup => json!({
                "type": "forward",
                "targetGroupARN": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/elsewhere/0123456789abcdef",
            }),
            Routes::Unreadable => return Some("{\"type\": \"forward\"".to_owned()),
            _ => return None,
        };
        Some(action.to_string())
    }
}

fn backend(name: &str, port: &Value) -> Value {
    json!({"service": {"name": name, "port": port}})
}
