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
/// A variable that takes its value from elsewhere (`valueFrom`), and with `envFrom` one that is not in `env`, has a value
/// that no object shows; so has one once everything together has grown by [`GROWTH`]. A variable that is nowhere stays as
/// it is written, as the kubelet leaves it.
#[derive(Debug)]
pub(super) struct Environment {
    /// `None`: defined, but its value is not written in the object.
    values: HashMap<String, Option<Word>>,
    /// Whether variables come from elsewhere that are not named here.
    has_others: bool,
    /// By how much more may grow what is expanded.
    growth: Cell<usize>,
}

/// A word after expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The text. A reference without a known value stands in it as it was written.
    pub(super) text: String,
    /// Where the first reference stands whose value is not known.
    pub(super) open_at: Option<usize>,
}

impl Environment {
    /// Reads `env` in its order: a value may refer to variables above it, and of several
    /// definitions of one name the last one holds. `has_others`: there is an `envFrom`.
    pub(super) fn from_env<S: AsRef<str>>(env: &[(S, Option<S>)], has_others: bool) -> Self {
        let mut environment = Self {
            values: HashMap::new(),
            has_others,
            growth: Cell::new(GROWTH),
        };
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
    pub(super) fn expand(&self, text: &str) -> Word {
        let mut expanded = Word::default();
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            expanded.text.push_str(&rest[..dollar]);
            let after = &rest[dollar + 1..];
            if let Some(escaped) = after.strip_prefix('$') {
                expanded.text.push('$');
                rest = escaped;
            } else if let Some((name, behind)) = after
                .strip_prefix('(')
                .and_then(|reference| reference.split_once(')'))
            {
                expanded.refer_to(self, name);
                rest = behind;
            } else {
                expanded.text.push('$');
                rest = after;
            }
        }
        expanded.text.push_str(rest);
        expanded
    }

    fn may_grow(&self, bytes: usize) -> bool {
        let left = self.growth.get().checked_sub(bytes);
        self.growth.set(left.unwrap_or_default());
        left.is_some()
    }
}

impl Word {
    fn refer_to(&mut self, environment: &Environment, name: &str) {
        let here = self.text.len();
        let open_at = match environment.values.get(name) {
            Some(Some(value)) if environment.may_grow(value.text.len()) => {
                self.text.push_str(&value.text);
                value.open_at.map(|at| here + at)
            }
            unknown => {
                self.text.extend(["$(", name, ")"]);
                (unknown.is_some() || environment.has_others).then_some(here)
            }
        };
        self.open_at = self.open_at.or(open_at);
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, GROWTH};

    fn expanded(env: &[(&str, Option<&str>)], text: &str) -> String {
        Environment::from_env(env, false).expand(text).text
    }

    #[test]
    fn a_value_that_stands_elsewhere_leaves_the_word_open() {
        let env = [
            ("ROLE", Some("router")),
            ("SECRET", None),
            ("COPY", Some("x-$(SECRET)")),
        ];
        let open_at =
            |has_others, text: &str| Environment::from_env(&env, has_others).expand(text).open_at;
        for (text, alone, with_others) in [
            ("$(ROLE)", None, None),
            ("a$(SECRET)$(SECRET)", Some(1), Some(1)),
            ("$(COPY)", Some(2), Some(2)),
            ("--x=$(COPY)", Some(6), Some(6)),
            ("$(ROLE)$(OTHER)", None, Some(6)),
            ("$$(SECRET)", None, None),
        ] {
            assert_eq!(open_at(false, text), alone, "{text}");
            assert_eq!(open_at(true, text), with_others, "{text}");
        }
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
        let environment = Environment::from_env(&env, false);
        let text = |name: &str| environment.values[name].as_ref().map(|word| &*word.text);
        assert_eq!(text("A0"), Some("routerrouter"));
        let held = environment.values.values().flatten();
        let held = held.map(|word| word.text.len());
        assert!(held.sum::<usize>() < 2 * GROWTH);
        let last = environment.expand("$(A)");
        assert_eq!((&*last.text, last.open_at), ("$(A)", Some(0)));
        assert_eq!(environment.expand("router").text, "router");
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
