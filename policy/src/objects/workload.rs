//! Workloads: the labels of their Pods, and what their Pod template (or Pod) shows of a gateway's proxy.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::marks::Marks;
use super::metadata::{ANNOTATIONS, Metadata};
use super::reading::{DecodeError, List, Mapping, elements};
use crate::identity::Kind;
use crate::labels::Labels;
use crate::proxy::command_line::{ProxyRole, proxy_role};
use crate::proxy::injection_overrides::overridden_roles;
use crate::proxy::injection_templates::{InjectionTemplate, injection_template};

/// The annotation that names the templates by which Istio injects a proxy.
pub const TEMPLATES_ANNOTATION: &str = "inject.istio.io/templates";
/// The annotation that carries a user's changes to the injected proxy's containers.
const OVERRIDES_ANNOTATION: &str = "proxy.istio.io/overrides";
/// The annotation that Istio writes to a Pod that it has injected.
const STATUS_ANNOTATION: &str = "sidecar.istio.io/status";
/// The name of the container that Istio injects, or that stands in a template for it.
const PROXY_CONTAINER: &str = "istio-proxy";

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// Labels of the Pods.
    pub labels: Labels,
    /// What the containers and annotations show of a proxy; `None`: nothing.
    pub proxy: Option<Box<ProxyFacts>>,
    /// Kind and name of the controlling owner (a Deployment's ReplicaSet, a ReplicaSet's Pod).
    pub owner: Option<Box<(Box<str>, Arc<str>)>>,
}

/// What a Pod or Pod template shows of a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyFacts {
    /// The container that runs a router, by its command line.
    pub router: Option<Box<str>>,
    /// A role other than router that the container `istio-proxy` has by arguments of its own: it outranks what a
    /// template would give it. Another container's role says nothing of the proxy.
    pub own_role: Option<ProxyRole>,
    /// The same of an `istio-proxy` among the initContainers, where Istio puts native sidecars.
    pub native_sidecar_role: Option<ProxyRole>,
    /// What [`TEMPLATES_ANNOTATION`] asks for.
    pub template: Option<InjectionTemplate>,
    /// Whether the one container there is waits for injection: it is called `istio-proxy`, brings no command of its own,
    /// and its image is Istio's or the placeholder `auto`.
    pub is_lone_proxy: bool,
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
#[serde(default)]
pub(crate) struct WorkloadSpecView {
    template: Option<Mapping<PodView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct PodView {
    metadata: Option<Mapping<PodMetadataView>>,
    spec: Option<Mapping<PodSpecView>>,
}

/// Selectors read every label of a Pod, so all of them have to be strings; of the annotations only two are read.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodMetadataView {
    labels: Option<Labels>,
    annotations: Option<Marks>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodSpecView {
    containers: List<ContainerView>,
    init_containers: List<ContainerView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerView {
    name: Option<Box<str>>,
    image: Option<String>,
    command: Option<Vec<Option<String>>>,
    args: Option<Vec<Option<String>>>,
    env: List<EnvView>,
    restart_policy: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EnvView {
    name: Option<String>,
    value: Option<String>,
    value_from: Option<IgnoredAny>,
}

/// Reads a workload with a Pod template. `None`: it has no template of its own (an Argo Rollout that refers to a
/// Deployment).
pub(crate) fn read(
    metadata: &Metadata,
    spec: WorkloadSpecView,
    kind: Kind,
) -> Result<Option<Workload>, DecodeError> {
    match spec.template {
        Some(template) => workload(template.0, owner_of(metadata), "/spec/template").map(Some),
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
    workload(pod, owner_of(metadata), "")
}

fn owner_of(metadata: &Metadata) -> Option<Box<(Box<str>, Arc<str>)>> {
    let (kind, name) = metadata.controller()?;
    Some(Box::new((Box::from(kind), Arc::clone(name))))
}

fn workload(
    pod: PodView,
    owner: Option<Box<(Box<str>, Arc<str>)>>,
    base: &str,
) -> Result<Workload, DecodeError> {
    let metadata = pod.metadata.unwrap_or_default().0;
    let spec = pod.spec.unwrap_or_default().0;
    let annotations = metadata.annotations.unwrap_or_default();
    let field = format!("{base}{ANNOTATIONS}");
    let mut proxy = proxy_facts(&spec);
    // On an injected Pod the overrides are a record of what was done, and its containers say what runs.
    if annotations.get(&field, STATUS_ANNOTATION)?.is_none()
        && let Some(overrides) = annotations.get(&field, OVERRIDES_ANNOTATION)?
    {
        for role in overridden_roles(overrides) {
            proxy.take_role(PROXY_CONTAINER, role, true);
        }
    }
    proxy.template = annotations
        .get(&field, TEMPLATES_ANNOTATION)?
        .map(injection_template);
    Ok(Workload {
        labels: metadata.labels.unwrap_or_default(),
        proxy: (proxy != ProxyFacts::default()).then(|| Box::new(proxy)),
        owner,
    })
}

/// What the containers show. Of the initContainers only those that go on running count (`restartPolicy: Always`): with
/// native sidecars Istio moves a user's own router there.
fn proxy_facts(spec: &PodSpecView) -> ProxyFacts {
    let mut proxy = ProxyFacts::default();
    for (_, container) in elements(&spec.containers) {
        if let Some(role) = container.role() {
            proxy.take_role(container.name(), role, container.has_arguments());
        }
    }
    for (_, container) in elements(&spec.init_containers) {
        if container.restart_policy.as_deref() != Some("Always") {
            continue;
        }
        match container.role() {
            Some(ProxyRole::Router) => proxy.take_role(container.name(), ProxyRole::Router, true),
            role if container.name() == PROXY_CONTAINER => proxy.native_sidecar_role = role,
            _ => {}
        }
    }
    let mut containers = elements(&spec.containers);
    let only = containers.next().filter(|_| containers.next().is_none());
    proxy.is_lone_proxy = only.is_some_and(|(_, container)| container.awaits_injection());
    proxy
}

impl ProxyFacts {
    fn take_role(&mut self, container: &str, role: ProxyRole, has_arguments: bool) {
        if role == ProxyRole::Router {
            self.router.get_or_insert_with(|| container.into());
        } else if role != ProxyRole::Agentgateway && container == PROXY_CONTAINER && has_arguments {
            self.own_role = Some(role);
        }
    }
}

impl ContainerView {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    fn awaits_injection(&self) -> bool {
        let image = self.image.as_deref().unwrap_or("auto");
        let basename = image.rsplit('/').next().unwrap_or(image);
        self.name() == PROXY_CONTAINER
            && self.command.as_ref().is_none_or(Vec::is_empty)
            && (image == "auto" || basename.starts_with("proxyv2"))
    }

    fn has_arguments(&self) -> bool {
        self.args.as_ref().is_some_and(|args| !args.is_empty())
    }

    fn role(&self) -> Option<ProxyRole> {
        let env: Vec<(&str, Option<&str>)> = elements(&self.env)
            .filter_map(|(_, env)| {
                let literal = env.value_from.is_none();
                let value = literal.then(|| env.value.as_deref().unwrap_or_default());
                Some((env.name.as_deref()?, value))
            })
            .collect();
        proxy_role(
            &words(self.command.as_ref()),
            &words(self.args.as_ref()),
            &env,
        )
    }
}

fn words(words: Option<&Vec<Option<String>>>) -> Vec<&str> {
    let words = words.into_iter().flatten();
    words
        .map(|word| word.as_deref().unwrap_or_default())
        .collect()
}
