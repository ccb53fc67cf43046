//! IngressClass and the IngressClassParams of both AWS controllers.

use std::sync::Arc;

use serde::Deserialize;

use super::metadata::Metadata;
use super::reading::{DecodeError, Mapping};
use super::text::shared;

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
    /// Name of the IngressClassParams that `spec.parameters` refers to.
    pub params: Option<Arc<str>>,
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
            .filter(|parameters| parameters.kind.as_deref() == Some("IngressClassParams"))
            .and_then(|parameters| parameters.0.name),
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
