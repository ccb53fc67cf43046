//! Building the Go program beside this file and asking it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// Go's decoder and its limits are those of this version at least.
const NEEDED_GO: (u32, u32) = (1, 26);

/// The built program. `None`, said on standard error: there is no fitting Go here. With `CI=true` that is a failure.
pub(crate) fn oracle() -> Option<&'static Path> {
    static ORACLE: OnceLock<Option<PathBuf>> = OnceLock::new();
    ORACLE
        .get_or_init(|| match go_version() {
            Ok(version) if version >= NEEDED_GO => Some(build()),
            Ok((major, minor)) => skipped(&format!("Go is {major}.{minor}")),
            Err(why) => skipped(&why),
        })
        .as_deref()
}

/// The program's answers to these inputs, in their order.
pub(crate) fn ask(oracle: &Path, about: &str, inputs: &[Vec<u8>]) -> Vec<Value> {
    let mut child = Command::new(oracle)
        .arg(about)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let stdout = child.stdout.take().expect("it is piped");
    let answers: Vec<Value> = std::thread::scope(|scope| {
        scope.spawn(move || {
            for input in inputs {
                let length = u32::try_from(input.len()).expect("inputs are small");
                stdin
                    .write_all(&length.to_le_bytes())
                    .and_then(|()| stdin.write_all(input))
                    .expect("the oracle reads every input");
            }
        });
        BufReader::new(stdout)
            .lines()
            .map(|line| {
                serde_json::from_str(&line.expect("the oracle writes text"))
                    .expect("the oracle writes JSON")
            })
            .collect()
    });
    let status = child.wait().expect("the oracle ends");
    assert!(status.success(), "the oracle failed: {status}");
    assert_eq!(answers.len(), inputs.len(), "one answer for each input");
    answers
}

fn go_version() -> Result<(u32, u32), String> {
    let output = Command::new("go")
        .args(["env", "GOVERSION"])
        .env("GOTOOLCHAIN", "local")
        .output()
        .map_err(|error| format!("`go` does not start: {error}"))?;
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = version
        .trim()
        .trim_start_matches("go")
        .split(|character: char| !character.is_ascii_digit())
        .map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err(format!("Go's version is {version:?}")),
    }
}

fn build() -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    let output = Command::new("go")
        .args([
            "build",
            "-trimpath",
            "-buildvcs=false",
            "-mod=readonly",
            "-o",
        ])
        .arg(&program)
        .arg(".")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle"))
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GOEXPERIMENT", "")
        .output()
        .expect("`go` starts");
    assert!(
        output.status.success(),
        "the oracle does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    program
}

/// Writes past the test runner, which keeps what passing tests print to itself.
fn skipped(why: &str) -> Option<PathBuf> {
    let (major, minor) = NEEDED_GO;
    let message = format!(
        "\nSKIPPED: nothing was compared with Go, because {why}; Go {major}.{minor} or newer is needed.\n"
    );
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{message}"
    );
    std::io::stderr()
        .write_all(message.as_bytes())
        .expect("standard error is there");
    None
}
