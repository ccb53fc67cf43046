//! The commands of docs/install.md, as they stand there.

use std::fs;
use std::path::Path;
use std::process::Command;

use control_plane::{Outcome, WebhookCertificate};
use libtest_mimic::Failed;
use serde_json::json;

use crate::Installed;
use crate::ca_bundle::ca_bundles;
use crate::cluster::Cluster;
use crate::render::RELEASE;

pub(crate) const CASES: &[Installed] = &[
    (
        "the commands of docs/install.md audit, enforce and take away",
        page,
    ),
    (
        "the commands of docs/install.md write caBundle for a certificate that one brings",
        brought_certificates,
    ),
];

/// The code blocks for a shell of docs/install.md, in order.
fn commands() -> Result<Vec<String>, Failed> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/install.md"))?;
    let blocks = page
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    Ok(blocks.map(str::to_owned).collect())
}

/// Helm's commands of the page as they stand there, but for the registry.
fn page(cluster: &Cluster) -> Result<(), Failed> {
    let blocks = commands()?
        .join("")
        .replace("REGISTRY", "registry.example.com");
    let mut modes = Vec::new();
    for line in blocks
        .lines()
        .filter(|line| line.starts_with("helm ") && !line.contains(" test "))
    {
        let arguments: Vec<&str> = line.split_whitespace().skip(1).collect();
        cluster.helms.four.succeed(&arguments)?;
        let configuration = cluster.get("validatingwebhookconfiguration", RELEASE);
        modes.push(
            configuration
                .ok()
                .map(|found| found["webhooks"][0]["failurePolicy"].clone()),
        );
    }
    assert_eq!(modes, [Some(json!("Ignore")), Some(json!("Fail")), None]);
    Ok(())
}

/// The page's commands for caBundle, in a shell.
fn brought_certificates(cluster: &Cluster) -> Result<(), Failed> {
    let blocks = commands()?;
    let block = blocks
        .iter()
        .find(|block| block.contains("ca.crt"))
        .ok_or("no such block")?;
    let values = [
        "certificates.mode=files",
        "certificates.files.secretName=brought",
    ];
    cluster.installed(&values, |cluster| {
        let folder = tempfile::tempdir()?;
        let certificate = WebhookCertificate::write_into(folder.path(), "l7guard.l7guard.svc")?;
        fs::write(folder.path().join("ca.crt"), &certificate.authority)?;
        let kubectl = cluster.plane.kubectl(&[]);
        let bin = Path::new(kubectl.get_program())
            .parent()
            .ok_or("no folder")?
            .display()
            .to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell
            .args(["-ec", block])
            .current_dir(folder.path())
            .env("PATH", format!("{bin}:{path}"));
        for (name, value) in kubectl.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        let outcome: Outcome = shell.output()?.into();
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(ca_bundles(cluster)?, (8, 8));
        Ok(())
    })
}
