//! By which name the program was called: a link called `kubectl-l7guard` on the `PATH` makes it `kubectl l7guard`.
//!
//! Source: Kubernetes documentation, "Extend kubectl with plugins" (a plugin is an executable whose name begins with
//! `kubectl-`).

use std::ffi::OsStr;
use std::path::Path;

/// The file name that makes the program a plugin.
const PLUGIN: &str = "kubectl-l7guard";

/// What the user typed to get here, if it is not the program's own name: help and usage then say the same. `program`
/// is the first of the process's arguments.
#[must_use]
pub(super) fn typed_name(program: &OsStr) -> Option<&'static str> {
    let stem = Path::new(program).file_stem()?;
    (stem == PLUGIN).then_some("kubectl l7guard")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(program: &str) -> Option<&'static str> {
        typed_name(OsStr::new(program))
    }

    #[test]
    fn a_plugin_is_known_by_its_file_name_wherever_it_is() {
        for program in [
            "kubectl-l7guard",
            "/usr/local/bin/kubectl-l7guard",
            "./kubectl-l7guard.exe",
        ] {
            assert_eq!(of(program), Some("kubectl l7guard"), "{program}");
        }
    }

    #[test]
    fn any_other_name_is_not_the_plugins() {
        for program in ["l7guard", "/opt/kubectl-l7guard/l7guard", "kubectl", ""] {
            assert_eq!(of(program), None, "{program}");
        }
    }
}
