//! A folder in which a user's commands run: manifests, a chart and an overlay, and programs under the names that the
//! commands use. The only real one is l7guard; `cargo` hands it over instead of building it anew, and what renders
//! manifests (`helm`, `kustomize`, `kubectl kustomize`, `argocd`) prints what is rendered already. Each of them fails
//! on arguments that it would not understand, so that a page with a wrong one is noticed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What is deployed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// An ALB Ingress to an application.
    Innocent,
    /// An ALB Ingress to an Istio ingress gateway.
    Violating,
}

impl World {
    pub(crate) const BOTH: [Self; 2] = [Self::Innocent, Self::Violating];

    /// How a check ends there.
    pub(crate) fn status(self) -> i32 {
        match self {
            Self::Innocent => 0,
            Self::Violating => 1,
        }
    }

    /// An Ingress of that name.
    fn manifest(self, name: &str) -> String {
        let service = match self {
            Self::Innocent => "shop",
            Self::Violating => "istio-ingressgateway",
        };
        format!(
            "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name}}}
spec:
  ingressClassName: alb
  defaultBackend: {{service: {{name: {service}, port: {{number: 80}}}}}}
"
        )
    }
}

const CARGO: &str = r#"
target="$HOME/.cargo/bin"; command="$1"; locked=
while [ $# -gt 0 ]; do
  case "$1" in
    --locked) locked=1 ;;
    --manifest-path) test -f "$2" ;;
    --target-dir) target="$2/release" ;;
  esac
  shift
done
test "$locked" && case "$command" in install|build) ;; *) exit 64 ;; esac
mkdir -p "$target" && ln -sf "$L7GUARD" "$target/l7guard"
"#;
const HELM: &str = r#"test "$1" = template && test "$2" && test -d "$3" && cat "$3/rendered""#;
const KUSTOMIZE: &str = r#"test "$1" = build && cat "$2/rendered""#;
/// Runs plugins as `kubectl` does.
const KUBECTL: &str = r#"
if [ "$1" = kustomize ]; then cat "$2/rendered"; else plugin="kubectl-$1"; shift; exec "$plugin" "$@"; fi
"#;
const ARGOCD: &str =
    r#"test "$1 $2 $4 $5" = "app manifests --source git" && test "$3" && cat chart/rendered"#;

/// The folder, and what the shell there knows.
pub(crate) struct Sandbox {
    folder: TempDir,
    environment: BTreeMap<String, String>,
    /// What a runner knows of the action, by expression: by default it comes from a folder.
    pub(crate) contexts: BTreeMap<&'static str, String>,
}

/// How a command ended.
#[derive(Default)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new(world: World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        for path in ["bin", "home/.local/bin", "tools", "temp"] {
            fs::create_dir_all(at(path)).unwrap();
        }
        for (path, name) in [
            ("manifests/edge.yaml", "edge"),
            ("chart/rendered", "of-chart"),
            ("overlays/prod/rendered", "of-overlay"),
        ] {
            fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            fs::write(at(path), world.manifest(name)).unwrap();
        }
        let configuration = "apiVersion: l7guard/v1\nkind: Configuration\n";
        fs::write(at("l7guard.yaml"), configuration).unwrap();
        for (name, script) in [
            ("cargo", CARGO),
            ("helm", HELM),
            ("kustomize", KUSTOMIZE),
            ("kubectl", KUBECTL),
            ("argocd", ARGOCD),
        ] {
            stand_in(&at("bin").join(name), script);
        }
        let text = |path: PathBuf| path.into_os_string().into_string().unwrap();
        let home = text(at("home"));
        let path = [
            &text(at("bin")),
            &format!("{home}/.cargo/bin"),
            &format!("{home}/.local/bin"),
            "/usr/bin",
            "/bin",
        ];
        let environment = [
            ("PATH", path.join(":")),
            ("HOME", home.clone()),
            ("L7GUARD", env!("CARGO_BIN_EXE_l7guard").to_owned()),
            ("RUNNER_OS", "Linux".to_owned()),
            ("RUNNER_ARCH", "X64".to_owned()),
            ("RUNNER_TEMP", text(at("temp"))),
            ("RUNNER_TOOL_CACHE", text(at("tools"))),
            ("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR").to_owned()),
            ("GITHUB_PATH", text(at("temp/path"))),
            ("GITHUB_OUTPUT", text(at("temp/output"))),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let contexts = [
            ("github.server_url", "https://github.example.com"),
            ("github.action_repository", ""),
            ("github.action_ref", ""),
            ("github.token", "t"),
        ];
        Self {
            folder,
            environment: environment.into(),
            contexts: contexts.map(|(name, text)| (name, text.to_owned())).into(),
        }
    }

    /// Changes a variable of every command that follows.
    pub(crate) fn set(&mut self, variable: &str, value: &str) {
        self.environment
            .insert(variable.to_owned(), value.to_owned());
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Runs a script as the runners of GitHub and GitLab do: bash that stops at the first failure, also within a pipe.
    pub(crate) fn run(&self, script: &str) -> Ended {
        self.run_with(script, &BTreeMap::new())
    }

    /// The same, with more in the environment.
    pub(crate) fn run_with(&self, script: &str, more: &BTreeMap<String, String>) -> Ended {
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(self.folder.path())
            .env_clear()
            .envs(&self.environment)
            .envs(more)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ended {
            status: output.status.code().unwrap(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Runs one command of the page and asserts that it ends as it should in this world.
    pub(crate) fn assert_ends(&self, world: World, command: &str) {
        let judges = command.contains("l7guard check") && !command.contains("--fail-on never");
        let wanted = if judges { world.status() } else { 0 };
        let ended = self.run(command);
        assert_eq!(
            ended.status, wanted,
            "{world:?}: {command}\n{}{}",
            ended.stdout, ended.stderr
        );
    }

    /// Puts what a step wrote to `$GITHUB_PATH` before the `PATH` of those that follow.
    pub(crate) fn take_path(&mut self) {
        let added = fs::read_to_string(self.path("temp/path")).unwrap_or_default();
        let path = self.environment["PATH"].clone();
        let added: Vec<&str> = added.lines().collect();
        let path = [added.join(":"), path].join(":");
        self.environment.insert("PATH".to_owned(), path);
    }
}

/// A program of that name: a script for `sh`.
pub(crate) fn stand_in(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\nset -e\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
