//! The commands of docs/runbook.md, as they stand there.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use control_plane::{Outcome, until};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Case;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[(
    "every command of every entry of the runbook runs",
    commands_run,
)];

const PAGE: &str = include_str!("../../docs/runbook.md");

/// What stands for a name of one's own.
const PLACEHOLDERS: [(&str, &str); 5] = [
    ("NAMESPACE", "l7guard"),
    ("ACCOUNT", "l7guard"),
    ("NAME", "l7guard"),
    ("POD", "a"),
    ("FILE", "l7guard.yaml"),
];

/// What ends every refusal, which the trial after it needs to be there again.
const BREAK_GLASS: &str = "kubectl delete validatingwebhookconfiguration";

/// What `kubectl create` of the entry `reachability` sends.
const INGRESS: &str = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {namespace: shop, name: probe}, \
    spec: {ingressClassName: public, defaultBackend: {service: {name: shop, port: {number: 80}}}}}";

fn commands_run(stage: &Stage) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("ingress.yaml"), INGRESS)?;
    let configuration = "apiVersion: l7guard/v1\nkind: Configuration\n";
    fs::write(folder.path().join("l7guard.yaml"), configuration)?;
    let kubeconfig = folder.path().join("kubeconfig");
    fs::write(&kubeconfig, with_context(stage.cluster.kubeconfig())?)?;
    for pod in ["a", "b"] {
        stage.kubelet.keep_log(pod, &stage.file(pod, "log"));
    }
    for object in installed() {
        stage.put(&object)?;
    }
    until("the Lease is held", || {
        let lease = ["lease", "l7guard", "--namespace", "l7guard"];
        Ok(stage.cluster.get_json(&lease).ok())
    })?;
    let mut entries = 0;
    for entry in PAGE.split("\n## ").skip(1) {
        let (heading, text) = entry.split_once('\n').ok_or("an entry without text")?;
        let commands = commands(text);
        entries += usize::from(!commands.is_empty());
        for command in commands {
            run(stage, folder.path(), &command).map_err(|error| {
                Failed::from(format!(
                    "{heading}: {}",
                    error.message().unwrap_or_default()
                ))
            })?;
            if command.starts_with(BREAK_GLASS) {
                stage.mend()?;
                stage.until_all_is_well()?;
            }
        }
    }
    assert!(entries > 40, "{entries}");
    Ok(())
}

/// The lines of its blocks for a shell, and what stands behind **Run** in the text.
fn commands(entry: &str) -> Vec<String> {
    let blocks = entry.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let lines = blocks.flat_map(str::lines).map(str::to_owned);
    let said = entry.split("**Run** `").skip(1);
    let said = said.filter_map(|text| Some(text.split_once('`')?.0.to_owned()));
    let named = |command: String| {
        PLACEHOLDERS.iter().fold(command, |command, (name, value)| {
            command.replace(name, value)
        })
    };
    lines.chain(said).map(named).collect()
}

fn run(stage: &Stage, folder: &Path, command: &str) -> Result<(), Failed> {
    let kubectl = stage.cluster.kubectl(&[]);
    let programs = [
        Path::new(env!("CARGO_BIN_EXE_l7guard")),
        Path::new(kubectl.get_program()),
    ];
    let mut path = String::new();
    for program in programs {
        let folder = program.parent().ok_or("no folder")?;
        let _ = write!(path, "{}:", folder.display());
    }
    path.push_str(&std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder);
    for (name, value) in kubectl.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let outcome: Outcome = shell
        .env("PATH", path)
        .env("KUBECONFIG", folder.join("kubeconfig"))
        .output()?
        .into();
    // Of a pipe the last one says how it ended: what any of them says of itself counts as well.
    let is_quiet = outcome.stderr.is_empty()
        || outcome.stderr.starts_with("No resources found")
        || command.starts_with("l7guard");
    if outcome.status.success() && is_quiet {
        return Ok(());
    }
    Err(format!("{command}: {outcome:?}").into())
}

/// What the commands look at beside what the stage has.
fn installed() -> Vec<Value> {
    let in_namespace = |kind: &str, name: &str, version: &str| json!({"apiVersion": version, "kind": kind, "metadata": {"namespace": "l7guard", "name": name}});
    let mut configuration = in_namespace("ConfigMap", "l7guard", "v1");
    configuration["data"] =
        json!({"l7guard.yaml": "apiVersion: l7guard/v1\nkind: Configuration\n"});
    let mut deployment = in_namespace("Deployment", "l7guard", "apps/v1");
    let labels = json!({"app.kubernetes.io/name": "l7guard"});
    let containers = json!([{"name": "l7guard", "image": "l7guard"}]);
    deployment["spec"] = json!({
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    });
    vec![configuration, deployment]
}

/// A kubeconfig with the context that the page names.
fn with_context(kubeconfig: &Path) -> Result<String, Failed> {
    let mut kubeconfig: Value = serde_json::from_slice(&fs::read(kubeconfig)?)?;
    kubeconfig["contexts"][0]["name"] = "my-cluster".into();
    kubeconfig["current-context"] = "my-cluster".into();
    Ok(kubeconfig.to_string())
}
