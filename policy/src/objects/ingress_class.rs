//! IngressClass and the IngressClassParams of both AWS controllers.

use std::sync::Arc;

use serde::Deserialize;

use super::metadata::Metadata;
use super::reading::{DecodeError, Mapping};
use super::text::shared;
use crate::identity::{Kind, ObjectKey};

/// The annotation that makes a class the default one, with the exact value `true`.
///
/// Source: Kubernetes `pkg/apis/networking` (`AnnotationIsDefaultIngressClass`), AWS Load Balancer Controller
/// `pkg/ingress/class_loader.go`.
pub const DEFAULT_CLASS_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";

/// What the rules read of an IngressClass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngressClass {
    /// `spec.controller`; the only thing that says whose class it is.
    pub controller: Box<str>,
    /// Whether it is marked as the default class.
    pub is_default: bool,
    /// The IngressClassParams that `spec.parameters` refers to.
    pub params: Option<ParamsReference>,
}

/// A reference to IngressClassParams. There are two kinds of them, and objects of both may have one name.
///
/// Source: AWS Load Balancer Controller `pkg/ingress/class_loader.go`; EKS user guide, "automode".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamsReference {
    /// The kind, by `apiGroup` alone: whose class it is may not be known.
    pub kind: Kind,
    /// The name of the object, which has no namespace.
    pub name: Arc<str>,
}

impl ParamsReference {
    /// The key of the object.
    #[must_use]
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.kind, "", Arc::clone(&self.name))
    }
}

/// What the rules read of IngressClassParams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngressClassParams {
    /// `spec.group.name`: puts every Ingress of the class into this IngressGroup.
    pub group: Option<Box<str>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ClassSpecView {
    controller: Option<Box<str>>,
    parameters: Option<Mapping<ParametersView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ParametersView {
    #[serde(rename = "apiGroup")]
    api_group: Option<String>,
    kind: Option<String>,
    #[serde(deserialize_with = "shared")]
    name: Option<Arc<str>>,
}

/// Reads an IngressClass.
pub(crate) fn read(metadata: &Metadata, spec: ClassSpecView) -> Result<IngressClass, DecodeError> {
    Ok(IngressClass {
        controller: spec.controller.unwrap_or_default(),
        is_default: metadata.annotation(DEFAULT_CLASS_ANNOTATION)? == Some("true"),
        params: spec
            .parameters
            .and_then(|parameters| reference(parameters.0)),
    })
}

/// What refers to another kind, or to one of a group that is not rendered yet, refers to nothing that is read.
fn reference(parameters: ParametersView) -> Option<ParamsReference> {
    let (group, kind) = (parameters.api_group?, parameters.kind?);
    let kinds = [Kind::IngressClassParams, Kind::EksIngressClassParams];
    let is_meant = |meant: &Kind| {
        let of_group = meant.api_version().split_once('/');
        of_group.is_some_and(|(of, _)| *of == *group) && *meant.name() == *kind
    };
    Some(ParamsReference {
        kind: kinds.into_iter().find(is_meant)?,
        name: parameters.name?,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct ParamsView {
    spec: Option<Mapping<ParamsSpecView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ParamsSpecView {
    group: Option<Mapping<GroupView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GroupView {
    name: Option<Box<str>>,
}

/// Reads IngressClassParams of either group; all of them may be empty.
pub(crate) fn read_params(view: ParamsView) -> IngressClassParams {
    let group = view.spec.and_then(|spec| spec.0.group);
    IngressClassParams {
        group: group.and_then(|group| group.0.name),
    }
}
