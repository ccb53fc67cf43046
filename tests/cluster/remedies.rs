//! What a finding says to write instead is a manifest that the API server takes, and that the policy has nothing against.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use control_plane::Outcome;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use crate::kubectl::silent_success;
use crate::scene::{Scene, root};

/// The namespaces of the manifests. The webhook leaves them alone: what is to be remedied stands there.
pub(crate) const NAMESPACES: [&str; 2] = ["remedies", "1e3"];

pub(crate) const CASES: &[Case] = &[
    (
        "the remedy of L7G001 is accepted in place of the gateway's Service",
        |scene| accepted_in_place(scene, "l7g001", "L7G001"),
    ),
    (
        "the remedy of L7G002 is accepted in place of the gateway's Service",
        |scene| accepted_in_place(scene, "l7g002", "L7G002"),
    ),
    (
        "the remedy of L7G003 is accepted once the gateway's Service is deleted, as it says",
        |scene| accepted_after_deletion(scene, "l7g003", "L7G003"),
    ),
    (
        "the remedy of L7G004 is accepted once the Service is deleted, as it says",
        |scene| accepted_after_deletion(scene, "l7g004", "L7G004"),
    ),
    (
        "the remedy of L7G101 is accepted once the Service is deleted, as it says",
        |scene| accepted_after_deletion(scene, "l7g101", "L7G101"),
    ),
    (
        "the remedy of L7G102 is accepted in place of the Service",
        |scene| accepted_in_place(scene, "l7g102", "L7G102"),
    ),
    (
        "the remedy of L7G104 is accepted in place of a Service with a class",
        |scene| accepted_in_place(scene, "l7g104", "L7G104"),
    ),
    (
        "the remedy of L7G104 is accepted in place of a Service with an annotated type",
        |scene| accepted_in_place(scene, "l7g104-by-annotation", "L7G104"),
    ),
    (
        "a remedy is accepted where names look like numbers and truth values",
        |scene| accepted_in_place(scene, "odd-names", "L7G001"),
    ),
];

/// What a remedy says where it cannot be applied over what stands there.
const DELETE_FIRST: &str = "delete that one first";

/// The Service stands there; the remedy is applied over it.
fn accepted_in_place(scene: &Scene, folder: &str, rule: &str) -> Result<(), Failed> {
    let remedy = Remedy::of_finding(folder, rule)?;
    silent_success(&remedy.apply_before(scene)?)?;
    let after = remedy.dry_run(scene)?;
    remedy.assert_that_check_has_nothing_against(silent_success(&after)?)
}

/// The API server does not let the remedy be applied over the Service.
fn accepted_after_deletion(scene: &Scene, folder: &str, rule: &str) -> Result<(), Failed> {
    let remedy = Remedy::of_finding(folder, rule)?;
    assert!(
        remedy.manifest.contains(DELETE_FIRST),
        "{}",
        remedy.manifest
    );
    silent_success(&remedy.apply_before(scene)?)?;
    let over = remedy.dry_run(scene)?;
    assert!(
        over.stderr.contains("may not change once set"),
        "{}",
        over.stderr
    );
    let service = remedy.service();
    silent_success(&scene.kubectl(&["delete", "--filename", text(&service)?])?)?;
    let after = remedy.dry_run(scene)?;
    remedy.assert_that_check_has_nothing_against(silent_success(&after)?)
}

/// The manifest of a finding's remedy, and where the manifests of the finding are.
struct Remedy {
    folder: PathBuf,
    manifest: String,
}

impl Remedy {
    /// The remedy of the one finding about the manifests in this folder.
    fn of_finding(folder: &str, rule: &str) -> Result<Self, Failed> {
        let folder = fixtures().join(folder);
        let report = check(&[&folder, &gateway()], "never")?;
        let report: Value = serde_json::from_slice(&report.stdout)?;
        let findings = report["findings"].as_array().map_or(&[][..], Vec::as_slice);
        let remedy = match findings {
            [finding] if finding["rule"] == rule => finding["remedy"].as_str(),
            _ => None,
        };
        let remedy = remedy.ok_or_else(|| format!("not one finding of {rule}: {report:#}"))?;
        let begins = remedy
            .find("\napiVersion:")
            .ok_or_else(|| format!("no manifest: {remedy}"))?;
        Ok(Self {
            folder,
            manifest: remedy[begins + 1..].to_owned(),
        })
    }

    /// The Service that the remedy is about, as it was.
    fn service(&self) -> PathBuf {
        self.folder.join("service.yaml")
    }

    fn apply_before(&self, scene: &Scene) -> Result<Outcome, Failed> {
        scene.kubectl(&["apply", "--filename", text(&self.service())?])
    }

    /// Applies the remedy as a dry run that ends in the object as it would stand in the cluster.
    fn dry_run(&self, scene: &Scene) -> Result<Outcome, Failed> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), &self.manifest)?;
        scene.kubectl(&[
            "apply",
            "--dry-run=server",
            "--validate=strict",
            "--output=json",
            "--filename",
            text(file.path())?,
        ])
    }

    /// Neither against the remedy nor against what becomes of the Service by it. The fronts are gone.
    fn assert_that_check_has_nothing_against(&self, service: &str) -> Result<(), Failed> {
        for manifest in [&self.manifest, service] {
            let file = tempfile::Builder::new().suffix(".yaml").tempfile()?;
            fs::write(file.path(), manifest)?;
            let output = check(&[file.path(), &gateway()], "warn")?;
            let report = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(0), "{manifest}\n{report}");
        }
        Ok(())
    }
}

fn check(manifests: &[&Path], fail_on: &str) -> Result<Output, Failed> {
    Ok(Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .args(["check", "--output", "json", "--fail-on", fail_on])
        .args(manifests.iter().map(AsRef::<OsStr>::as_ref))
        .output()?)
}

fn fixtures() -> PathBuf {
    root().join("tests/cluster/fixtures/remedies")
}

fn gateway() -> PathBuf {
    fixtures().join("gateway.yaml")
}

fn text(path: &Path) -> Result<&str, Failed> {
    Ok(path.to_str().ok_or("a path that is no text")?)
}
