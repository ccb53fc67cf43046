//! `kubectl` as a user at the root folder of this repository calls it, and what that user gets to see.

use std::io::{Seek, Write};
use std::process::Stdio;

use control_plane::{ControlPlane, Outcome};
use libtest_mimic::Failed;

use crate::scene::root;

/// Runs `kubectl` as administrator.
pub(crate) fn kubectl(cluster: &ControlPlane, arguments: &[&str]) -> Result<Outcome, Failed> {
    run(cluster, arguments, Stdio::null())
}

/// Runs `kubectl` as administrator, with manifests as its standard input.
pub(crate) fn kubectl_with_input(
    cluster: &ControlPlane,
    arguments: &[&str],
    manifests: &str,
) -> Result<Outcome, Failed> {
    let mut file = tempfile::tempfile()?;
    file.write_all(manifests.as_bytes())?;
    file.rewind()?;
    run(cluster, arguments, file.into())
}

fn run(cluster: &ControlPlane, arguments: &[&str], input: Stdio) -> Result<Outcome, Failed> {
    let output = cluster
        .kubectl(arguments)
        .current_dir(root())
        // It speaks the language of whoever runs the tests.
        .env("LC_ALL", "C")
        .stdin(input)
        .output()?;
    Ok(output.into())
}

/// The standard output of a `kubectl` that has to succeed without a word on its standard error.
pub(crate) fn silent_success(outcome: &Outcome) -> Result<&str, Failed> {
    if outcome.status.success() && outcome.stderr.is_empty() {
        return Ok(&outcome.stdout);
    }
    let Outcome { status, stderr, .. } = outcome;
    Err(format!("kubectl ended with {status} and said:\n{stderr}").into())
}

/// All that stands on the terminal after `kubectl` with these arguments.
pub(crate) fn terminal(arguments: &[&str], outcome: &Outcome) -> String {
    let Outcome {
        status,
        stdout,
        stderr,
    } = outcome;
    let arguments = arguments.join(" ");
    format!("$ kubectl {arguments}\n{stdout}{stderr}({status})")
}

/// Compares what stands on the terminal with the kept snapshot of that name.
pub(crate) fn assert_shown(snapshot: &str, arguments: &[&str], outcome: &Outcome) {
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(snapshot, terminal(arguments, outcome));
    });
}
