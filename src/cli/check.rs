//! `l7guard check`: judges manifests where they are written.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::inventory::World;
use l7guard_policy::rules::Mode;
use l7guard_policy::verdict;

use super::ExitStatus;
use super::config::ConfigurationFile;
use crate::clock;
use crate::manifests::Locator;
use crate::report::{Report, ReportedFinding, github, json, junit, printable, sarif, text};
use crate::world::ManifestWorld;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 nothing at or above --fail-on, 1 findings, 2 unreadable input or no objects found.

Examples:
  l7guard check manifests/
  helm template my-release ./chart | l7guard check -
  kustomize build overlays/prod | l7guard check --output json -")]
pub(super) struct Arguments {
    /// Files or directories (recursive: .yaml, .yml, .json), or - for standard input
    #[arg(required = true, value_name = "PATH|-")]
    paths: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// The lowest severity that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Deny)]
    fail_on: FailOn,
    /// The namespace of objects that name none
    #[arg(long, short, default_value = "default")]
    namespace: String,
    #[command(flatten)]
    configuration: ConfigurationFile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A compiler's diagnostics, for people
    Text,
    /// One JSON object (l7guard/report/v1), for machines
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for test reports
    Junit,
    /// Workflow commands of GitHub Actions: annotations on the lines
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Only what would be refused
    Deny,
    /// Warnings too
    Warn,
    /// Never
    Never,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let configuration = arguments.configuration.load()?;
    let report = check(&arguments.paths, &arguments.namespace, &configuration);
    let stdout = io::stdout();
    let mut buffered = io::BufWriter::new(stdout.lock());
    match arguments.output {
        Output::Text => {
            let style = text::Style {
                colour: stdout.is_terminal() && colour_is_wanted(),
                ..text::Style::default()
            };
            text::write(&report, style, &mut buffered)?;
        }
        Output::Json => json::write(&report, &mut buffered)?,
        Output::Sarif => sarif::write(&report, &mut buffered)?,
        Output::Junit => junit::write(&report, &mut buffered)?,
        Output::Github => github::write(&report, &mut buffered)?,
    }
    buffered.flush()?;
    if matches!(arguments.output, Output::Json | Output::Junit) {
        write_notes(&report, io::stderr().lock())?;
    }
    Ok(exit_status(&report, arguments.fail_on))
}

/// Notes have no place in some formats; they are not to be lost.
fn write_notes(report: &Report, mut output: impl Write) -> io::Result<()> {
    for note in &report.notes {
        let line = note.line.unwrap_or_default();
        writeln!(
            output,
            "note: {}:{line}: {}",
            printable(&note.file),
            printable(&note.message)
        )?;
    }
    Ok(())
}

/// `NO_COLOR` (no-color.org) and a terminal that understands none.
pub(super) fn colour_is_wanted() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn check(paths: &[PathBuf], namespace: &str, configuration: &Configuration) -> Report {
    let mut world = ManifestWorld::read(paths, namespace);
    if world.objects == 0 && world.errors.is_empty() {
        world.errors.push(crate::report::ReportedError {
            file: paths
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(" "),
            line: None,
            column: None,
            message: "no Kubernetes objects found".to_owned(),
        });
    }
    let verdict = verdict::evaluate(&World::new(&world.inventory), configuration, clock::today());
    let mut locator = Locator::default();
    let findings = verdict.findings.into_iter().map(|judged| ReportedFinding {
        location: world.location(&mut locator, &judged.finding.object, &judged.finding.field),
        judged,
    });
    Report {
        objects: world.objects,
        findings: findings.collect(),
        unresolved: verdict.unresolved,
        exempt: verdict.exempt,
        errors: world.errors,
        notes: world.notes,
    }
}

fn exit_status(report: &Report, fail_on: FailOn) -> ExitStatus {
    if !report.errors.is_empty() {
        return ExitStatus::Error;
    }
    let worst = report
        .findings
        .iter()
        .map(|finding| finding.judged.severity)
        .max();
    let fails = match fail_on {
        FailOn::Deny => worst >= Some(Mode::Deny),
        FailOn::Warn => worst >= Some(Mode::Warn),
        FailOn::Never => false,
    };
    if fails {
        ExitStatus::Findings
    } else {
        ExitStatus::Success
    }
}
