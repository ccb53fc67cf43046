//! The objects of the worlds, and the reviews that are sent, of the size that they have in clusters.

use serde_json::{Value, json};

/// Namespaces grow with the cluster; what is in one does not.
const OBJECTS_PER_NAMESPACE: usize = 50;
/// A Service, a Deployment and an Ingress for each, beside those of the gateway.
const APPLICATIONS_PER_NAMESPACE: usize = (OBJECTS_PER_NAMESPACE - 2) / 3;

/// A world of about so many objects; none at all for 0. Each namespace has a gateway that only an NLB leads to, and
/// applications that an ALB or nginx leads to.
pub(crate) fn world(size: usize) -> impl Iterator<Item = Value> {
    let classes = [
        ingress_class("alb", "ingress.k8s.aws/alb"),
        ingress_class("nginx", "k8s.io/ingress-nginx"),
    ];
    let classes = classes.into_iter().take(if size == 0 { 0 } else { 2 });
    let namespaces =
        (0..size.div_ceil(OBJECTS_PER_NAMESPACE)).map(|number| format!("team-{number}"));
    classes.chain(namespaces.flat_map(|namespace| objects_of(&namespace)))
}

fn objects_of(namespace: &str) -> Vec<Value> {
    let mut objects = vec![
        service(namespace, "gateway"),
        deployment(namespace, "gateway", true),
    ];
    for application in 0..APPLICATIONS_PER_NAMESPACE {
        let name = format!("app-{application}");
        objects.push(service(namespace, &name));
        objects.push(deployment(namespace, &name, false));
        objects.push(ingress(namespace, "alb", &name, "/"));
    }
    objects
}

/// A review and what has to come of it.
pub(crate) struct Review {
    pub(crate) name: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) is_allowed: bool,
}

impl Review {
    /// The backend of an ALB Ingress to an application gets another path.
    pub(crate) fn ordinary() -> Self {
        Self {
            name: "ALB to an application, changed",
            body: update("alb", ("app-0", "/"), ("app-0", "/shop")),
            is_allowed: true,
        }
    }

    /// An ALB Ingress is turned to the gateway.
    pub(crate) fn refused() -> Self {
        Self {
            name: "ALB turned to the gateway, refused",
            body: update("alb", ("app-0", "/"), ("gateway", "/")),
            is_allowed: false,
        }
    }

    /// An ALB Ingress of which nothing changes that a rule reads: what most writes of controllers are.
    pub(crate) fn unchanged() -> Self {
        Self {
            name: "ALB to an application, facts unchanged",
            body: update("alb", ("app-0", "/"), ("app-0", "/")),
            is_allowed: true,
        }
    }

    /// An Ingress of another controller to an application: neither end of a path is in sight.
    pub(crate) fn of_nginx() -> Self {
        Self {
            name: "nginx to an application, changed",
            body: update("nginx", ("app-0", "/"), ("app-0", "/shop")),
            is_allowed: true,
        }
    }
}

/// The UPDATE review of an Ingress of a class whose first path led to (service, path), and now leads to another.
fn update(class: &str, before: (&str, &str), after: (&str, &str)) -> Vec<u8> {
    let object = |(service, path), generation| {
        let mut ingress = ingress("team-0", class, service, path);
        ingress["metadata"]["name"] = json!("web");
        as_stored(&mut ingress, generation);
        ingress
    };
    let gvk = json!({"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"});
    let gvr = json!({"group": "networking.k8s.io", "version": "v1", "resource": "ingresses"});
    let request = [
        ("uid", json!("705ab4f5-6393-11e8-b7cc-42010a800002")),
        ("kind", gvk.clone()),
        ("resource", gvr.clone()),
        ("requestKind", gvk),
        ("requestResource", gvr),
        ("name", json!("web")),
        ("namespace", json!("team-0")),
        ("operation", json!("UPDATE")),
        (
            "userInfo",
            json!({
                "username": "system:serviceaccount:argocd:argocd-application-controller",
                "uid": "d8b9c8a3-3c1c-4f5e-9f0e-6f1d0c1f7a11",
                "groups": ["system:serviceaccounts", "system:serviceaccounts:argocd", "system:authenticated"],
                "extra": {"authentication.kubernetes.io/pod-name": ["argocd-application-controller-0"]},
            }),
        ),
        ("object", object(after, 8)),
        ("oldObject", object(before, 7)),
        ("dryRun", json!(false)),
        (
            "options",
            json!({
                "kind": "UpdateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "argocd-controller",
            }),
        ),
    ];
    // Fields in the order of an API server, which `json!` would sort.
    let fields = request.map(|(name, value)| format!("{}:{value}", json!(name)));
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{{}}}}}"#,
        fields.join(",")
    )
    .into_bytes()
}

/// What an API server adds to an Ingress.
fn as_stored(ingress: &mut Value, generation: u32) {
    let fields = |object: &Value| {
        json!({
            "f:metadata": {"f:annotations": object["metadata"]["annotations"].as_object().map(|annotations| {
                annotations.keys().map(|key| (format!("f:{key}"), json!({}))).collect::<serde_json::Map<_, _>>()
            })},
            "f:spec": {"f:ingressClassName": {}, "f:rules": {}, "f:tls": {}},
        })
    };
    let managed = json!([
        {
            "manager": "argocd-controller", "operation": "Update", "apiVersion": "networking.k8s.io/v1",
            "time": format!("2026-05-04T10:15:{generation:02}Z"), "fieldsType": "FieldsV1", "fieldsV1": fields(ingress),
        },
        {
            "manager": "controller", "operation": "Update", "apiVersion": "networking.k8s.io/v1", "subresource": "status",
            "time": "2026-05-04T10:15:16Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:finalizers": {".": {}, "v:\"ingress.k8s.aws/resources\"": {}}},
                "f:status": {"f:loadBalancer": {"f:ingress": {}}}},
        },
    ]);
    let metadata = &mut ingress["metadata"];
    metadata["uid"] = json!("6a0f5c0e-1d0c-4b57-9a05-6b9d9b3b5a6e");
    metadata["resourceVersion"] = json!(format!("18273645{generation}"));
    metadata["generation"] = json!(generation);
    metadata["creationTimestamp"] = json!("2026-03-02T08:00:00Z");
    metadata["finalizers"] = json!(["ingress.k8s.aws/resources"]);
    metadata["managedFields"] = managed;
    ingress["status"] = json!({"loadBalancer": {"ingress": [
        {"hostname": "internal-k8s-team0-web-0123456789-987654321.eu-west-1.elb.amazonaws.com"}
    ]}});
}

pub(crate) fn ingress_class(name: &str, controller: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {"name": name}, "spec": {"controller": controller},
    })
}

pub(crate) fn service(namespace: &str, name: &str) -> Value {
    let mut service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(name)},
        "spec": {
            "selector": {"app.kubernetes.io/name": name},
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
    });
    applied(&mut service);
    service
}

pub(crate) fn deployment(namespace: &str, name: &str, is_gateway: bool) -> Value {
    let arguments = if is_gateway {
        json!([
            "proxy",
            "router",
            "--domain",
            "$(POD_NAMESPACE).svc.cluster.local"
        ])
    } else {
        json!(["--listen=:8080", "--log-format=json"])
    };
    let mut deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(name)},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {"metadata": {"labels": labels(name)}, "spec": {"containers": [{
                "name": "main", "image": format!("registry.example.com/{namespace}/{name}:1.4.2"), "args": arguments,
                "ports": [{"name": "http", "containerPort": 8080}],
                "env": [{"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}],
                "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
                "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
            }]}},
        },
    });
    applied(&mut deployment);
    deployment
}

fn labels(name: &str) -> Value {
    json!({
        "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/version": "1.4.2",
        "app.kubernetes.io/managed-by": "Helm",
    })
}

/// An Ingress of the size that is common: five annotations, two hosts, three paths.
pub(crate) fn ingress(namespace: &str, class: &str, service: &str, path: &str) -> Value {
    let backend = json!({"service": {"name": service, "port": {"name": "http"}}});
    let prefix = |path: &str| json!({"path": path, "pathType": "Prefix", "backend": backend});
    let mut ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {
            "name": format!("web-{service}"), "namespace": namespace, "labels": labels(service),
            "annotations": {
                "alb.ingress.kubernetes.io/scheme": "internal",
                "alb.ingress.kubernetes.io/target-type": "ip",
                "alb.ingress.kubernetes.io/listen-ports": "[{\"HTTPS\":443}]",
                "alb.ingress.kubernetes.io/healthcheck-path": "/ready",
                "alb.ingress.kubernetes.io/group.name": "internal",
            },
        },
        "spec": {
            "ingressClassName": class,
            "tls": [{"hosts": ["shop.example.com", "api.example.com"]}],
            "rules": [
                {"host": "shop.example.com", "http": {"paths": [prefix(path), prefix("/static")]}},
                {"host": "api.example.com", "http": {"paths": [prefix("/api")]}},
            ],
        },
    });
    applied(&mut ingress);
    ingress
}

/// `kubectl apply` keeps a copy of the object in the object.
fn applied(object: &mut Value) {
    let copy = object.to_string();
    object["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
        json!(copy);
}
