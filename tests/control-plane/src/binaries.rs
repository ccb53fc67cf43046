//! Which executables a control plane is made of, and where each of them is found.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::build_cache::{self, BuildCache};

/// One executable of the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Etcd,
    KubeApiserver,
    KubeControllerManager,
    Kubectl,
}

impl Binary {
    pub(crate) const ALL: [Self; 4] = [
        Self::Etcd,
        Self::KubeApiserver,
        Self::KubeControllerManager,
        Self::Kubectl,
    ];

    /// The name of the file, in `$KUBEBUILDER_ASSETS` as in the build cache.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
        }
    }
}

/// The executables of a control plane, ready to run.
#[derive(Clone, Debug)]
pub struct Binaries {
    pub(crate) etcd: PathBuf,
    pub(crate) kube_apiserver: PathBuf,
    pub(crate) kube_controller_manager: PathBuf,
    pub(crate) kubectl: PathBuf,
}

impl Binaries {
    /// Finds each executable in the folder `$KUBEBUILDER_ASSETS` (the convention of Kubernetes' envtest) and builds
    /// those that are not there, once, into Cargo's target directory, from the sources that `go.mod` beside this
    /// crate pins.
    ///
    /// Says on `progress`, in plain lines, what is built, how long that takes, and when another process's build is
    /// waited for. Says nothing when there is nothing to build.
    ///
    /// # Errors
    ///
    /// [`Error::GoMissing`] when something has to be built and there is no `go`; [`Error::BuildFailed`] with what the
    /// compiler said; [`Error::Io`] when the cache or `progress` cannot be written.
    pub fn find_or_build(progress: &mut impl Write) -> Result<Self, Error> {
        Search {
            assets: std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from),
            cache: build_cache::folder()?,
            go: OsString::from("go"),
        }
        .find_or_build(progress)
    }
}

/// Where executables are looked for, and what builds those that are not there.
pub(crate) struct Search {
    /// The folder of ready-made executables.
    pub(crate) assets: Option<PathBuf>,
    /// The folder under which built ones are kept.
    pub(crate) cache: PathBuf,
    /// The Go command.
    pub(crate) go: OsString,
}

impl Search {
    pub(crate) fn find_or_build(&self, progress: &mut impl Write) -> Result<Binaries, Error> {
        let cache = BuildCache::in_folder(&self.cache);
        let missing: Vec<Binary> = Binary::ALL
            .into_iter()
            .filter(|binary| self.asset(*binary).is_none())
            .collect();
        cache.fill(&missing, &self.go, progress)?;
        let path = |binary| self.asset(binary).unwrap_or_else(|| cache.path(binary));
        Ok(Binaries {
            etcd: path(Binary::Etcd),
            kube_apiserver: path(Binary::KubeApiserver),
            kube_controller_manager: path(Binary::KubeControllerManager),
            kubectl: path(Binary::Kubectl),
        })
    }

    fn asset(&self, binary: Binary) -> Option<PathBuf> {
        let path = self.assets.as_ref()?.join(binary.name());
        is_executable(&path).then_some(path)
    }
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
#[path = "binaries_tests.rs"]
mod tests;
