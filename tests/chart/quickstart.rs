//! The commands of docs/quickstart-kind.md, as they stand there. What needs Docker and kind is left out, and l7guard runs as a
//! process in place of the Pod.

use std::fs;
use std::path::Path;
use std::process::Command;

use control_plane::Outcome;
use libtest_mimic::Failed;

use crate::Installed;
use crate::cluster::Cluster;
use crate::helm::CHART;
use crate::replica::Replica;

pub(crate) const CASES: &[Installed] = &[(
    "the commands of docs/quickstart-kind.md show an audit and a refusal, and leave nothing",
    quickstart,
)];

/// The commands of one block, and lines that their output has to hold.
struct Step {
    commands: String,
    expected: Vec<String>,
}

/// The blocks for a shell, each with the block of text that follows it.
fn steps() -> Result<Vec<Step>, Failed> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/quickstart-kind.md");
    let page = fs::read_to_string(page)?;
    let mut steps: Vec<Step> = Vec::new();
    // Every second part stands between fences, and begins with its language.
    for block in page.split("```").skip(1).step_by(2) {
        let (language, text) = block.split_once('\n').ok_or("a block without a line")?;
        match (language, steps.last_mut()) {
            ("sh", _) => steps.push(Step {
                commands: text.to_owned(),
                expected: Vec::new(),
            }),
            ("text", Some(step)) => step.expected = text.lines().map(str::to_owned).collect(),
            ("console", _) if text.starts_with("# not tested here\n") => {}
            _ => return Err(format!("an unknown block: {block}").into()),
        }
    }
    Ok(steps)
}

fn quickstart(cluster: &Cluster) -> Result<(), Failed> {
    let mut replica: Option<Replica> = None;
    let mut shown = String::new();
    for step in steps()? {
        if step.commands.starts_with("helm uninstall") {
            drop(replica.take());
        }
        let outcome = run(cluster, &step.commands)?;
        let output = format!("{}{}", outcome.stdout, outcome.stderr);
        // A refusal and an audit with findings are what they are there to show.
        let is_bad = output.contains("denied the request") || output.contains("error[L7G001]");
        assert_eq!(
            outcome.status.success(),
            !is_bad,
            "{}{output}",
            step.commands
        );
        for line in &step.expected {
            assert!(output.contains(line), "{line} is not in:\n{output}");
        }
        if step.commands.contains("helm upgrade") {
            match &replica {
                None => replica = Some(Replica::start(cluster, "quickstart")?),
                Some(replica) => replica.take_configuration(cluster)?,
            }
        }
        shown.push_str(&output);
    }
    assert!(shown.contains("denied the request"), "{shown}");
    Ok(())
}

/// Runs commands of the page in the root of the repository, with the real kubectl, Helm and l7guard.
fn run(cluster: &Cluster, commands: &str) -> Result<Outcome, Failed> {
    // Where there is no kube-proxy the API server dials the port of the Service.
    let commands = commands.replace(CHART, &format!("{CHART} --set service.port=8443"));
    let bin = tempfile::tempdir()?;
    let kubectl = cluster.plane.kubectl(&[]);
    for (name, program) in [
        ("kubectl", Path::new(kubectl.get_program())),
        ("helm", cluster.helms.four.program()),
        ("l7guard", Path::new(env!("CARGO_BIN_EXE_l7guard"))),
    ] {
        std::os::unix::fs::symlink(program, bin.path().join(name))?;
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell
        .args(["-ec", &commands])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", format!("{}:{path}", bin.path().display()));
    for (name, value) in kubectl.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    // As its own test does: nothing of the person who runs the tests.
    shell.env("KUBECONFIG", cluster.plane.kubeconfig());
    shell.env("HOME", bin.path());
    Ok(shell.output()?.into())
}
