//! Proxy roles hidden in the annotation `proxy.istio.io/overrides`.
//!
//! Istio's injector keeps there what a Pod's author had written for the injected containers, and lays
//! it over its template again: so the annotation can turn the proxy of an ordinary application into a
//! router without any other mark.
//!
//! Sources: Istio, `pkg/kube/inject/webhook.go` (`ParsedContainers`, `reapplyOverwrittenContainers`);
//! Go, `encoding/json` (`Unmarshal`), which decodes it.

use super::command_line::proxy_role;
use super::role::{CommandRole, ProxyRole, UnknownRole};
use crate::go_json::{Decode, FieldKey, Reader, Slice, Struct};

/// The container of Istio's templates that runs the proxy.
const PROXY_CONTAINER: &str = "istio-proxy";
/// What the templates that Istio ships for gateways give `pilot-agent` as arguments, as far as the role goes.
pub(crate) const GATEWAY_ARGUMENTS: [&str; 2] = ["proxy", "router"];

/// What the value of the annotation `proxy.istio.io/overrides` makes of the proxies that are injected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OverriddenRoles {
    /// Whether one becomes a router.
    pub has_router: bool,
    /// A role other than router that the proxy certainly has, whatever its template is.
    pub own_role: Option<ProxyRole>,
    /// Why the role of one cannot be told.
    pub unknown: Option<UnknownRole>,
}

/// The roles that the value of the annotation `proxy.istio.io/overrides` gives to proxies.
///
/// Istio uses the first entry of a name if its template has a container of that name in the same list, and
/// the template says what the entry leaves out. Which template that is, is not seen. So a router counts
/// wherever it stands, and any other role only where it is sure to outrank the template's: in
/// `containers`, for `istio-proxy`, with a command line of its own. A `command` alone is followed by the
/// template's arguments, which for a gateway are `GATEWAY_ARGUMENTS`. A variable is the template's, whose
/// values are not seen.
///
/// A Pod that is injected already (`sidecar.istio.io/status`) runs what its own containers say: there
/// the annotation is only a record.
///
/// A value that Go cannot decode yields nothing: Istio refuses such a Pod.
#[must_use]
pub fn overridden_roles(annotation: &str) -> OverriddenRoles {
    let mut overrides = Overrides::default();
    let mut roles = OverriddenRoles::default();
    let Ok(mut reader) = Reader::over(annotation.as_bytes()) else {
        return roles;
    };
    if overrides.decode(&mut reader).is_err() {
        return roles;
    }
    let proxy = overrides
        .containers
        .iter()
        .position(|container| container.name == PROXY_CONTAINER);
    let containers = overrides
        .containers
        .iter()
        .chain(overrides.init_containers.iter());
    for (index, container) in containers.enumerate() {
        let is_proxy = container.name == PROXY_CONTAINER;
        match container.role() {
            CommandRole::Known(ProxyRole::Router) => roles.has_router = true,
            CommandRole::Known(role) if proxy == Some(index) && !container.args.is_empty() => {
                roles.own_role = Some(role);
            }
            CommandRole::Unknown { why, is_proxy: yes } if is_proxy || yes => {
                roles.unknown = roles.unknown.or(Some(why));
            }
            _ => {}
        }
        if proxy == Some(index) && container.args.is_empty() && roles.own_role.is_none() {
            roles.own_role = container.role_before_a_templates();
        }
    }
    roles
}

#[derive(Default)]
struct Overrides {
    containers: Slice<Container>,
    init_containers: Slice<Container>,
}

#[derive(Default)]
struct Container {
    name: String,
    command: Slice<String>,
    args: Slice<String>,
    env: Slice<Variable>,
}

#[derive(Default)]
struct Variable {
    name: String,
    value: String,
    value_from: Option<Unread>,
}

/// An object of which only the presence counts.
#[derive(Default)]
struct Unread;

impl Container {
    /// What its own command line says. One that brings none leaves the role to the template.
    fn role(&self) -> CommandRole {
        if self.command.is_empty() && self.args.is_empty() {
            return CommandRole::NoProxy;
        }
        proxy_role(&self.command, &self.args, &self.env(), true)
    }

    /// The role other than router that its `command` has before the arguments of a gateway's template.
    fn role_before_a_templates(&self) -> Option<ProxyRole> {
        let args = GATEWAY_ARGUMENTS.map(str::to_owned);
        if self.command.is_empty() {
            return None;
        }
        match proxy_role(&self.command, &args, &self.env(), true) {
            CommandRole::Known(role) if role != ProxyRole::Router => Some(role),
            _ => None,
        }
    }

    fn env(&self) -> Vec<(String, Option<String>)> {
        self.env
            .iter()
            .map(|variable| (variable.name.clone(), variable.literal()))
            .collect()
    }
}

impl Variable {
    /// The kubelet looks at `valueFrom` only where there is no value.
    fn literal(&self) -> Option<String> {
        let is_elsewhere = self.value.is_empty() && self.value_from.is_some();
        (!is_elsewhere).then(|| self.value.clone())
    }
}

impl Struct for Overrides {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("containers", &mut self.containers),
            ("initContainers", &mut self.init_containers),
        ])
    }
}

impl Struct for Container {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("name", &mut self.name),
            ("command", &mut self.command),
            ("args", &mut self.args),
            ("env", &mut self.env),
        ])
    }
}

impl Struct for Variable {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("name", &mut self.name),
            ("value", &mut self.value),
            ("valueFrom", &mut self.value_from),
        ])
    }
}

impl Struct for Unread {
    fn field(&mut self, _: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::role::ProxyRole::{self, Router, Sidecar};
    use super::super::role::UnknownRole;

    fn overridden_roles(annotation: &str) -> Vec<ProxyRole> {
        let roles = super::overridden_roles(annotation);
        let router = roles.has_router.then_some(Router);
        roles.own_role.into_iter().chain(router).collect()
    }

    fn check(cases: &[(&str, &[ProxyRole])]) {
        for (annotation, wanted) in cases {
            assert_eq!(overridden_roles(annotation), *wanted, "{annotation}");
        }
    }

    #[test]
    fn a_router_counts_wherever_it_stands() {
        check(&[
            (
                r#"{"containers":[{"name":"istio-proxy","args":["proxy","router"]}]}"#,
                &[Router],
            ),
            (
                r#"{"initContainers":[{"name":"istio-proxy","args":["proxy","router"]}]}"#,
                &[Router],
            ),
            (
                r#"{"containers":[{"name":"istio-proxy","args":["proxy"]},{"args":["proxy","router"]}]}"#,
                &[Sidecar, Router],
            ),
            (
                r#"{"containers":[{"command":["/usr/local/bin/pilot-agent","proxy"],"args":["router"]}]}"#,
                &[Router],
            ),
            (
                r#"{"containers":[{"command":["pilot-agent","proxy","router"]}]}"#,
                &[Router],
            ),
        ]);
    }

    #[test]
    fn another_role_counts_only_where_it_outranks_the_template() {
        check(&[
            (
                r#"{"containers":[{"name":"istio-proxy","args":["proxy","sidecar"]}]}"#,
                &[Sidecar],
            ),
            (
                r#"{"containers":[{"name":"helper","args":["proxy","sidecar"]}]}"#,
                &[],
            ),
            (
                r#"{"initContainers":[{"name":"istio-proxy","args":["proxy","sidecar"]}]}"#,
                &[],
            ),
            (
                r#"{"containers":[{"name":"istio-proxy","command":["pilot-agent","proxy","sidecar"]}]}"#,
                &[Sidecar],
            ),
            // The template's `proxy router` would follow, and `-x` take its `proxy`.
            (
                r#"{"containers":[{"name":"istio-proxy","command":["pilot-agent","proxy","-x"]}]}"#,
                &[],
            ),
            (
                r#"{"containers":[{"name":"istio-proxy","image":"x"},{"name":"istio-proxy","args":["proxy","sidecar"]}]}"#,
                &[],
            ),
        ]);
    }

    #[test]
    fn an_entry_without_a_command_line_has_no_role() {
        check(&[
            (
                r#"{"containers":[{"name":"istio-proxy","image":"x","resources":{"limits":{"cpu":"1"}}}]}"#,
                &[],
            ),
            (
                r#"{"containers":[{"name":"istio-init","args":["istio-iptables","-p","15001"]}]}"#,
                &[],
            ),
            (r#"{"containers":[{"command":["pilot-agent"]}]}"#, &[]),
            ("{}", &[]),
            ("null", &[]),
            (r#"{"containers":null}"#, &[]),
            (r#"{"containers":[null]}"#, &[]),
        ]);
    }

    #[test]
    fn the_env_of_an_entry_is_put_into_its_args() {
        let role = |variable: &str| {
            overridden_roles(&format!(
                r#"{{"containers":[{{"args":["proxy$(X)","router"],"env":[{{"name":"X",{variable}}}]}}]}}"#
            ))
        };
        assert_eq!(role(r#""value":"""#), [Router]);
        assert_eq!(role(r#""value":"x""#), []);
        assert_eq!(role(r#""valueFrom":{"fieldRef":{"fieldPath":"x"}}"#), []);
        assert_eq!(role(r#""valueFrom":null"#), [Router]);
        assert_eq!(role(r#""valueFrom":{},"valueFrom":null"#), [Router]);
        // The kubelet does not look at `valueFrom` beside a value.
        let both = r#"{"containers":[{"args":["proxy","$(X)"],
            "env":[{"name":"X","value":"router","valueFrom":{}}]}]}"#;
        assert_eq!(overridden_roles(both), [Router]);
    }

    #[test]
    fn what_hangs_on_the_template_or_another_program_is_unknown() {
        for (container, wanted) in [
            (
                r#"{"name":"istio-proxy","args":["proxy","$(ROLE)"]}"#,
                Some(UnknownRole::Variable),
            ),
            (
                r#"{"name":"istio-proxy","command":["/start.sh"]}"#,
                Some(UnknownRole::Program),
            ),
            (
                r#"{"name":"istio-proxy","command":["sh","-c","exec $X"]}"#,
                Some(UnknownRole::Script),
            ),
            (r#"{"name":"helper","command":["/start.sh"]}"#, None),
            (r#"{"name":"istio-proxy","image":"x"}"#, None),
            (
                r#"{"name":"istio-proxy","args":["proxy","sidecar","--domain","$(X).svc"]}"#,
                None,
            ),
        ] {
            let annotation = format!(r#"{{"containers":[{container}]}}"#);
            let roles = super::overridden_roles(&annotation);
            assert_eq!(roles.unknown, wanted, "{container}");
        }
    }

    #[test]
    fn keys_are_read_in_any_case() {
        check(&[
            (r#"{"Containers":[{"ARGS":["proxy","router"]}]}"#, &[Router]),
            (
                r#"{"INITcontainerſ":[{"argS":["proxy","router"]}]}"#,
                &[Router],
            ),
        ]);
    }

    #[test]
    fn a_second_field_of_a_name_changes_the_first() {
        check(&[
            (
                r#"{"containers":[{"args":["proxy","router"]}],"containers":[{"name":"istio-proxy"}]}"#,
                &[Router],
            ),
            (
                r#"{"containers":[{"args":["proxy","router"],"args":["proxy","sidecar"]}]}"#,
                &[],
            ),
            (
                r#"{"containers":[{"args":["proxy","router"],"args":["proxy",null]}]}"#,
                &[Router],
            ),
            (
                r#"{"containers":[{"args":["proxy","router"]}],"containers":null}"#,
                &[],
            ),
            (
                r#"{"containers":[{"args":["proxy","router"]}],"containers":[]}"#,
                &[],
            ),
        ]);
    }

    #[test]
    fn odd_but_valid_json_elsewhere_does_not_hide_a_role() {
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        let deep = format!(r#"{{"x":{deep},"containers":[{{"args":["proxy","router"]}}]}}"#);
        check(&[
            (&deep, &[Router]),
            (
                r#"{"\ud800":"\ud800","containers":[{"args":["proxy","router","\udc00"]}]}"#,
                &[Router],
            ),
            (
                r#"{"x":1e999,"containers":[{"args":["\u0070roxy","router"]}]}"#,
                &[Router],
            ),
        ]);
    }

    #[test]
    fn what_go_cannot_decode_yields_nothing() {
        check(&[
            ("", &[]),
            ("[]", &[]),
            (r#"{"containers":[{"args":["proxy","router"]}]}x"#, &[]),
            (r#"{"containers":[{"args":["proxy","router"]}]"#, &[]),
            (r#"{"containers":{"args":["proxy","router"]}}"#, &[]),
            (r#"{"containers":[{"args":"proxy router"}]}"#, &[]),
            (r#"{"containers":[{"args":["proxy","router",1]}]}"#, &[]),
            ("containers: [{args: [proxy, router]}]", &[]),
        ]);
    }
}
