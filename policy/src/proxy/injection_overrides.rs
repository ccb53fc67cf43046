//! Proxy roles hidden in the annotation `proxy.istio.io/overrides`.
//!
//! Istio's injector keeps there what a Pod's author had written for the injected containers, and lays
//! it over its template again: so the annotation can turn the proxy of an ordinary application into a
//! router without any other mark.
//!
//! Sources: Istio, `pkg/kube/inject/webhook.go` (`ParsedContainers`, `reapplyOverwrittenContainers`);
//! Go, `encoding/json` (`Unmarshal`), which decodes it.

use super::command_line::{ProxyRole, proxy_role};
use crate::go_json::{Decode, FieldKey, Reader, Slice, Struct};

/// The container of Istio's templates that runs the proxy.
const PROXY_CONTAINER: &str = "istio-proxy";

/// The roles that the value of the annotation `proxy.istio.io/overrides` gives to proxies.
///
/// Istio uses the first entry of a name if its template has a container of that name in the same list, and
/// the template says what the entry leaves out. Which template that is, is not seen. So a router counts
/// wherever it stands, and any other role only where it is sure to outrank the template's: in
/// `containers`, for `istio-proxy`, with `args` (a `command` without them is followed by the template's).
///
/// A Pod that is injected already (`sidecar.istio.io/status`) runs what its own containers say: there
/// the annotation is only a record.
///
/// A value that Go cannot decode yields nothing: Istio refuses such a Pod.
#[must_use]
pub fn overridden_roles(annotation: &str) -> Vec<ProxyRole> {
    let mut overrides = Overrides::default();
    let Ok(mut reader) = Reader::over(annotation.as_bytes()) else {
        return Vec::new();
    };
    if overrides.decode(&mut reader).is_err() {
        return Vec::new();
    }
    let proxy = overrides
        .containers
        .iter()
        .position(|container| container.name == PROXY_CONTAINER);
    let roles = overrides
        .containers
        .iter()
        .chain(overrides.init_containers.iter())
        .enumerate()
        .filter_map(|(index, container)| {
            let is_sure = proxy == Some(index) && !container.args.is_empty();
            container
                .role()
                .filter(|role| is_sure || *role == ProxyRole::Router)
        });
    roles.collect()
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
    fn role(&self) -> Option<ProxyRole> {
        let env: Vec<_> = self
            .env
            .iter()
            .map(|variable| (variable.name.clone(), variable.literal()))
            .collect();
        proxy_role(&self.command, &self.args, &env)
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
    use super::super::command_line::ProxyRole::{self, Router, Sidecar};
    use super::overridden_roles;

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
