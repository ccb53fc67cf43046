//! `promtool` of Prometheus: found, and what it says of files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use control_plane::Outcome;
use libtest_mimic::Failed;

use crate::Case;
use crate::dashboard;
use crate::rules::{FILE, root};

pub(crate) const CASES: &[Case] = &[
    ("promtool: the rule file is sound", sound),
    (
        "promtool: Prometheus reads every query of the dashboard",
        queries,
    ),
];

/// The program, if it is installed.
pub(crate) fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("PROMTOOL") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join("promtool"));
    programs.find(|program| program.is_file())
}

/// Runs it at the root of this repository; it has to succeed.
pub(crate) fn succeed(arguments: &[&str], files: &[PathBuf]) -> Result<(), Failed> {
    let mut promtool = Command::new(program().ok_or("there is no promtool")?);
    let run = promtool.args(arguments).args(files).current_dir(root());
    let outcome: Outcome = run.output()?.into();
    if outcome.status.success() {
        return Ok(());
    }
    let Outcome { stdout, stderr, .. } = outcome;
    Err(format!("promtool {}: {stdout}{stderr}", arguments.join(" ")).into())
}

fn sound() -> Result<(), Failed> {
    succeed(&["check", "rules", "--lint=all", "--lint-fatal", FILE], &[])
}

/// As recording rules, which are checked as alerts are.
fn queries() -> Result<(), Failed> {
    let rules = dashboard::queries()?.into_iter().enumerate().map(
        |(index, query)| serde_json::json!({"record": format!("query:{index}"), "expr": query}),
    );
    let group =
        serde_json::json!({"groups": [{"name": "queries", "rules": rules.collect::<Vec<_>>()}]});
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), group.to_string())?;
    succeed(&["check", "rules"], &[Path::to_owned(file.path())])
}
