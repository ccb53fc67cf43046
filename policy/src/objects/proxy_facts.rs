//! What the containers and annotations of a Pod or Pod template show of a gateway's proxy.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::reading::{List, elements};
use crate::proxy::command_line::proxy_role;
use crate::proxy::injection::InjectionRequest;
use crate::proxy::injection_overrides::{GATEWAY_ARGUMENTS, OverriddenRoles};
use crate::proxy::injection_templates::InjectionTemplate;
use crate::proxy::role::{CommandRole, ProxyRole, UnknownRole};

/// The name of the container that Istio injects, or that stands in a template for it.
const PROXY_CONTAINER: &str = "istio-proxy";

/// What a Pod or Pod template shows of a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProxyFacts {
    /// The container that runs a router, by its command line.
    pub router: Option<Box<str>>,
    /// A role other than router that the container `istio-proxy` has by a command line of its own: it outranks what a
    /// template would give it. Another container's role says nothing of the proxy.
    pub own_role: Option<ProxyRole>,
    /// The same of an `istio-proxy` among the initContainers, where Istio puts native sidecars.
    pub native_sidecar_role: Option<ProxyRole>,
    /// What the annotation `inject.istio.io/templates` asks for.
    pub template: Option<InjectionTemplate>,
    /// What the annotation `proxy.istio.io/overrides` makes of the proxy, if one is injected.
    pub overrides: Option<Overrides>,
    /// The first proxy container whose role cannot be told, and why.
    pub unknown: Option<(Box<str>, UnknownRole)>,
    /// Whether the one container there is waits for injection: it is called `istio-proxy`, brings no command of its own,
    /// and its image is Istio's or the placeholder `auto`.
    pub is_lone_proxy: bool,
}

/// What the annotation `proxy.istio.io/overrides` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Overrides {
    /// The roles that it gives to injected proxies.
    pub roles: OverriddenRoles,
    /// Whether the Pod asks for injection. One that refuses it has no overrides.
    pub request: InjectionRequest,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodSpecView {
    host_network: Option<bool>,
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
    env_from: List<IgnoredAny>,
    restart_policy: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EnvView {
    name: Option<String>,
    value: Option<String>,
    value_from: Option<IgnoredAny>,
}

impl PodSpecView {
    /// Whether `hostNetwork` is set.
    pub(super) fn is_on_host_network(&self) -> bool {
        self.host_network == Some(true)
    }
}

impl ProxyFacts {
    /// What the containers show. Of the initContainers only those that go on running count (`restartPolicy: Always`):
    /// with native sidecars Istio moves a user's own router there.
    pub(super) fn of_containers(spec: &PodSpecView) -> Self {
        let mut facts = Self::default();
        for (_, container) in elements(&spec.containers) {
            match container.role() {
                CommandRole::NoProxy => {}
                CommandRole::Known(role) => facts.take_role(container, role),
                CommandRole::Unknown { why, .. } => facts.take_unknown(container, why),
            }
        }
        for (_, container) in elements(&spec.init_containers) {
            if container.restart_policy.as_deref() != Some("Always") {
                continue;
            }
            match container.role() {
                CommandRole::Known(ProxyRole::Router) => {
                    facts.take_role(container, ProxyRole::Router);
                }
                CommandRole::Known(role) if container.name() == PROXY_CONTAINER => {
                    facts.native_sidecar_role = Some(role);
                }
                CommandRole::Unknown { why, .. } => facts.take_unknown(container, why),
                CommandRole::Known(_) | CommandRole::NoProxy => {}
            }
        }
        let mut containers = elements(&spec.containers);
        let only = containers.next().filter(|_| containers.next().is_none());
        facts.is_lone_proxy = only.is_some_and(|(_, container)| container.awaits_injection());
        facts
    }

    fn take_role(&mut self, container: &ContainerView, role: ProxyRole) {
        if role == ProxyRole::Router {
            self.router.get_or_insert_with(|| container.name().into());
        } else if role != ProxyRole::Agentgateway
            && container.name() == PROXY_CONTAINER
            && container.outranks_template()
        {
            self.own_role = Some(role);
        }
    }

    fn take_unknown(&mut self, container: &ContainerView, why: UnknownRole) {
        self.unknown
            .get_or_insert_with(|| (container.name().into(), why));
    }
}

impl ContainerView {
    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    fn awaits_injection(&self) -> bool {
        self.name() == PROXY_CONTAINER
            && self.command.as_ref().is_none_or(Vec::is_empty)
            && self.has_image_of_istio()
    }

    /// Whether the image is Istio's by its name, or left to the injector.
    fn has_image_of_istio(&self) -> bool {
        let image = self.image.as_deref().unwrap_or("auto");
        image == "auto" || self.has_proxy_image()
    }

    fn has_proxy_image(&self) -> bool {
        let image = self.image.as_deref().unwrap_or_default();
        let basename = image.rsplit('/').next().unwrap_or(image);
        ["proxyv2", "pilot-agent"]
            .into_iter()
            .any(|name| basename.starts_with(name))
    }

    /// Whether its own command line says the role whatever template is laid under it. A `command` without `args` is
    /// followed by the template's.
    fn outranks_template(&self) -> bool {
        if self.args.as_ref().is_some_and(|args| !args.is_empty()) {
            return true;
        }
        let role = self.role_with(&GATEWAY_ARGUMENTS);
        matches!(role, CommandRole::Known(role) if role != ProxyRole::Router)
    }

    /// What the container says of a proxy's role. Where its command line leaves that open, it does so only for a
    /// container that is a proxy's.
    fn role(&self) -> CommandRole {
        let command_is_empty = self.command.as_ref().is_none_or(Vec::is_empty);
        let is_called_proxy = self.name() == PROXY_CONTAINER;
        match self.role_with(&words(self.args.as_ref())) {
            CommandRole::NoProxy
                if is_called_proxy && command_is_empty && !self.has_image_of_istio() =>
            {
                CommandRole::Unknown {
                    why: UnknownRole::Image,
                    is_proxy: true,
                }
            }
            CommandRole::Unknown {
                is_proxy: false, ..
            } if !is_called_proxy && !self.has_proxy_image() => CommandRole::NoProxy,
            role => role,
        }
    }

    fn role_with(&self, args: &[&str]) -> CommandRole {
        let env: Vec<(&str, Option<&str>)> = elements(&self.env)
            .filter_map(|(_, env)| {
                let literal = env.value_from.is_none();
                let value = literal.then(|| env.value.as_deref().unwrap_or_default());
                Some((env.name.as_deref()?, value))
            })
            .collect();
        let has_env_from = elements(&self.env_from).next().is_some();
        proxy_role(&words(self.command.as_ref()), args, &env, has_env_from)
    }
}

fn words(words: Option<&Vec<Option<String>>>) -> Vec<&str> {
    let words = words.into_iter().flatten();
    words
        .map(|word| word.as_deref().unwrap_or_default())
        .collect()
}
