//! Workloads: the labels of their Pods, and what their Pod template (or Pod) shows of a gateway's proxy.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::metadata::{ANNOTATIONS, Header, Metadata};
use super::reading::{DecodeError, List, Mapping, Marks, Source, elements};
use crate::gateways::command_line::{ProxyRole, proxy_role};
use crate::gateways::injection_overrides::overridden_roles;
use crate::gateways::injection_templates::{InjectionTemplate, injection_template};
use crate::identity::Kind;
use crate::labels::Labels;

/// The annotation that names the templates by which Istio injects a proxy.
pub const TEMPLATES_ANNOTATION: &str = "inject.istio.io/templates";
/// The annotation that carries a user's changes to the injected proxy's containers.
const OVERRIDES_ANNOTATION: &str = "proxy.istio.io/overrides";
/// The name of the container that Istio injects, or that stands in a template for it.
const PROXY_CONTAINER: &str = "istio-proxy";

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
    /// Containers whose command lines run a proxy, and in which role.
    pub roles: Box<[ContainerRole]>,
    /// What [`TEMPLATES_ANNOTATION`] asks for.
    pub template: Option<InjectionTemplate>,
    /// Whether the one container there is is called `istio-proxy`.
    pub is_lone_proxy: bool,
}

/// A container that runs a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRole {
    /// The container's name.
    pub container: Box<str>,
    /// Its proxy's role.
    pub role: ProxyRole,
}

#[derive(Deserialize)]
struct WorkloadView {
    metadata: Option<Mapping<Metadata>>,
    spec: Option<Mapping<WorkloadSpecView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WorkloadSpecView {
    template: Option<Mapping<PodView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PodView {
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

/// Reads a workload. `None`: it has no template of its own (an Argo Rollout that refers to a Deployment).
pub(crate) fn read(source: Source<'_>, kind: Kind) -> Result<Option<Workload>, DecodeError> {
    if kind == Kind::Pod {
        let owner = source
            .read::<Header>()?
            .metadata
            .as_ref()
            .and_then(owner_of);
        let pod: PodView = source.read()?;
        if pod.spec.is_none() {
            return Err(DecodeError::Incomplete { pointer: "/spec" });
        }
        return workload(pod, owner, "").map(Some);
    }
    let view: WorkloadView = source.read()?;
    let spec = view
        .spec
        .ok_or(DecodeError::Incomplete { pointer: "/spec" })?;
    match spec.0.template {
        Some(template) => {
            let owner = view.metadata.as_ref().and_then(owner_of);
            workload(template.0, owner, "/spec/template").map(Some)
        }
        None if matches!(kind, Kind::Rollout | Kind::ReplicaSet) => Ok(None),
        None => Err(DecodeError::Incomplete {
            pointer: "/spec/template",
        }),
    }
}

fn owner_of(metadata: &Mapping<Metadata>) -> Option<Box<(Box<str>, Arc<str>)>> {
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
    let mut roles = container_roles(&spec);
    if let Some(overrides) = annotations.get(&field, OVERRIDES_ANNOTATION)? {
        let overridden = overridden_roles(overrides).into_iter();
        roles.extend(overridden.map(|role| ContainerRole {
            container: PROXY_CONTAINER.into(),
            role,
        }));
    }
    let mut containers = elements(&spec.containers);
    let only = containers.next().filter(|_| containers.next().is_none());
    let proxy = ProxyFacts {
        roles: roles.into_boxed_slice(),
        template: annotations
            .get(&field, TEMPLATES_ANNOTATION)?
            .map(injection_template),
        is_lone_proxy: only.is_some_and(|(_, c)| c.name.as_deref() == Some(PROXY_CONTAINER)),
    };
    Ok(Workload {
        labels: metadata.labels.unwrap_or_default(),
        proxy: (proxy != ProxyFacts::default()).then(|| Box::new(proxy)),
        owner,
    })
}

/// The roles in which containers run a proxy. Of the initContainers only those that go on running count
/// (`restartPolicy: Always`): with native sidecars Istio moves a user's own router there.
fn container_roles(spec: &PodSpecView) -> Vec<ContainerRole> {
    let running_init = elements(&spec.init_containers)
        .filter(|(_, container)| container.restart_policy.as_deref() == Some("Always"));
    elements(&spec.containers)
        .chain(running_init)
        .filter_map(|(_, container)| {
            Some(ContainerRole {
                role: container.role()?,
                container: container.name.clone().unwrap_or_default(),
            })
        })
        .collect()
}

impl ContainerView {
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
