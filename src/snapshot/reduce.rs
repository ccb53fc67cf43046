//! An object, reduced to what rules and remedies read of it. Every reduced object is read again and compared: one that would
//! say another thing to a rule is never written.

use l7guard_policy::identity::Kind;
use l7guard_policy::objects::{self, DecodeError, Facts, Naming, Object, Source};
use serde_json::{Map, Value};

use super::{pod_template, shape};

/// The object, reduced. `None`: what is left would be read as another object, which is a bug.
pub(super) fn reduced(object: &Object, whole: &Value) -> Option<Value> {
    let kind = object.key.kind;
    let mut kept = shape::body(Some(kind), whole);
    let mut metadata = shape::metadata(whole);
    match &object.facts {
        Facts::Workload(pod) if kind == Kind::Pod => {
            let template = pod_template::reduced(whole, pod.proxy.as_deref());
            metadata["labels"] = template["metadata"]["labels"].clone();
            metadata["annotations"] = template["metadata"]["annotations"].clone();
            kept.insert("spec".to_owned(), template["spec"].clone());
        }
        Facts::Workload(workload) => {
            let template = &whole["spec"]["template"];
            let template = pod_template::reduced(template, workload.proxy.as_deref());
            let spec = kept.entry("spec").or_insert_with(|| Map::new().into());
            spec["template"] = template.into();
        }
        Facts::Gateway(_) => keep_infrastructure(&mut kept, whole),
        _ => {}
    }
    let needs_spec = !matches!(kind, Kind::Namespace | Kind::EndpointSlice);
    if needs_spec {
        kept.entry("spec").or_insert_with(|| Map::new().into());
    }
    kept.insert("apiVersion".to_owned(), object.api_version.into());
    kept.insert("kind".to_owned(), kind.name().into());
    kept.insert("metadata".to_owned(), metadata);
    let kept = Value::Object(kept);
    let again = read(&kept).ok().flatten();
    (again.as_ref() == Some(&anonymous(object.clone()))).then_some(kept)
}

/// An object of a kind that remedies read and rules do not.
pub(super) fn reduced_other(api_version: &str, kind: &str, whole: &Value) -> Value {
    let mut kept = shape::body(None, whole);
    kept.insert("apiVersion".to_owned(), api_version.into());
    kept.insert("kind".to_owned(), kind.into());
    kept.insert("metadata".to_owned(), shape::metadata(whole));
    kept.into()
}

/// The annotations that istiod writes on what it makes for a Gateway. Where there are none it copies the Gateway's own: so an
/// empty map is kept.
fn keep_infrastructure(kept: &mut Map<String, Value>, whole: &Value) {
    let annotations = &whole["spec"]["infrastructure"]["annotations"];
    if annotations.is_object() {
        let spec = kept.entry("spec").or_insert_with(|| Map::new().into());
        if !spec["infrastructure"].is_object() {
            spec["infrastructure"] = Map::new().into();
        }
        spec["infrastructure"]["annotations"] = shape::annotations(annotations).into();
    }
}

/// The object as it is read from a snapshot. `None`: no rule reads such an object.
pub(super) fn read(reduced: &Value) -> Result<Option<Object>, DecodeError> {
    let text = |field: &str| reduced[field].as_str().unwrap_or_default();
    let naming = Naming {
        api_version: text("apiVersion"),
        kind: text("kind"),
        default_namespace: "",
        default_name: "",
    };
    objects::read(naming, Source::Value(reduced))
}

/// Without UIDs: those of owners tell whose a Pod is that is read by itself, and a snapshot has the Pods themselves; its own
/// is what Events refer to.
fn anonymous(mut object: Object) -> Object {
    object.uid = None;
    if let Facts::Workload(workload) = &mut object.facts {
        workload.identity = None;
        if let Some(owner) = &mut workload.owner {
            owner.uid = None;
        }
    }
    object
}
