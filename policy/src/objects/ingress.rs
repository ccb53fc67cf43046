//! Ingress: class, group and backends.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::metadata::{ANNOTATIONS, Metadata};
use super::reading::{DecodeError, List, Mapping, elements, escape_pointer};
use super::text::{Text, from_string, shared};
use crate::actions::{self, Action};

/// The annotation that names an Ingress's class; its presence beats the field.
pub const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
/// The annotation that puts an Ingress into an explicit IngressGroup.
pub const GROUP_ANNOTATION: &str = "alb.ingress.kubernetes.io/group.name";
/// What `actions.<name>` annotations begin with.
pub const ACTION_ANNOTATION_PREFIX: &str = "alb.ingress.kubernetes.io/actions.";
/// The port name that makes a backend's service name the name of an action.
///
/// Source: AWS Load Balancer Controller `pkg/ingress/enhanced_backend_builder.go`.
const USE_ANNOTATION: &str = "use-annotation";

/// What the rules read of an Ingress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ingress {
    /// Value of [`CLASS_ANNOTATION`]; an empty one is one.
    pub class_annotation: Option<Box<str>>,
    /// `spec.ingressClassName`.
    pub class_name: Option<Arc<str>>,
    /// Value of [`GROUP_ANNOTATION`].
    pub group_annotation: Option<Box<str>>,
    /// Whether it bears an annotation `alb.ingress.kubernetes.io/*`: somebody wants an ALB.
    pub has_alb_annotations: bool,
    /// Where it routes to: `defaultBackend`, then the rules in order; of several backends to one place the first.
    pub backends: Box<[Backend]>,
    /// Whether the object is of a version before `networking.k8s.io/v1`, whose backends have other field names.
    pub is_legacy: bool,
}

/// One backend.
#[derive(Clone, Debug, PartialEq)]
pub struct Backend {
    /// Where in the Ingress it stands.
    pub place: BackendPlace,
    /// What it names.
    pub target: BackendTarget,
}

/// Where in an Ingress a backend stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendPlace {
    /// `spec.defaultBackend`.
    Default,
    /// A path of a rule, both counted from 0.
    Path {
        /// Index in `spec.rules`.
        rule: u32,
        /// Index in the rule's `http.paths`.
        path: u32,
    },
}

/// What a backend names.
#[derive(Clone, Debug, PartialEq)]
pub enum BackendTarget {
    /// A Service of the Ingress's namespace.
    Service(Arc<str>),
    /// An action (port name `use-annotation`) and what its annotation says; the annotation exists.
    Action {
        /// The action's name: the part of the annotation's key after [`ACTION_ANNOTATION_PREFIX`].
        name: Box<str>,
        /// What it does, or why the controller cannot read it.
        action: Result<Action, Box<str>>,
    },
}

impl Ingress {
    /// The pointer of the field that names the backend's target.
    #[must_use]
    pub fn field(&self, backend: &Backend) -> String {
        if let BackendTarget::Action { name, .. } = &backend.target {
            return format!(
                "{ANNOTATIONS}/{}",
                escape_pointer(&format!("{ACTION_ANNOTATION_PREFIX}{name}"))
            );
        }
        match (backend.place, self.is_legacy) {
            (BackendPlace::Default, false) => "/spec/defaultBackend/service/name".to_owned(),
            (BackendPlace::Default, true) => "/spec/backend/serviceName".to_owned(),
            (BackendPlace::Path { rule, path }, false) => {
                format!("/spec/rules/{rule}/http/paths/{path}/backend/service/name")
            }
            (BackendPlace::Path { rule, path }, true) => {
                format!("/spec/rules/{rule}/http/paths/{path}/backend/serviceName")
            }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SpecView {
    #[serde(deserialize_with = "shared")]
    ingress_class_name: Option<Arc<str>>,
    default_backend: Option<Mapping<BackendView>>,
    /// `defaultBackend` before `networking.k8s.io/v1`.
    backend: Option<Mapping<BackendView>>,
    rules: List<RuleView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RuleView {
    http: Option<Mapping<HttpView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HttpView {
    paths: List<PathView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PathView {
    backend: Option<Mapping<BackendView>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BackendView {
    service: Option<Mapping<ServiceView>>,
    #[serde(deserialize_with = "shared")]
    service_name: Option<Arc<str>>,
    service_port: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServiceView {
    #[serde(deserialize_with = "shared")]
    name: Option<Arc<str>>,
    port: Option<Mapping<PortView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PortView {
    name: Option<PortName>,
}

/// The name of a port, of which nothing is read but whether it makes the backend an action.
struct PortName {
    is_use_annotation: bool,
}

impl<'de> Deserialize<'de> for PortName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_string(deserializer, |name| Self {
            is_use_annotation: name == USE_ANNOTATION,
        })
    }
}

impl BackendView {
    /// The Service's name and whether the port is `use-annotation`.
    fn service(&self, is_legacy: bool) -> Option<(&Arc<str>, bool)> {
        let (name, uses_annotation) = if is_legacy {
            let port = self.service_port.as_ref();
            let uses = matches!(port, Some(Text::String(port)) if port == USE_ANNOTATION);
            (self.service_name.as_ref()?, uses)
        } else {
            let service = self.service.as_ref()?;
            let port = service.port.as_ref().and_then(|port| port.name.as_ref());
            let uses = port.is_some_and(|name| name.is_use_annotation);
            (service.name.as_ref()?, uses)
        };
        (!name.is_empty()).then_some((name, uses_annotation))
    }
}

/// Reads an Ingress of the given API version.
pub(crate) fn read(
    metadata: &Metadata,
    spec: &SpecView,
    api_version: &str,
) -> Result<Ingress, DecodeError> {
    let is_legacy = api_version != "networking.k8s.io/v1";
    let mut ingress = Ingress {
        class_annotation: metadata.annotation(CLASS_ANNOTATION)?.map(Box::from),
        class_name: spec.ingress_class_name.clone(),
        group_annotation: metadata.annotation(GROUP_ANNOTATION)?.map(Box::from),
        has_alb_annotations: metadata.has_alb_annotations(),
        backends: Box::default(),
        is_legacy,
    };
    let mut backends: Vec<Backend> = Vec::new();
    let mut seen: HashSet<(&str, bool)> = HashSet::new();
    for (place, view) in backend_views(spec, is_legacy) {
        let Some((name, uses_annotation)) = view.service(is_legacy) else {
            continue;
        };
        if !seen.insert((name, uses_annotation)) {
            continue;
        }
        let target = if uses_annotation {
            let key = format!("{ACTION_ANNOTATION_PREFIX}{name}");
            let Some(json) = metadata.annotation(&key)? else {
                continue;
            };
            BackendTarget::Action {
                name: Box::from(&**name),
                action: actions::read(json).map_err(|error| error.to_string().into()),
            }
        } else {
            BackendTarget::Service(Arc::clone(name))
        };
        backends.push(Backend { place, target });
    }
    ingress.backends = backends.into_boxed_slice();
    Ok(ingress)
}

/// Every backend with its place: the default one first, then rules and paths in order.
fn backend_views(
    spec: &SpecView,
    is_legacy: bool,
) -> impl Iterator<Item = (BackendPlace, &BackendView)> {
    let default = if is_legacy {
        &spec.backend
    } else {
        &spec.default_backend
    };
    let rules = elements(&spec.rules).flat_map(|(rule, view)| {
        let paths = view.http.as_ref().map(|http| &http.paths);
        paths.into_iter().flat_map(move |paths| {
            elements(paths).filter_map(move |(path, view)| {
                let backend = view.backend.as_ref()?;
                Some((BackendPlace::Path { rule, path }, &backend.0))
            })
        })
    });
    default
        .iter()
        .map(|backend| (BackendPlace::Default, &backend.0))
        .chain(rules)
}
