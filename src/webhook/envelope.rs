//! The wire form of a review, before it is known to be one.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::review::{GroupVersionKind, GroupVersionResource, UserInfo};

/// The body as it is on the wire.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default, rename = "apiVersion", deserialize_with = "text")]
    pub(super) api_version: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) request: Option<Request<'a>>,
}

/// The request as it is on the wire.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the fields' own names")]
pub(super) struct Request<'a> {
    #[serde(borrow, default, deserialize_with = "text")]
    pub(super) uid: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(super) operation: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) kind: GroupVersionKind<'a>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) resource: GroupVersionResource<'a>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(super) sub_resource: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) request_kind: Option<GroupVersionKind<'a>>,
    #[serde(borrow)]
    pub(super) request_resource: Option<GroupVersionResource<'a>>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(super) namespace: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    pub(super) user_info: UserInfo<'a>,
    pub(super) dry_run: Option<bool>,
    #[serde(borrow)]
    pub(super) object: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) old_object: Option<&'a RawValue>,
}

/// Only what says whose document it is; used to explain why the rest could not be read.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(borrow, default, rename = "apiVersion", deserialize_with = "text")]
    pub(super) api_version: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "text")]
    pub(super) kind: Cow<'a, str>,
}

/// Text that is borrowed where it has no escapes. (serde borrows a `Cow` only when it is the field's whole type.)
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Text, empty for null: what Go makes of null in a string field.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    Ok(Option::<Text<'de>>::deserialize(deserializer)?.map_or(Cow::Borrowed(""), |text| text.0))
}

/// A structure, its default for null.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
