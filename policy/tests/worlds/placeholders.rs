//! Files that are not rendered yet: placeholders in names, classes, ARNs, groups and hosts.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use super::{Manifests, key, world};

/// Fields that hold a name, in whatever kind.
const FIELDS: [&str; 35] = [
    "/metadata/name",
    "/metadata/namespace",
    "/metadata/annotations/kubernetes.io~1ingress.class",
    "/metadata/annotations/alb.ingress.kubernetes.io~1group.name",
    "/metadata/annotations/gateway.istio.io~1name-override",
    "/metadata/annotations/alb.ingress.kubernetes.io~1actions.forward",
    "/metadata/annotations/alb.ingress.kubernetes.io~1actions.web",
    "/metadata/labels/kubernetes.io~1service-name",
    "/metadata/labels/ingress.k8s.aws~1stack",
    "/metadata/labels/ingress.k8s.aws~1stack-name",
    "/metadata/labels/gateway.k8s.aws.alb~1stack-namespace",
    "/metadata/labels/gateway.k8s.aws.alb~1stack-name",
    "/metadata/labels/gateway.k8s.aws.nlb~1stack-namespace",
    "/metadata/labels/gateway.k8s.aws.nlb~1stack-name",
    "/metadata/labels/service.k8s.aws~1stack-name",
    "/spec/ingressClassName",
    "/spec/defaultBackend/service/name",
    "/spec/rules/1/http/paths/0/backend/service/name",
    "/spec/controller",
    "/spec/parameters/name",
    "/spec/group/name",
    "/spec/externalName",
    "/endpoints/0/targetRef/name",
    "/spec/controllerName",
    "/spec/gatewayClassName",
    "/spec/addresses/0/value",
    "/spec/listeners/0/name",
    "/spec/parentRefs/0/name",
    "/spec/parentRefs/0/sectionName",
    "/spec/parentRef/name",
    "/spec/rules/0/backendRefs/0/name",
    "/spec/serviceRef/name",
    "/spec/targetGroupARN",
    "/spec/targetGroupName",
    "/spec/components/ingressGateways/0/name",
];

/// Worlds of files, with a placeholder in some fields. No two objects have one key.
pub(crate) fn files() -> impl Strategy<Value = Manifests> {
    let place = (any::<Index>(), any::<Index>(), 0..3_usize);
    (world(), prop::collection::vec(place, 0..8)).prop_map(|(Manifests(mut objects), places)| {
        for (object, field, form) in places {
            if !objects.is_empty() {
                let object = object.get_mut(&mut objects);
                put_placeholder(object, field, form);
            }
        }
        objects.dedup_by(|one, other| key(one) == key(other));
        Manifests(objects)
    })
}

/// Puts a placeholder into one of the fields that the object has.
fn put_placeholder(object: &mut Value, field: Index, form: usize) {
    let mut fields = FIELDS.to_vec();
    fields.retain(|field| object.pointer(field).is_some_and(Value::is_string));
    if fields.is_empty() {
        return;
    }
    let field = *field.get(&fields);
    let Some(Value::String(text)) = object.pointer_mut(field) else {
        return;
    };
    *text = if field.contains("actions.") {
        // Names of target groups, as such and in ARNs, or of a Service.
        let (name, placeholder) = [("tg", "${tg}"), ("edge", "${a}"), ("web", "${a}-web")][form];
        text.replacen(name, placeholder, 1)
    } else {
        match (form, text.split_once('.')) {
            (0, _) => "${a}".to_owned(),
            (1, None) => format!("${{a}}-{text}"),
            (1, Some((_, rest))) => format!("${{a}}.{rest}"),
            (_, Some((first, _))) if field == "/spec/externalName" => {
                format!("{first}.${{a}}.svc.cluster.local")
            }
            _ => format!("{text}-${{b}}"),
        }
    };
}
