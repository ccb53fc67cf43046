//! The pages about clusters: every command of theirs is run, in a folder where the files are that it names.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Outcome;
use crate::command::{WORLD, world};
use crate::server::Shared;

const PAGES: [(&str, &str); 2] = [
    ("audit", include_str!("../../docs/audit.md")),
    ("base-worlds", include_str!("../../docs/base-worlds.md")),
];

/// A change that adds a finding to the world.
const CHANGE: &str = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "newer", "namespace": "shop"},
    "spec": {"ingressClassName": "alb", "defaultBackend": {"service": {"name": "edge", "port": {"number": 80}}}}}"#;

pub(crate) fn trials(shared: &Shared) -> Vec<Trial> {
    let trials = PAGES.into_iter().map(|(name, page)| {
        let shared = shared.clone();
        Trial::test(format!("page/{name}"), move || {
            shared
                .with(|server| server.with(&world(WORLD)?, || run_page(page, server.kubeconfig())))
        })
    });
    trials.collect()
}

/// The commands of a page: the lines of its blocks of `sh`.
fn commands(page: &str) -> Vec<&str> {
    let blocks = page.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    blocks.flat_map(str::lines).collect()
}

fn run_page(page: &str, kubeconfig: &Path) -> Outcome {
    let folder = TempDir::new()?;
    let contexts = folder.path().join("kubeconfig");
    fs::write(&contexts, with_contexts(kubeconfig)?)?;
    let stricter = "apiVersion: l7guard/v1\nkind: Configuration\nrules: {L7G103: deny}\n";
    fs::write(folder.path().join("stricter.yaml"), stricter)?;
    fs::create_dir(folder.path().join("manifests"))?;
    fs::write(folder.path().join("manifests/change.json"), CHANGE)?;
    let program = Path::new(env!("CARGO_BIN_EXE_l7guard"));
    let mut path = program.parent().ok_or("no folder")?.as_os_str().to_owned();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let commands = commands(page);
    assert!(commands.len() > 3, "{commands:?}");
    for command in commands {
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("KUBECONFIG", &contexts)
            .output()?;
        let printed = String::from_utf8_lossy(&output.stderr);
        // The world has a finding, and so has the change.
        let judges = ["l7guard audit", "l7guard check"];
        let status = i32::from(judges.iter().any(|judge| command.starts_with(judge)));
        assert_eq!(output.status.code(), Some(status), "{command}: {printed}");
    }
    Ok(())
}

/// A kubeconfig with the contexts that the pages name.
fn with_contexts(kubeconfig: &Path) -> Result<String, Failed> {
    let mut kubeconfig: Value = serde_json::from_slice(&fs::read(kubeconfig)?)?;
    let context = kubeconfig["contexts"][0]["context"].clone();
    let named = |name: &str| json!({"name": name, "context": context});
    kubeconfig["contexts"] = ["prod", "prod-eu", "prod-us"].map(named).into();
    Ok(kubeconfig.to_string())
}
