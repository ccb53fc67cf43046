//! A run of `l7guard doctor`, and what it said.

use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value;

/// What came of a run.
pub(crate) struct Diagnosis {
    pub(crate) status: Option<i32>,
    pub(crate) output: String,
    pub(crate) error: String,
}

/// Runs it with this kubeconfig and these further arguments.
pub(crate) fn run(kubeconfig: &Path, arguments: &[&str]) -> Result<Diagnosis, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .arg("doctor")
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(arguments)
        .output()?;
    Ok(Diagnosis {
        status: output.status.code(),
        output: String::from_utf8(output.stdout)?,
        error: String::from_utf8(output.stderr)?,
    })
}

/// One line of it.
pub(crate) struct Line {
    pub(crate) check: String,
    pub(crate) outcome: String,
    pub(crate) message: String,
}

impl Diagnosis {
    /// The lines of `--output json`. Each that is not good says what to do.
    pub(crate) fn lines(&self) -> Result<Vec<Line>, Failed> {
        let document: Value = serde_json::from_str(&self.output)
            .map_err(|error| format!("{error}: {}{}", self.output, self.error))?;
        assert_eq!(document["schema"], "l7guard/doctor/v1");
        let lines = document["lines"].as_array().ok_or("no lines")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let lines = lines.iter().map(|line| {
            assert_eq!(
                line["next"].is_string(),
                line["outcome"] != "good",
                "{line}"
            );
            let place = format!("docs/runbook.md#{}", text(&line["check"]));
            assert_eq!(line["documentation"], place.as_str());
            Line {
                check: text(&line["check"]),
                outcome: text(&line["outcome"]),
                message: text(&line["message"]),
            }
        });
        Ok(lines.collect())
    }
}
