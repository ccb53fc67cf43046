//! An object as it came: its JSON, and of its metadata what a watch needs.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::{ApiResource, DynamicResourceScope};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::objects::{self, DecodeError, Naming, Object, Source};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

/// One object of any kind. It is read into facts as soon as it has come, and dropped: so that an object which cannot be
/// read stops no list and no watch, its JSON is looked at afterwards.
#[derive(Clone, Debug)]
pub(super) struct RawObject {
    metadata: ObjectMeta,
    json: Box<RawValue>,
}

impl RawObject {
    /// The facts; `None`: no rule reads such an object.
    ///
    /// # Errors
    /// When a field that a rule reads has a wrong type, or reading it panics.
    pub(super) fn read(&self, resource: &ApiResource) -> Result<Option<Object>, Unreadable> {
        // Objects in a list of a built-in kind say neither version nor kind.
        let naming = Naming {
            api_version: &resource.api_version,
            kind: &resource.kind,
            default_namespace: self.metadata.namespace.as_deref().unwrap_or_default(),
            default_name: self.metadata.name.as_deref().unwrap_or_default(),
        };
        match caught(|| objects::read(naming, Source::Json(self.json.get()))) {
            // In a file it would be a patch; the API server took it for an object, and it says nothing.
            Err(Unreadable::Field(DecodeError::Incomplete { .. })) => Ok(None),
            read => read,
        }
    }

    /// The whole object; `None`: what came is no JSON after all.
    pub(super) fn value(&self) -> Option<Value> {
        serde_json::from_str(self.json.get()).ok()
    }

    /// How long it is as it came, in bytes.
    pub(super) fn size(&self) -> usize {
        self.json.get().len()
    }

    /// The object's key.
    pub(super) fn key(&self, kind: Kind) -> ObjectKey {
        ObjectKey::new(
            kind,
            self.metadata.namespace.as_deref().unwrap_or_default(),
            self.metadata.name.as_deref().unwrap_or_default(),
        )
    }
}

/// Why nothing is known of an object.
#[derive(Debug, Error)]
pub(super) enum Unreadable {
    /// A field that a rule reads has a wrong type.
    #[error(transparent)]
    Field(#[from] DecodeError),
    /// A panic while it was read.
    #[error("reading it failed, a defect of l7guard: please report it with the lines above")]
    Panic,
}

/// One object that brings a defect to light stops neither the watch of its kind nor the review of another object.
fn caught<T>(read: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, Unreadable> {
    // What is read is only borrowed, and what was made of it until then is dropped.
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => Ok(read?),
        Err(_) => Err(Unreadable::Panic),
    }
}

/// What is read of the metadata.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    metadata: HeadMetadata<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeadMetadata<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resource_version: Option<Cow<'a, str>>,
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let head: Head = serde_json::from_str(json.get()).map_err(D::Error::custom)?;
        let metadata = ObjectMeta {
            name: head.metadata.name.map(Cow::into_owned),
            namespace: head.metadata.namespace.map(Cow::into_owned),
            resource_version: head.metadata.resource_version.map(Cow::into_owned),
            ..ObjectMeta::default()
        };
        Ok(Self { metadata, json })
    }
}

impl Resource for RawObject {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        Cow::Borrowed(&resource.kind)
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        Cow::Borrowed(&resource.group)
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        Cow::Borrowed(&resource.version)
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        Cow::Borrowed(&resource.plural)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use kube::core::{ObjectList, WatchEvent};
    use kube::{Resource as _, ResourceExt as _};

    use super::*;

    fn services() -> ApiResource {
        ApiResource {
            group: String::new(),
            version: "v1".to_owned(),
            api_version: "v1".to_owned(),
            kind: "Service".to_owned(),
            plural: "services".to_owned(),
        }
    }

    #[test]
    fn the_items_of_a_list_are_read_by_the_kind_of_the_list() {
        let list = r#"{"kind": "ServiceList", "apiVersion": "v1", "metadata": {"resourceVersion": "9"}, "items": [
            {"metadata": {"name": "web", "namespace": "shop", "resourceVersion": "7"}, "spec": {"selector": {"app": "web"}}},
            {"metadata": {"name": "bad", "namespace": "shop", "resourceVersion": "8"}, "spec": {"selector": 7}}
        ]}"#;
        let list: ObjectList<RawObject> = serde_json::from_str(list).unwrap();
        let web = list.items[0].read(&services()).unwrap().unwrap();
        assert_eq!(web.key, ObjectKey::new(Kind::Service, "shop", "web"));
        assert_eq!(list.items[0].resource_version().as_deref(), Some("7"));
        let bad = &list.items[1];
        let error = bad.read(&services()).unwrap_err();
        assert!(error.to_string().starts_with("/spec/selector: "), "{error}");
        assert_eq!(
            bad.key(Kind::Service),
            ObjectKey::new(Kind::Service, "shop", "bad")
        );
    }

    #[test]
    fn an_object_of_a_watch_event_is_kept_as_it_came() {
        let event = r#"{"type":"ADDED","object":{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"7"},"spec":{"externalName":"x"}}}"#;
        let WatchEvent::Added(object) =
            serde_json::from_str::<WatchEvent<RawObject>>(event).unwrap()
        else {
            panic!("not added");
        };
        assert_eq!(object.meta().name.as_deref(), Some("web"));
        assert!(object.read(&services()).unwrap().is_some());
    }

    #[test]
    fn an_object_that_makes_the_reader_panic_is_one_that_cannot_be_read() {
        let read: Result<(), Unreadable> = caught(|| panic!("as the test wants it"));
        assert!(matches!(read, Err(Unreadable::Panic)));
    }
}
