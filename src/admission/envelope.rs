//! The wire form of a review, before it is known to be one, in one pass over the body.
//!
//! An API server writes what is being done to which kind before it writes the objects (the order of the fields in
//! k8s.io/api, `admission/v1/types.go`). So the objects can be read as they come. To skip them first and to read them
//! afterwards scans them twice: a quarter more instructions in all that the handler does (`docs/benchmarks.md`).

use std::borrow::Cow;
use std::fmt;

use l7guard_policy::objects::{self, Naming, Object};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::review::{GroupVersionKind, UserInfo};

/// What becomes of the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ObjectDecoding {
    /// They stay the text that came.
    Deferred,
    /// Those that a rule may read are read. Whatever is not as it should be is an error that explains nothing.
    Inline,
}

/// The body as it is on the wire.
#[derive(Default)]
pub(super) struct Envelope<'a> {
    pub(super) api_version: Cow<'a, str>,
    pub(super) kind: Cow<'a, str>,
    pub(super) request: Option<Request<'a>>,
}

/// The request as it is on the wire.
#[derive(Default)]
pub(super) struct Request<'a> {
    pub(super) uid: Cow<'a, str>,
    pub(super) operation: Cow<'a, str>,
    pub(super) kind: GroupVersionKind<'a>,
    pub(super) sub_resource: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) namespace: Cow<'a, str>,
    pub(super) user_info: UserInfo<'a>,
    pub(super) dry_run: bool,
    pub(super) object: Option<ReviewedObject<'a>>,
    pub(super) old_object: Option<ReviewedObject<'a>>,
}

/// An object of a review.
#[derive(Clone, Debug)]
pub enum ReviewedObject<'a> {
    /// The JSON text that came.
    Raw(&'a RawValue),
    /// What the rules read of it; `None`: no rule reads such an object.
    Read(Option<Object>),
}

/// Only what says whose document it is; used to explain why the rest could not be read.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(borrow, default, rename = "apiVersion", deserialize_with = "text")]
    pub(super) api_version: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(super) kind: Cow<'a, str>,
}

/// Reads a body.
pub(super) fn read(body: &str, taking: ObjectDecoding) -> serde_json::Result<Envelope<'_>> {
    let mut json = serde_json::Deserializer::from_str(body);
    let envelope = EnvelopeVisitor(taking).deserialize(&mut json)?;
    json.end()?;
    Ok(envelope)
}

/// The field at which reading the envelope of a body fails (`request.kind.group`), if it fails at one.
pub(super) fn failing_field(body: &str) -> Option<String> {
    let mut json = serde_json::Deserializer::from_str(body);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let failed = EnvelopeVisitor(ObjectDecoding::Deferred)
        .deserialize(tracked)
        .is_err();
    let path = track.path();
    (failed && path.iter().next().is_some()).then(|| path.to_string())
}

/// Text that is borrowed where it has no escapes. (serde borrows a `Cow` only when it is the field's whole type.)
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The same, empty for null: what Go makes of null in a string field.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    Ok(Option::<Text<'de>>::deserialize(deserializer)?.map_or(Cow::Borrowed(""), |text| text.0))
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum EnvelopeField {
    ApiVersion,
    Kind,
    Request,
    #[serde(other)]
    Other,
}

struct EnvelopeVisitor(ObjectDecoding);

impl<'de> DeserializeSeed<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AdmissionReview")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        let mut seen = Seen::default();
        while let Some(field) = map.next_key()? {
            match field {
                EnvelopeField::ApiVersion => {
                    seen.once("apiVersion", 0)?;
                    envelope.api_version = next_text(&mut map)?;
                }
                EnvelopeField::Kind => {
                    seen.once("kind", 1)?;
                    envelope.kind = next_text(&mut map)?;
                }
                EnvelopeField::Request => {
                    seen.once("request", 2)?;
                    envelope.request = map.next_value_seed(Nullable(RequestVisitor(self.0)))?;
                }
                EnvelopeField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(envelope)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum RequestField {
    Uid,
    Operation,
    Kind,
    SubResource,
    Name,
    Namespace,
    UserInfo,
    DryRun,
    Object,
    OldObject,
    #[serde(other)]
    Other,
}

impl RequestField {
    fn name(self) -> &'static str {
        match self {
            Self::Uid => "uid",
            Self::Operation => "operation",
            Self::Kind => "kind",
            Self::SubResource => "subResource",
            Self::Name => "name",
            Self::Namespace => "namespace",
            Self::UserInfo => "userInfo",
            Self::DryRun => "dryRun",
            Self::Object => "object",
            Self::OldObject => "oldObject",
            Self::Other => "",
        }
    }
}

struct RequestVisitor(ObjectDecoding);

impl<'de> DeserializeSeed<'de> for RequestVisitor {
    type Value = Request<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RequestVisitor {
    type Value = Request<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request of an AdmissionReview")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut request = Request::default();
        let mut seen = Seen::default();
        while let Some(field) = map.next_key::<RequestField>()? {
            if !matches!(field, RequestField::Other) {
                seen.once(field.name(), field as u32)?;
            }
            match field {
                RequestField::Uid => request.uid = next_text(&mut map)?,
                RequestField::Operation => request.operation = next_text(&mut map)?,
                RequestField::Kind => {
                    request.nothing_is_read_yet()?;
                    request.kind = map.next_value::<Option<_>>()?.unwrap_or_default();
                }
                RequestField::SubResource => request.sub_resource = next_text(&mut map)?,
                RequestField::Name => {
                    request.nothing_is_read_yet()?;
                    request.name = next_text(&mut map)?;
                }
                RequestField::Namespace => {
                    request.nothing_is_read_yet()?;
                    request.namespace = next_text(&mut map)?;
                }
                RequestField::UserInfo => {
                    request.user_info = map.next_value::<Option<_>>()?.unwrap_or_default();
                }
                RequestField::DryRun => {
                    request.dry_run = map.next_value::<Option<_>>()?.unwrap_or_default();
                }
                RequestField::Object => request.object = request.take(self.0, &mut map)?,
                RequestField::OldObject => request.old_object = request.take(self.0, &mut map)?,
                RequestField::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(request)
    }
}

impl<'de> Request<'de> {
    fn take<A: MapAccess<'de>>(
        &self,
        taking: ObjectDecoding,
        map: &mut A,
    ) -> Result<Option<ReviewedObject<'de>>, A::Error> {
        if taking == ObjectDecoding::Deferred || !self.is_read() {
            return Ok(map
                .next_value::<Option<&RawValue>>()?
                .map(ReviewedObject::Raw));
        }
        let api_version = self.kind.api_version();
        let naming = Naming {
            api_version: &api_version,
            kind: &self.kind.kind,
            default_namespace: &self.namespace,
            default_name: &self.name,
        };
        let read = map.next_value_seed(Nullable(InlineObject(naming)))?;
        Ok(read.map(ReviewedObject::Read))
    }

    /// Whether, by what has come so far, a rule may read the objects.
    fn is_read(&self) -> bool {
        matches!(&*self.operation, "" | "CREATE" | "UPDATE") && self.sub_resource.is_empty()
    }

    /// For the fields by which an object is read: they have to come before it.
    fn nothing_is_read_yet<E: Error>(&self) -> Result<(), E> {
        let is_read =
            |taken: &Option<ReviewedObject<'_>>| matches!(taken, Some(ReviewedObject::Read(_)));
        if is_read(&self.object) || is_read(&self.old_object) {
            return Err(E::custom("an object came before its kind or name"));
        }
        Ok(())
    }
}

/// Fields that have come.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    fn once<E: Error>(&mut self, name: &'static str, bit: u32) -> Result<(), E> {
        let before = self.0;
        self.0 |= 1 << bit;
        if self.0 == before {
            return Err(E::duplicate_field(name));
        }
        Ok(())
    }
}

fn next_text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Cow<'de, str>, A::Error> {
    #[derive(Deserialize)]
    struct OrEmpty<'a>(#[serde(borrow, deserialize_with = "text")] Cow<'a, str>);

    map.next_value().map(|OrEmpty(text)| text)
}

/// `None` for null.
struct Nullable<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Nullable<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Nullable<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

struct InlineObject<'a>(Naming<'a>);

impl<'de> DeserializeSeed<'de> for InlineObject<'_> {
    type Value = Option<Object>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        objects::read_in_passing(self.0, deserializer)
    }
}
