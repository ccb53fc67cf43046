//! Custom resource definitions: those of the Gateway API, of Istio and of cert-manager as their projects publish them, and small ones of our
//! own for AWS's kinds, which no Go module holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

const GO_MOD: &str = include_str!("../crds/go.mod");
const GO_SUM: &str = include_str!("../crds/go.sum");

/// TargetGroupBinding and IngressClassParams of the AWS Load Balancer Controller, without most of their schemas.
pub const AWS_CRDS: &str = include_str!("../crds/aws.yaml");

/// The CRDs of the Gateway API's standard channel, a folder, as its Go module has them. It is downloaded where it is not
/// at hand.
///
/// # Errors
///
/// [`Error::GoMissing`] without Go, [`Error::Module`] when the module cannot be had.
pub fn gateway_api_crds() -> Result<PathBuf, Error> {
    Ok(module("sigs.k8s.io/gateway-api")?.join("config/crd/standard"))
}

/// The CRDs of Istio, a file.
///
/// # Errors
///
/// As [`gateway_api_crds`].
pub fn istio_crds() -> Result<PathBuf, Error> {
    Ok(module("istio.io/api")?.join("kubernetes/customresourcedefinitions.gen.yaml"))
}

/// The CRDs of cert-manager, a folder.
///
/// # Errors
///
/// As [`gateway_api_crds`].
pub fn cert_manager_crds() -> Result<PathBuf, Error> {
    Ok(module("github.com/cert-manager/cert-manager")?.join("deploy/crds"))
}

/// The folder of a pinned module in Go's module cache.
fn module(path: &str) -> Result<PathBuf, Error> {
    let folder = tempfile::tempdir().map_err(Error::io("make a temporary folder".to_owned()))?;
    for (name, content) in [("go.mod", GO_MOD), ("go.sum", GO_SUM)] {
        let file = folder.path().join(name);
        fs::write(&file, content).map_err(Error::io(format!("write {}", file.display())))?;
    }
    go(folder.path(), &["mod", "download", path])?;
    let listed = go(folder.path(), &["list", "-m", "-f", "{{.Dir}}", path])?;
    Ok(PathBuf::from(listed.trim()))
}

fn go(folder: &Path, arguments: &[&str]) -> Result<String, Error> {
    let done = Command::new("go")
        .current_dir(folder)
        .args(arguments)
        .env("GOWORK", "off")
        .output();
    let done = match done {
        Ok(done) => done,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::GoMissing {
                needed: "published CRDs".to_owned(),
            });
        }
        Err(error) => return Err(Error::io("run `go`".to_owned())(error)),
    };
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    Err(Error::Module {
        command: arguments.join(" "),
        output: String::from_utf8_lossy(&done.stderr).trim_end().to_owned(),
    })
}
