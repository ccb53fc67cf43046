//! Workloads: the labels of their Pods, and what their Pod template (or Pod) shows of a gateway's proxy.

use serde::Deserialize;

use super::controller::Controller;
use super::metadata::{ANNOTATIONS, Metadata};
use super::metadata_map::Marks;
use super::namespace::REVISION_LABEL;
use super::proxy_facts::PodSpecView;
pub use super::proxy_facts::{Overrides, ProxyFacts};
use super::reading::{DecodeError, Mapping};
use super::revision::{self, Identity, StatusView, StrategyView};
use crate::identity::Kind;
use crate::labels::Labels;
use crate::proxy::injection::InjectionRequest;
use crate::proxy::injection_overrides::{OverriddenRoles, overridden_roles};
use crate::proxy::injection_templates::injection_template;

/// The annotation that names the templates by which Istio injects a proxy.
pub const TEMPLATES_ANNOTATION: &str = "inject.istio.io/templates";
/// The annotation that carries a user's changes to the injected proxy's containers.
pub const OVERRIDES_ANNOTATION: &str = "proxy.istio.io/overrides";
/// The annotation that Istio writes to a Pod that it has injected.
const STATUS_ANNOTATION: &str = "sidecar.istio.io/status";
/// The label, and the older annotation, that ask for injection or refuse it.
const INJECT: &str = "sidecar.istio.io/inject";

/// The label that Istio's controller puts on what it makes for a Gateway.
pub const MANAGED_LABEL: &str = "gateway.istio.io/managed";
/// The label that names the component of Istio's installer.
pub const COMPONENT_LABEL: &str = "operator.istio.io/component";
/// The labels that name the Gateway (Gateway API) for which a Pod was made: since Istio 1.21, and until 1.20.
pub const GATEWAY_NAME_LABELS: [&str; 2] = [
    "gateway.networking.k8s.io/gateway-name",
    "istio.io/gateway-name",
];

/// What the rules read of a Pod or Pod template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Workload {
    /// Labels of the Pods.
    pub labels: Labels,
    /// What the containers and annotations show of a proxy; `None`: nothing.
    pub proxy: Option<Box<ProxyFacts>>,
    /// The controlling owner (of a Deployment's ReplicaSet, a ReplicaSet's Pod).
    pub owner: Option<Box<Controller>>,
    /// What its Pods know it by; `None` of Pods, and in files.
    pub identity: Option<Box<Identity>>,
}

impl Workload {
    /// Whether it bears anything that could show a gateway: all others are ordinary without a further look.
    #[must_use]
    pub fn may_be_gateway(&self) -> bool {
        let has = |label: &str| self.labels.get(label).is_some();
        self.proxy.is_some()
            || has(MANAGED_LABEL)
            || has(COMPONENT_LABEL)
            || GATEWAY_NAME_LABELS.into_iter().any(has)
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WorkloadSpecView {
    template: Option<Mapping<PodView>>,
    update_strategy: Option<Mapping<StrategyView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PodView {
    metadata: Option<Mapping<PodMetadataView>>,
    spec: Option<Mapping<PodSpecView>>,
}

impl PodView {
    /// The metadata alone.
    pub(super) fn without_spec(self) -> Self {
        Self { spec: None, ..self }
    }
}

/// Selectors read every label of a Pod, so all of them have to be strings; of the annotations few are read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodMetadataView {
    labels: Option<Labels>,
    annotations: Option<Marks>,
}

/// Reads a workload with a Pod template. `None`: it has no template of its own (an Argo Rollout that refers to a
/// Deployment).
pub(crate) fn read(
    metadata: &Metadata,
    spec: WorkloadSpecView,
    status: &StatusView,
    kind: Kind,
) -> Result<Option<Workload>, DecodeError> {
    match spec.template {
        Some(template) => {
            let strategy = spec.update_strategy.unwrap_or_default();
            let identity = revision::identity(metadata, kind, &strategy, status);
            Ok(Some(Workload {
                owner: metadata.controller().map(Box::new),
                identity: identity.map(Box::new),
                ..workload(template.0, "/spec/template")?
            }))
        }
        None if matches!(kind, Kind::Rollout | Kind::ReplicaSet) => Ok(None),
        None => Err(DecodeError::Incomplete {
            pointer: "/spec/template",
        }),
    }
}

/// Reads a Pod.
pub(crate) fn read_pod(metadata: &Metadata, pod: PodView) -> Result<Workload, DecodeError> {
    if pod.spec.is_none() {
        return Err(DecodeError::Incomplete { pointer: "/spec" });
    }
    Ok(Workload {
        owner: metadata.controller().map(Box::new),
        ..workload(pod, "")?
    })
}

/// What a Pod or Pod template shows, whoever owns it.
pub(super) fn workload(pod: PodView, base: &str) -> Result<Workload, DecodeError> {
    let metadata = pod.metadata.unwrap_or_default().0;
    let spec = pod.spec.unwrap_or_default().0;
    let annotations = metadata.annotations.unwrap_or_default();
    let field = format!("{base}{ANNOTATIONS}");
    let labels = metadata.labels.unwrap_or_default();
    let mut proxy = ProxyFacts::of_containers(&spec);
    // On an injected Pod the overrides are a record of what was done, and its containers say what runs.
    if annotations.get(&field, STATUS_ANNOTATION)?.is_none()
        && let Some(overrides) = annotations.get(&field, OVERRIDES_ANNOTATION)?
    {
        let inject = match labels.get(INJECT) {
            None => annotations.get(&field, INJECT)?,
            label => label,
        };
        let has_revision = labels.get(REVISION_LABEL).is_some();
        proxy.overrides = (!spec.is_on_host_network())
            .then(|| InjectionRequest::of_pod(labels.get(INJECT), inject, has_revision))
            .flatten()
            .map(|request| Overrides {
                roles: overridden_roles(overrides),
                request,
            })
            .filter(|overrides| overrides.roles != OverriddenRoles::default());
    }
    proxy.template = annotations
        .get(&field, TEMPLATES_ANNOTATION)?
        .map(injection_template);
    Ok(Workload {
        labels,
        proxy: (proxy != ProxyFacts::default()).then(|| Box::new(proxy)),
        owner: None,
        identity: None,
    })
}
