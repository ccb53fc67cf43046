//! Helm 4 and Helm 3: found, or built once from the sources that `helm4/go.mod` and `helm3/go.mod` pin.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use control_plane::Outcome;
use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::{Unprepared, say};

/// The chart, from the root of this repository, where Helm is run.
pub(crate) const CHART: &str = "charts/l7guard";

/// One major version of Helm.
#[derive(Clone, Copy)]
struct Version {
    major: u8,
    /// The environment variable that names a program to use in its place.
    variable: &'static str,
    go_mod: &'static str,
    go_sum: &'static str,
    /// Helm 3 takes a cluster of Kubernetes 1.20 for granted where its release scripts have not set another version at this
    /// place. Helm 4 reads it from its own modules.
    linker_flags: &'static str,
}

const VERSIONS: [Version; 2] = [
    Version {
        major: 4,
        variable: "HELM",
        go_mod: include_str!("helm4/go.mod"),
        go_sum: include_str!("helm4/go.sum"),
        linker_flags: "-s -w",
    },
    Version {
        major: 3,
        variable: "HELM3",
        go_mod: include_str!("helm3/go.mod"),
        go_sum: include_str!("helm3/go.sum"),
        linker_flags: "-s -w -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 \
                       -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=36 \
                       -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1 \
                       -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=36",
    },
];

/// Both versions.
#[derive(Clone)]
pub(crate) struct Helms {
    pub(crate) four: Helm,
    pub(crate) three: Helm,
}

/// One Helm, which knows nothing of the person who runs the tests.
#[derive(Clone)]
pub(crate) struct Helm {
    program: PathBuf,
    home: std::sync::Arc<TempDir>,
    kubeconfig: Option<PathBuf>,
}

impl Helms {
    /// Finds or builds both.
    pub(crate) fn find_or_build() -> Result<Self, Unprepared> {
        let [four, three] = VERSIONS;
        Ok(Self {
            four: Helm::new(four.find_or_build()?)?,
            three: Helm::new(three.find_or_build()?)?,
        })
    }

    pub(crate) fn both(&self) -> [&Helm; 2] {
        [&self.four, &self.three]
    }

    /// The same, with a cluster.
    pub(crate) fn with_kubeconfig(mut self, kubeconfig: &Path) -> Self {
        self.four.kubeconfig = Some(kubeconfig.to_owned());
        self.three.kubeconfig = Some(kubeconfig.to_owned());
        self
    }
}

impl Helm {
    fn new(program: PathBuf) -> Result<Self, Failed> {
        Ok(Self {
            program,
            home: std::sync::Arc::new(tempfile::tempdir()?),
            kubeconfig: None,
        })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Helm with these arguments, at the root of this repository.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        let home = |name: &str| self.home.path().join(name);
        // Without a kubeconfig it must not find that of whoever runs the tests.
        let kubeconfig = self.kubeconfig.clone().unwrap_or_else(|| home("none"));
        command
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("KUBECONFIG", kubeconfig)
            .env("HELM_CACHE_HOME", home("cache"))
            .env("HELM_CONFIG_HOME", home("config"))
            .env("HELM_DATA_HOME", home("data"))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Outcome, Failed> {
        Ok(self.command(arguments).output()?.into())
    }

    /// The standard output of a Helm that has to succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Result<String, Failed> {
        let outcome = self.run(arguments)?;
        if outcome.status.success() {
            return Ok(outcome.stdout);
        }
        let Outcome { stdout, stderr, .. } = outcome;
        Err(format!("helm {} failed:\n{stdout}{stderr}", arguments.join(" ")).into())
    }
}

impl Version {
    fn find_or_build(self) -> Result<PathBuf, Unprepared> {
        if let Some(program) = std::env::var_os(self.variable) {
            return Ok(program.into());
        }
        let folder = self.folder();
        let program = folder.join("helm");
        let io = |error: io::Error| Unprepared::Failed(error.into());
        fs::create_dir_all(&folder).map_err(io)?;
        let lock = File::create(folder.join("lock")).map_err(io)?;
        lock.lock().map_err(io)?;
        if !program.is_file() {
            self.build(&folder, &program)?;
        }
        lock.unlock().map_err(io)?;
        Ok(program)
    }

    /// In Cargo's target directory, by everything that decides what is built.
    fn folder(self) -> PathBuf {
        let mut hash = DefaultHasher::new();
        (self.go_mod, self.go_sum, self.linker_flags).hash(&mut hash);
        let key = format!("helm{}-{:016x}", self.major, hash.finish());
        Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("helm")
            .join(key)
    }

    /// Builds beside the final place and renames, so that a file of the final name is always whole.
    fn build(self, folder: &Path, program: &Path) -> Result<(), Unprepared> {
        let io = |error: io::Error| Unprepared::Failed(error.into());
        let major = self.major;
        say(&format!(
            "building Helm {major} from source, needed once; one to three minutes on two cores"
        ));
        let began = Instant::now();
        fs::write(folder.join("go.mod"), self.go_mod).map_err(io)?;
        fs::write(folder.join("go.sum"), self.go_sum).map_err(io)?;
        let partial = folder.join("helm.partial");
        let built = Command::new("go")
            .current_dir(folder)
            .args([
                "build",
                "-mod=readonly",
                "-trimpath",
                "-ldflags",
                self.linker_flags,
                "-o",
            ])
            .arg(&partial)
            .arg(format!("helm.sh/helm/v{major}/cmd/helm"))
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off")
            .output();
        match built {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Unprepared::NoGo(
                format!("building Helm {major} needs Go; or set {}", self.variable),
            )),
            Err(error) => Err(io(error)),
            Ok(built) if !built.status.success() => Err(Unprepared::Failed(
                String::from_utf8_lossy(&built.stderr).into_owned().into(),
            )),
            Ok(_) => {
                fs::rename(&partial, program).map_err(io)?;
                say(&format!("built in {} s", began.elapsed().as_secs()));
                Ok(())
            }
        }
    }
}
