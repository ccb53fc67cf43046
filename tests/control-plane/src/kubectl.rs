//! `kubectl` against one control plane, untouched by the configuration of the person who runs the tests.

use std::io::{Seek, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output, Stdio};

use serde_json::Value;

use crate::Error;

/// How a `kubectl` ended and what it printed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error: denials and warnings stand here.
    pub stderr: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Outcome {
    /// The standard output of a `kubectl` that succeeded.
    pub(crate) fn success(self, arguments: &[&str]) -> Result<String, Error> {
        if self.status.success() {
            return Ok(self.stdout);
        }
        Err(Error::Kubectl {
            arguments: arguments.join(" "),
            status: self.status,
            stderr: self.stderr.trim_end().to_owned(),
        })
    }

    /// What a `kubectl` with `--output json` printed.
    pub(crate) fn json(self, arguments: &[&str]) -> Result<Value, Error> {
        let text = self.success(arguments)?;
        serde_json::from_str(&text).map_err(|problem| Error::Unexpected {
            what: format!("the output of `kubectl {}`", arguments.join(" ")),
            problem: problem.to_string(),
        })
    }
}

/// A `kubectl` with one user's credentials.
pub(crate) struct Kubectl {
    pub(crate) program: PathBuf,
    pub(crate) kubeconfig: PathBuf,
    /// What it remembers of the API server. Its default would be the home directory, under a name made of the port,
    /// which the next control plane may get.
    pub(crate) cache: PathBuf,
}

impl Kubectl {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", &self.cache)
            // Preferences in the home directory can change what a command does.
            .env("KUBERC", "off")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Outcome, Error> {
        finish(&mut self.command(arguments), arguments)
    }

    /// Runs it with `input` as its standard input. The input goes by way of a file: with a pipe, a `kubectl` that
    /// prints much while it still reads would wait for us as we wait for it.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Result<Outcome, Error> {
        let file = tempfile::tempfile()
            .and_then(|mut file| {
                file.write_all(input.as_bytes())?;
                file.rewind()?;
                Ok(file)
            })
            .map_err(Error::io("write a temporary file"))?;
        finish(self.command(arguments).stdin(file), arguments)
    }
}

fn finish(command: &mut Command, arguments: &[&str]) -> Result<Outcome, Error> {
    let attempt = format!("run `kubectl {}`", arguments.join(" "));
    Ok(command.output().map_err(Error::io(attempt))?.into())
}
