//! What the policy reads of an object's `metadata`.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::controller::{Controller, Uid};
use super::metadata_map::Marks;
use super::number::Number;
use super::reading::{DecodeError, List, Mapping, elements};
use super::text::{Text, shared};

/// `metadata` as read.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Metadata {
    #[serde(deserialize_with = "shared")]
    pub(crate) name: Option<Arc<str>>,
    #[serde(deserialize_with = "shared")]
    pub(crate) namespace: Option<Arc<str>>,
    uid: Option<Text>,
    generation: Number,
    labels: Option<Marks>,
    annotations: Option<Marks>,
    deletion_timestamp: Option<IgnoredAny>,
    owner_references: List<OwnerReference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OwnerReference {
    kind: Option<String>,
    #[serde(deserialize_with = "shared")]
    name: Option<Arc<str>>,
    uid: Option<Text>,
    controller: Option<bool>,
}

/// Pointer of the annotations, for errors and findings.
pub(crate) const ANNOTATIONS: &str = "/metadata/annotations";
/// Pointer of the labels, for errors.
pub(crate) const LABELS: &str = "/metadata/labels";

impl Metadata {
    /// An annotation that a rule reads.
    pub(crate) fn annotation(&self, key: &str) -> Result<Option<&str>, DecodeError> {
        self.annotations
            .as_ref()
            .map_or(Ok(None), |marks| marks.get(ANNOTATIONS, key))
    }

    /// Whether an annotation tells the AWS Load Balancer Controller what an Ingress's ALB is to be.
    pub(crate) fn has_alb_annotations(&self) -> bool {
        self.annotations.as_ref().is_some_and(Marks::has_alb)
    }

    /// A label of the object itself that a rule reads.
    pub(crate) fn label(&self, key: &str) -> Result<Option<&str>, DecodeError> {
        self.labels
            .as_ref()
            .map_or(Ok(None), |marks| marks.get(LABELS, key))
    }

    /// The annotations whose keys begin with one of the prefixes.
    pub(crate) fn annotations_with_prefixes(
        &self,
        prefixes: &[&str],
    ) -> Result<Vec<(&str, &str)>, DecodeError> {
        self.annotations.as_ref().map_or(Ok(Vec::new()), |marks| {
            marks.with_prefixes(ANNOTATIONS, prefixes)
        })
    }

    /// The labels of the object itself whose keys begin with one of the prefixes.
    pub(crate) fn labels_with_prefixes(
        &self,
        prefixes: &[&str],
    ) -> Result<Vec<(&str, &str)>, DecodeError> {
        self.labels.as_ref().map_or(Ok(Vec::new()), |marks| {
            marks.with_prefixes(LABELS, prefixes)
        })
    }

    /// Whether the object is being deleted.
    pub(crate) fn is_terminating(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    /// The object's UID; `None`: it has none, as in a file.
    pub(crate) fn uid(&self) -> Option<Uid> {
        uid(self.uid.as_ref())
    }

    /// How often the object's spec was changed.
    pub(crate) fn generation(&self) -> Number {
        self.generation
    }

    /// The controlling owner.
    pub(crate) fn controller(&self) -> Option<Controller> {
        elements(&self.owner_references)
            .map(|(_, owner)| owner)
            .find(|owner| owner.controller == Some(true))
            .and_then(|owner| {
                Some(Controller {
                    kind: owner.kind.as_deref()?.into(),
                    name: Arc::clone(owner.name.as_ref()?),
                    uid: uid(owner.uid.as_ref()),
                })
            })
    }
}

fn uid(text: Option<&Text>) -> Option<Uid> {
    match text? {
        Text::String(text) => Uid::parse(text),
        Text::Other(_) => None,
    }
}

/// An object as most kinds have it. Metadata, spec and, of the kinds that need it, status are read in one pass.
#[derive(Debug, Deserialize)]
pub(crate) struct Manifest<T, S = IgnoredAny> {
    metadata: Option<Mapping<Metadata>>,
    spec: Option<Mapping<T>>,
    status: Option<S>,
}

impl<T, S> Manifest<T, S> {
    /// Metadata, spec and status.
    ///
    /// # Errors
    ///
    /// There is no spec: this is a patch.
    pub(crate) fn parts(self) -> Result<(Metadata, T, Option<S>), DecodeError> {
        let spec = self
            .spec
            .ok_or(DecodeError::Incomplete { pointer: "/spec" })?;
        Ok((self.metadata.unwrap_or_default().0, spec.0, self.status))
    }
}

/// The part of an object that names it, whatever its kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Header {
    pub(crate) metadata: Option<Mapping<Metadata>>,
}
