//! Random worlds over small pools of names, labels and classes, so that objects meet, nearly meet and collide.

mod aws;
mod configuration;
mod gateway_api;
mod history;
mod ingresses;
mod installations;
mod placeholders;
mod pools;
mod services;
mod workloads;

use std::fmt;

use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::objects::{Naming, Object, Source, read};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

pub(crate) use configuration::{Setting, setting};
pub(crate) use history::{History, Step, histories};
pub(crate) use placeholders::files;

/// 0 to 40 objects, no two of one key.
pub(crate) fn world() -> impl Strategy<Value = Manifests> {
    let piece = prop_oneof![
        4 => object().prop_map(|object| vec![object]),
        1 => installations::installation(),
    ];
    let pieces = prop::collection::vec(piece, 0..34);
    (pieces, prop::bool::weighted(0.4)).prop_map(|(pieces, is_crowded)| {
        let mut objects: Vec<Value> = Vec::new();
        for mut object in pieces.into_iter().flatten() {
            if is_crowded {
                crowd(&mut object);
            }
            if objects.len() < 40 && objects.iter().all(|known| key(known) != key(&object)) {
                objects.push(object);
            }
        }
        Manifests(objects)
    })
}

/// Moves an object into the one namespace of a crowded world, where more of them meet.
fn crowd(object: &mut Value) {
    let is_namespace = |key: &str| key == "namespace" || key.ends_with("/stack-namespace");
    for part in ["/metadata", "/metadata/labels"] {
        let fields = object.pointer_mut(part).and_then(Value::as_object_mut);
        for (_, value) in fields
            .into_iter()
            .flatten()
            .filter(|(key, _)| is_namespace(key))
        {
            if value.is_string() {
                *value = Value::from("istio-system");
            }
        }
    }
}

/// One object of any kind.
pub(crate) fn object() -> BoxedStrategy<Value> {
    prop_oneof![
        10 => of_kind(Kind::Ingress),
        4 => of_kind(Kind::IngressClass),
        1 => of_kind(Kind::IngressClassParams),
        1 => of_kind(Kind::EksIngressClassParams),
        14 => of_kind(Kind::Service),
        2 => of_kind(Kind::Namespace),
        6 => of_kind(Kind::Deployment),
        1 => of_kind(Kind::StatefulSet),
        1 => of_kind(Kind::DaemonSet),
        1 => of_kind(Kind::ReplicaSet),
        1 => of_kind(Kind::Rollout),
        4 => of_kind(Kind::Pod),
        4 => of_kind(Kind::EndpointSlice),
        1 => of_kind(Kind::Endpoints),
        2 => of_kind(Kind::IstioGateway),
        1 => of_kind(Kind::IstioOperator),
        3 => of_kind(Kind::GatewayClass),
        5 => of_kind(Kind::Gateway),
        2 => of_kind(Kind::ListenerSet),
        1 => of_kind(Kind::XListenerSet),
        6 => of_kind(Kind::HttpRoute),
        3 => of_kind(Kind::GrpcRoute),
        2 => of_kind(Kind::TcpRoute),
        2 => of_kind(Kind::TlsRoute),
        7 => of_kind(Kind::TargetGroupBinding),
        2 => of_kind(Kind::EksTargetGroupBinding),
    ]
    .boxed()
}

/// One object of a kind.
pub(crate) fn of_kind(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Ingress => ingresses::ingress(),
        Kind::IngressClass => ingresses::ingress_class(),
        Kind::IngressClassParams | Kind::EksIngressClassParams => ingresses::params(kind),
        Kind::Service => services::service(),
        Kind::Namespace => workloads::namespace_object(),
        Kind::EndpointSlice => services::endpoint_slice(),
        Kind::Endpoints => services::endpoints(),
        Kind::IstioGateway => services::istio_gateway(),
        Kind::IstioOperator => services::istio_operator(),
        Kind::GatewayClass => gateway_api::class(),
        Kind::Gateway => gateway_api::gateway(),
        Kind::ListenerSet | Kind::XListenerSet => gateway_api::listener_set(kind),
        Kind::HttpRoute | Kind::GrpcRoute => gateway_api::route(kind),
        Kind::TcpRoute | Kind::TlsRoute => gateway_api::stream_route(kind),
        Kind::TargetGroupBinding | Kind::EksTargetGroupBinding => aws::binding(kind),
        Kind::Deployment
        | Kind::DaemonSet
        | Kind::StatefulSet
        | Kind::ReplicaSet
        | Kind::Rollout
        | Kind::Pod => workloads::workload(kind),
    }
}

/// An object before and after an update: mostly of one that a world knows, which then is the one or the other.
pub(crate) fn update(world: &[Value]) -> BoxedStrategy<(Manifest, Manifest)> {
    let stranger = object();
    let known = if world.is_empty() {
        object()
    } else {
        prop::sample::select(world.to_vec()).boxed()
    };
    let stays = || prop::collection::vec(prop::bool::weighted(0.6), 12);
    prop_oneof![1 => stranger, 3 => known]
        .prop_flat_map(move |one| {
            let kind = key(&one).kind;
            (Just(one), of_kind(kind), stays(), any::<bool>())
        })
        .prop_map(|(one, other, stays, is_old)| {
            let other = blended(&one, renamed(other, &one), stays);
            let (old, new) = if is_old { (one, other) } else { (other, one) };
            (Manifest(old), Manifest(new))
        })
        .boxed()
}

/// Another version in which some fields stayed as they were.
fn blended(one: &Value, mut other: Value, stays: Vec<bool>) -> Value {
    let mut stays = stays.into_iter();
    for part in ["/metadata", "/spec"] {
        let fields = other.pointer_mut(part).and_then(Value::as_object_mut);
        let Some((fields, old)) = fields.zip(one.pointer(part)) else {
            continue;
        };
        for (field, value) in fields {
            if stays.next().unwrap_or_default() {
                *value = old.get(field).cloned().unwrap_or_default();
            }
        }
    }
    other
}

/// The object under the name and namespace of another.
pub(crate) fn renamed(mut object: Value, like: &Value) -> Value {
    for field in ["namespace", "name"] {
        object["metadata"][field] = like["metadata"][field].clone();
    }
    object
}

/// The key of a generated object.
pub(crate) fn key(object: &Value) -> ObjectKey {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let (kind, _) = Kind::of(text("/apiVersion"), text("/kind")).expect("a kind of the policy");
    let namespace = match text("/metadata/namespace") {
        "" if kind.is_namespaced() => "default",
        namespace => namespace,
    };
    ObjectKey::new(kind, namespace, text("/metadata/name"))
}

/// The policy's view of a generated object; `None` where it has none (a slice without Service, say).
pub(crate) fn view(object: &Value) -> Option<Object> {
    let naming = Naming {
        api_version: object["apiVersion"].as_str().unwrap_or_default(),
        kind: object["kind"].as_str().unwrap_or_default(),
        default_namespace: "default",
        default_name: "",
    };
    read(naming, Source::Value(object)).expect("generated objects are well formed")
}

/// The parts of an object before they are put together.
#[derive(Clone, Debug, Default)]
struct Metadata {
    namespace: Option<&'static str>,
    name: String,
    labels: Map<String, Value>,
    annotations: Map<String, Value>,
}

impl Metadata {
    fn new(namespace: Option<&'static str>, name: &str) -> Self {
        Self {
            namespace,
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn label(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        self.labels
            .extend(value.map(|value| (key.to_owned(), value.into())));
        self
    }

    fn annotation(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        self.annotations
            .extend(value.map(|value| (key.to_owned(), value.into())));
        self
    }

    /// The whole object of a kind. `rest` holds the fields beside the metadata.
    fn object(self, kind: Kind, rest: Value) -> Value {
        let mut object = json!({
            "apiVersion": kind.api_version(),
            "kind": kind.name(),
            "metadata": {
                "namespace": self.namespace,
                "name": self.name,
                "labels": self.labels,
                "annotations": self.annotations,
            },
        });
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
            object.extend(rest);
        }
        object
    }
}

/// `null` where there is nothing, which is read as absent.
fn some<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Null, Into::into)
}

/// A manifest that is shown as JSON.
#[derive(Clone)]
pub(crate) struct Manifest(pub(crate) Value);

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Manifests that are shown one a line, ready to be pasted.
#[derive(Clone)]
pub(crate) struct Manifests(pub(crate) Vec<Value>);

impl fmt::Debug for Manifests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|object| write!(f, "\n{object}"))
    }
}
