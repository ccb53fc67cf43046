//! `go build` of the pinned sources: etcd and Kubernetes, as the Go modules that their projects publish.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::Error;
use crate::binaries::Binary;

const GO_MOD: &str = include_str!("../go.mod");
const GO_SUM: &str = include_str!("../go.sum");

/// The version of `module` that `go.mod` requires, such as `v1.36.3`.
fn pinned_version(module: &str) -> Option<&'static str> {
    GO_MOD.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(module))
            .then(|| words.next())
            .flatten()
    })
}

/// The version of Kubernetes that is built.
#[expect(clippy::expect_used, reason = "go.mod is compiled into this crate")]
pub(crate) fn kubernetes_version() -> &'static str {
    pinned_version("k8s.io/kubernetes").expect("go.mod requires k8s.io/kubernetes")
}

/// A name for everything that decides what is built: the modules' versions and checksums, and the flags.
pub(crate) fn sources_key() -> String {
    let mut hash = Sha256::new();
    hash.update(GO_MOD);
    hash.update(GO_SUM);
    for binary in Binary::ALL {
        hash.update(build_arguments(binary).join("\n"));
    }
    let hash = <[u8; 32]>::from(hash.finalize());
    let hash = hash[..6]
        .iter()
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{}-{hash:012x}", kubernetes_version())
}

/// How long a first build of `binary` takes when they are built in the order of [`Binary::ALL`], which share much.
pub(crate) fn takes_about(binary: Binary) -> &'static str {
    match binary {
        Binary::Etcd | Binary::KubeControllerManager => "about a minute",
        Binary::KubeApiserver => "three to four minutes",
        Binary::Kubectl => "about half a minute",
    }
}

/// A folder with the pinned module, in which `go build` can run.
pub(crate) struct Sources {
    folder: PathBuf,
    go: OsString,
}

impl Sources {
    /// Writes the pinned module into `folder` (the repository itself may be read-only or gone), for building
    /// `needed` with the command `go`.
    ///
    /// # Errors
    ///
    /// [`Error::GoMissing`] when that command does not exist.
    pub(crate) fn unpack(folder: &Path, go: &OsStr, needed: &[Binary]) -> Result<Self, Error> {
        for (name, content) in [("go.mod", GO_MOD), ("go.sum", GO_SUM)] {
            let path = folder.join(name);
            fs::write(&path, content).map_err(Error::io(format!("write {}", path.display())))?;
        }
        match Command::new(go).arg("version").output() {
            Ok(_) => Ok(Self {
                folder: folder.to_path_buf(),
                go: go.to_owned(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let names: Vec<&str> = needed.iter().map(|binary| binary.name()).collect();
                Err(Error::GoMissing {
                    needed: names.join(", "),
                })
            }
            Err(error) => Err(Error::io("run `go version`")(error)),
        }
    }

    /// Builds `binary` into the file `output`.
    pub(crate) fn build(&self, binary: Binary, output: &Path) -> Result<(), Error> {
        let done = Command::new(&self.go)
            .current_dir(&self.folder)
            .arg("build")
            .arg("-o")
            .arg(output)
            .args(build_arguments(binary))
            // Pure Go: no C compiler needed, and the same result on every distribution, as in Kubernetes' releases.
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off")
            .output()
            .map_err(Error::io("run `go build`"))?;
        if done.status.success() {
            return Ok(());
        }
        let printed = [done.stdout, done.stderr].concat();
        Err(Error::BuildFailed {
            binary: binary.name(),
            status: done.status,
            output: String::from_utf8_lossy(&printed).trim_end().to_owned(),
        })
    }
}

fn package(binary: Binary) -> &'static str {
    match binary {
        Binary::Etcd => "go.etcd.io/etcd/server/v3",
        Binary::KubeApiserver => "k8s.io/kubernetes/cmd/kube-apiserver",
        Binary::KubeControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
        Binary::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
    }
}

fn build_arguments(binary: Binary) -> [String; 5] {
    [
        "-mod=readonly".to_owned(),
        "-trimpath".to_owned(),
        "-ldflags".to_owned(),
        linker_flags(binary),
        package(binary).to_owned(),
    ]
}

/// No symbol tables, and the version that Kubernetes' own release scripts set at this very place: without it the
/// API server calls itself v0.0.0 (kubernetes `hack/lib/version.sh`, function `kube::version::ldflags`).
fn linker_flags(binary: Binary) -> String {
    let mut flags = "-s -w".to_owned();
    if binary == Binary::Etcd {
        return flags;
    }
    let version = kubernetes_version();
    let mut numbers = version.trim_start_matches('v').split('.');
    let major = numbers.next().unwrap_or_default();
    let minor = numbers.next().unwrap_or_default();
    for package in [
        "k8s.io/component-base/version",
        "k8s.io/client-go/pkg/version",
    ] {
        for (variable, value) in [
            ("gitVersion", version),
            ("gitMajor", major),
            ("gitMinor", minor),
        ] {
            flags.extend([" -X ", package, ".", variable, "=", value]);
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_begins_with_the_kubernetes_version_that_go_mod_pins() {
        assert_eq!(kubernetes_version(), "v1.36.3");
        assert!(sources_key().starts_with("v1.36.3-"), "{}", sources_key());
    }

    #[test]
    fn the_pin_is_read_from_the_requirement_and_not_from_a_longer_module_path() {
        assert_eq!(pinned_version("go.etcd.io/etcd/server/v3"), Some("v3.6.8"));
        assert_eq!(pinned_version("k8s.io/kube"), None);
    }

    #[test]
    fn every_package_that_is_built_is_declared_as_a_tool_so_that_go_sum_pins_it() {
        let tools: Vec<&str> = GO_MOD
            .lines()
            .skip_while(|line| *line != "tool (")
            .skip(1)
            .take_while(|line| *line != ")")
            .map(str::trim)
            .collect();
        assert_eq!(tools, Binary::ALL.map(package));
    }

    #[test]
    fn kubernetes_binaries_are_told_their_version_and_etcd_keeps_its_own() {
        let flags = linker_flags(Binary::Kubectl);
        assert!(
            flags.contains("-X k8s.io/component-base/version.gitVersion=v1.36.3"),
            "{flags}"
        );
        assert!(
            flags.contains("-X k8s.io/component-base/version.gitMajor=1 "),
            "{flags}"
        );
        assert!(
            flags.contains("-X k8s.io/client-go/pkg/version.gitMinor=36"),
            "{flags}"
        );
        assert_eq!(linker_flags(Binary::Etcd), "-s -w");
    }
}
