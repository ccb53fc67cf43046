//! `$(NAME)` in a container's `command`, `args` and `env`, replaced as the kubelet does it.
//!
//! Sources: Kubernetes, `third_party/forked/golang/expansion/expand.go` (`Expand`,
//! `tryReadVariableName`) and `pkg/kubelet/kubelet_pods.go` (`makeEnvironmentVariables`).

use std::cell::Cell;
use std::collections::HashMap;

/// By how many bytes the values and words of one container may grow together when references are replaced: 256 KiB. A few
/// dozen variables that each name the one before twice stand for more bytes than there are. A container that needs more
/// hardly starts: the kernel takes strings of up to 128 KiB, and at most a quarter of the stack of them (Linux `fs/exec.c`,
/// `MAX_ARG_STRLEN`, `bprm_stack_limits`).
const GROWTH: usize = 256 * 1024;

/// The part of a container's environment that stands literally in its `env`.
///
/// Variables of `envFrom`, of Services and of the image are not in it: a reference to one of them
/// stays as it is written, as does a reference to a variable that takes its value from elsewhere
/// (`valueFrom`), or once everything together has grown by [`GROWTH`]. So a word that [`Environment::expand`] returns with
/// `$(` in it is not known.
#[derive(Debug)]
pub(super) struct Environment {
    /// `None`: defined, but its value is not written in the object.
    values: HashMap<String, Option<String>>,
    /// By how much more may grow what is expanded.
    growth: Cell<usize>,
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            growth: Cell::new(GROWTH),
        }
    }
}

impl Environment {
    /// Reads `env` in its order: a value may refer to variables above it, and of several
    /// definitions of one name the last one holds.
    pub(super) fn from_env<S: AsRef<str>>(env: &[(S, Option<S>)]) -> Self {
        let mut environment = Self::default();
        for (name, literal) in env {
            let value = literal
                .as_ref()
                .map(|text| environment.expand(text.as_ref()));
            environment.values.insert(name.as_ref().to_owned(), value);
        }
        environment
    }

    /// Replaces `$(NAME)` by the value of `NAME` and `$$` by `$`. A reference to a name without a
    /// known value stays as it is, and a value that was put in is not expanded again.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            expanded.push_str(&rest[..dollar]);
            let after = &rest[dollar + 1..];
            if let Some(escaped) = after.strip_prefix('$') {
                expanded.push('$');
                rest = escaped;
            } else if let Some((name, behind)) = after
                .strip_prefix('(')
                .and_then(|reference| reference.split_once(')'))
            {
                match self.values.get(name) {
                    Some(Some(value)) if self.may_grow(value.len()) => expanded.push_str(value),
                    _ => expanded.extend(["$(", name, ")"]),
                }
                rest = behind;
            } else {
                expanded.push('$');
                rest = after;
            }
        }
        expanded.push_str(rest);
        expanded
    }

    fn may_grow(&self, bytes: usize) -> bool {
        let left = self.growth.get().checked_sub(bytes);
        self.growth.set(left.unwrap_or_default());
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, GROWTH};

    fn expanded(env: &[(&str, Option<&str>)], text: &str) -> String {
        Environment::from_env(env).expand(text)
    }

    #[test]
    fn references_are_replaced_and_escapes_are_not() {
        let env = [("A", Some("1")), ("EMPTY", Some("")), ("SECRET", None)];
        for (text, wanted) in [
            ("$(A)", "1"),
            ("x-$(A)$(A)-y", "x-11-y"),
            ("$(EMPTY)", ""),
            ("$(UNKNOWN)", "$(UNKNOWN)"),
            ("$(SECRET)", "$(SECRET)"),
            ("$$(A)", "$(A)"),
            ("$$$(A)", "$1"),
            ("$$$$(A)", "$$(A)"),
            ("$A ${A}", "$A ${A}"),
            ("$(A", "$(A"),
            ("$($(A)", "$($(A)"),
            ("$(A))", "1)"),
            ("$()", "$()"),
            ("$", "$"),
            ("a$", "a$"),
            ("$$", "$"),
            ("", ""),
            ("$é$(A)", "$é1"),
        ] {
            assert_eq!(expanded(&env, text), wanted, "{text}");
        }
    }

    #[test]
    fn a_value_may_refer_to_variables_above_it_only() {
        let env = [
            ("EARLY", Some("$(LATE)")),
            ("LATE", Some("late")),
            ("BOTH", Some("$(EARLY)+$(LATE)")),
        ];
        assert_eq!(expanded(&env, "$(BOTH)"), "$(LATE)+late");
    }

    #[test]
    fn a_value_is_not_expanded_twice() {
        let env = [("A", Some("$$(B)")), ("B", Some("b"))];
        assert_eq!(expanded(&env, "$(A)"), "$(B)");
    }

    #[test]
    fn what_grows_without_bound_is_not_known() {
        let mut env = vec![("A".to_owned(), Some("router".to_owned()))];
        for at in 0..200 {
            let last = &env[at].0;
            env.push((format!("A{at}"), Some(format!("$({last})$({last})"))));
        }
        let environment = Environment::from_env(&env);
        assert_eq!(environment.values["A0"].as_deref(), Some("routerrouter"));
        let held = environment.values.values().flatten().map(String::len);
        assert!(held.sum::<usize>() < 2 * GROWTH);
        assert_eq!(environment.expand("$(A)"), "$(A)");
        assert_eq!(environment.expand("router"), "router");
    }

    #[test]
    fn of_several_definitions_the_last_one_holds() {
        let env = [
            ("ROLE", Some("sidecar")),
            ("COPY", Some("$(ROLE)")),
            ("ROLE", Some("router")),
        ];
        assert_eq!(expanded(&env, "$(COPY) $(ROLE)"), "sidecar router");
        let hidden = [("ROLE", Some("router")), ("ROLE", None)];
        assert_eq!(expanded(&hidden, "$(ROLE)"), "$(ROLE)");
    }
}
