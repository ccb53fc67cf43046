//! A Gateway of the Gateway API that Istio manages: its Service is written by istiod, so that the Gateway is changed.
//!
//! Source: Istio `pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go`: annotations of the Gateway itself are
//! copied while `spec.infrastructure` has none.

use serde_json::{Map, Value, json};

use super::documents::DocumentKey;
use super::draft::{Draft, Phase};
use super::facing::Facing;
use super::json::{annotation, at, list, list_mut, set, unset};
use super::{network_load_balancer as nlb, way};
use crate::gateways::gateway_class::class_of_gateway;
use crate::identity::{Kind, ObjectKey};
use crate::inventory::IndexKey;

/// The annotation that says which type the Service is to have.
const SERVICE_TYPE: &str = "networking.istio.io/service-type";

/// The Gateway for which istiod makes a Service that is not there.
pub(super) fn of_service(draft: &Draft<'_>, service: &ObjectKey) -> Option<ObjectKey> {
    let named = (service.namespace.clone(), service.name.clone());
    let index = IndexKey::NamesGatewayService(named.clone());
    let gateways = draft.world.find(&index);
    let mut makers = gateways
        .filter(|object| object.key.kind == Kind::Gateway)
        .filter(|object| {
            let class = class_of_gateway(draft.world, &draft.configuration.istio, &object.key);
            class.is_some_and(|class| {
                class
                    .gateway
                    .made_service(&object.key, class.controller)
                    .as_ref()
                    == Some(&named)
            })
        });
    makers.next().map(|object| object.key.clone())
}

/// Lets the Gateway's Service ask for a Network Load Balancer.
///
/// # Errors
///
/// The whole object is not at hand.
pub(super) fn ask(
    draft: &mut Draft<'_>,
    gateway: &ObjectKey,
    service: &ObjectKey,
    facing: &Facing,
) -> Result<(), String> {
    let document = DocumentKey::from(gateway);
    let Some(object) = draft.document(&document) else {
        return Err(format!("the whole object of {gateway} is not at hand"));
    };
    // The Service as far as its load balancer is concerned, to be asked as any other.
    let mut asking = json!({"metadata": {"annotations": infrastructure(&object)}});
    nlb::annotations_alone(&mut asking, facing);
    let annotations = asking["metadata"]["annotations"].clone();
    draft.edit(&document, Phase::Way, |raw| {
        if annotation(raw, SERVICE_TYPE).is_some_and(|kind| kind != "LoadBalancer") {
            set(
                raw,
                &["metadata", "annotations", SERVICE_TYPE],
                "LoadBalancer",
            );
        }
        set(raw, &["spec", "infrastructure", "annotations"], annotations);
    });
    way::describe(draft, &document, facing, Vec::new());
    draft.explain(&document, "istiod writes the Service from the Gateway, so the Gateway is changed. A ConfigMap that its parametersRef names must not set another type.");
    listen(draft, gateway, service, facing)
}

/// Annotations that go onto the Service now: those of the infrastructure, else the Gateway's own that are not about itself.
fn infrastructure(gateway: &Value) -> Value {
    if let Some(annotations) = at(gateway, &["spec", "infrastructure", "annotations"]) {
        return annotations.clone();
    }
    let own = at(gateway, &["metadata", "annotations"]).and_then(Value::as_object);
    let is_copied = |key: &str| {
        ![
            "kubectl.kubernetes.io/",
            "gateway.networking.k8s.io/",
            "argocd.argoproj.io/",
            "gateway.istio.io/",
            SERVICE_TYPE,
        ]
        .iter()
        .any(|prefix| key.starts_with(prefix))
    };
    let copied: Map<String, Value> = own
        .into_iter()
        .flatten()
        .filter(|(key, _)| is_copied(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Value::Object(copied)
}

/// Adds the listeners that are missing, and drafts the Service that istiod then writes.
///
/// # Errors
///
/// The whole object is not at hand.
pub(super) fn listen(
    draft: &mut Draft<'_>,
    gateway: &ObjectKey,
    service: &ObjectKey,
    facing: &Facing,
) -> Result<(), String> {
    let document = DocumentKey::from(gateway);
    let mut passes_tls = false;
    let is_there = draft.edit(&document, Phase::Way, |raw| {
        let Some(listeners) = list_mut(raw, &["spec", "listeners"]) else {
            return;
        };
        for listener in &facing.listeners {
            let is_tls = listener.is_tls || listener.port == 443;
            let known = listeners
                .iter_mut()
                .find(|known| known["port"] == listener.port);
            match known {
                Some(known) if is_tls && known["protocol"] == "HTTP" => {
                    known["protocol"] = "TLS".into();
                    known["tls"] = json!({"mode": "Passthrough"});
                    passes_tls = true;
                }
                Some(_) => {}
                None if is_tls => {
                    let name = format!("tls-{}", listener.port);
                    listeners.push(json!({"name": name, "port": listener.port, "protocol": "TLS", "tls": {"mode": "Passthrough"}}));
                    passes_tls = true;
                }
                None => {
                    let name = format!("http-{}", listener.port);
                    listeners.push(json!({"name": name, "port": listener.port, "protocol": "HTTP"}));
                }
            }
        }
    });
    if !is_there {
        return Err(format!("the whole object of {gateway} is not at hand"));
    }
    draft.explain(
        &document,
        "The Gateway has a listener for every port that the front had.",
    );
    if passes_tls {
        draft.explain(&document, "TLS passes through so far: once the certificate is in a Secret, the listener becomes HTTPS with that Secret in tls.certificateRefs.");
    }
    effect(draft, gateway, service);
    Ok(())
}

/// The Service as istiod writes it from the Gateway's draft.
fn effect(draft: &mut Draft<'_>, gateway: &ObjectKey, service: &ObjectKey) {
    let document = DocumentKey::from(service);
    let Some(object) = draft.document(&gateway.into()) else {
        return;
    };
    let annotations = infrastructure(&object);
    let mut ports =
        vec![json!({"name": "status-port", "port": 15021, "targetPort": 15021, "protocol": "TCP"})];
    for listener in list(&object, &["spec", "listeners"]) {
        if ports.iter().all(|port| port["port"] != listener["port"]) {
            ports.push(json!({"name": listener["name"], "port": listener["port"], "targetPort": listener["port"], "protocol": "TCP"}));
        }
    }
    let is_there = draft.edit(&document, Phase::Way, |raw| {
        set(raw, &["spec", "type"], "LoadBalancer");
        if let Some(pairs) = annotations.as_object() {
            for (key, value) in pairs {
                set(raw, &["metadata", "annotations", key], value.clone());
            }
        }
        let known = list(raw, &["spec", "ports"]).to_vec();
        if let Some(list) = list_mut(raw, &["spec", "ports"]) {
            list.extend(
                ports
                    .iter()
                    .skip(1)
                    .filter(|port| known.iter().all(|known| known["port"] != port["port"]))
                    .cloned(),
            );
        }
    });
    if !is_there {
        let mut made = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": *service.name,
                "namespace": *service.namespace,
                "annotations": annotations,
                "labels": {"gateway.networking.k8s.io/gateway-name": *gateway.name, "gateway.istio.io/managed": "istio.io-gateway-controller"},
            },
            "spec": {"type": "LoadBalancer", "selector": {"gateway.networking.k8s.io/gateway-name": *gateway.name}, "ports": ports},
        });
        if annotations.as_object().is_none_or(Map::is_empty) {
            unset(&mut made, &["metadata", "annotations"]);
        }
        draft.create(&document, made, Vec::new());
    }
    draft.explain(&document, "what istiod then writes");
    draft.is_effect_of(&document, &gateway.into());
}

/// Brings the annotations of a Service that istiod will make up to date with the Gateway's draft.
pub(super) fn refresh(draft: &mut Draft<'_>, gateway: &ObjectKey) {
    let Some(object) = draft.document(&gateway.into()) else {
        return;
    };
    let annotations = infrastructure(&object);
    for made in draft.made_for(&gateway.into()) {
        draft.edit(&made, Phase::Way, |raw| {
            set(raw, &["metadata", "annotations"], annotations.clone());
        });
    }
}
