//! `l7guard check`: judges manifests where they are written.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use l7guard_manifests::exclusion::Exclusions;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::rules::Mode;

use super::ExitStatus;
use super::base::{Base, BaseArguments};
use super::config::ConfigurationFile;
use super::progress::Progress;
use super::terminal::style;
use crate::clock;
use crate::report::notes::{self, ReportedNote};
use crate::report::{
    BaseSummary, Report, ReportedError, ReportedFinding, github, html, json, junit, sarif, text,
};
use crate::world::ManifestWorld;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 nothing at or above --fail-on, 1 findings, 2 usage, unreadable input or no objects found; the \
findings are printed all the same.

What is no object (a Helm template, a kustomize patch, values) is skipped with a note that says how to render it.

Examples:
  l7guard check manifests/
  l7guard check 'apps/**/*.yaml' --fail-on warn
  helm template my-release ./chart | l7guard check -
  kustomize build overlays/prod | l7guard check --output json -
  l7guard check manifests/ --world prod.world")]
pub(super) struct Arguments {
    /// Files, directories (recursive: .yaml, .yml, .json), patterns ('apps/**/*.yaml'), or - for standard input
    #[arg(required = true, value_name = "PATH|-")]
    paths: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, short, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    output: Output,
    /// The lowest severity that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Deny, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Files and directories that are not read; may be repeated ('vendor', 'charts/*/ci', '**/tests/*.json')
    ///
    /// A pattern is compared with the path below each directory that is named, and leaves out all that is below what it
    /// matches. One without a `/` matches a name anywhere. `*` stops at a `/`, `**` crosses it.
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// List every note, and every object that cannot be told or is exempt, one by one
    #[arg(long, short, conflicts_with = "quiet")]
    verbose: bool,
    /// Say only what decides the exit status: errors, and findings at or above --fail-on
    ///
    /// Without it the text also has notes on what was skipped, lesser findings, what could not be told, exemptions and
    /// a summary line. JSON, SARIF, JUnit and HTML are always complete; only notes and progress on standard error go. Objects with
    /// different content in several files are said all the same, as they may be of several clusters.
    #[arg(long, short)]
    quiet: bool,
    /// The namespace of objects that name none
    #[arg(long, short, default_value = "default", value_name = "NAME")]
    namespace: String,
    #[command(flatten)]
    configuration: ConfigurationFile,
    #[command(flatten)]
    base: BaseArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
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
    /// One HTML page that needs no network, for people who do not use the command line
    Html,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Only what would be refused
    Deny,
    /// Warnings too
    Warn,
    /// What cannot be told too: objects of which one end of a path is in sight and the other is not
    Unresolved,
    /// Never
    Never,
}

impl FailOn {
    /// Whether a finding makes the run fail.
    fn fails(self, finding: &ReportedFinding) -> bool {
        let severity = finding.judged.severity;
        match self {
            Self::Deny => severity >= Mode::Deny,
            Self::Warn | Self::Unresolved => severity >= Mode::Warn,
            Self::Never => false,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let configuration = arguments.configuration.load()?;
    let exclusions = Exclusions::parse(&arguments.exclude)?;
    let base = arguments.base.load(arguments.quiet)?;
    let report = check(arguments, &exclusions, base, &configuration);
    let printing = Printing {
        output: arguments.output,
        fail_on: arguments.fail_on,
        is_quiet: arguments.quiet,
        is_verbose: arguments.verbose,
    };
    printing.print(&report)
}

/// How a report is printed, and when it makes the exit status 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printing {
    pub(super) output: Output,
    pub(super) fail_on: FailOn,
    pub(super) is_quiet: bool,
    pub(super) is_verbose: bool,
}

impl Printing {
    /// Prints a report to standard output, with what has no place there on standard error.
    pub(super) fn print(self, report: &Report) -> Result<ExitStatus> {
        match self.write(report) {
            // Whoever read it (`head`, `grep -q`) has enough of it, and the verdict is what it is.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written.context("cannot write the report to standard output")?,
        }
        if matches!(self.output, Output::Json | Output::Junit) {
            // JUnit has no place for notes; who runs the command sees them all the same, if there is anybody.
            let notes: &[ReportedNote] = if self.is_quiet { &[] } else { &report.notes };
            let notes = notes.iter().chain(&report.conflicts);
            let _ = notes::write(notes, self.is_verbose, io::stderr().lock());
        }
        Ok(exit_status(report, self.fail_on))
    }

    fn write(self, report: &Report) -> io::Result<()> {
        let stdout = io::stdout();
        let mut buffered = io::BufWriter::new(stdout.lock());
        match self.output {
            Output::Text => self.write_text(report, style(&stdout), &mut buffered)?,
            Output::Json => json::write(report, &mut buffered)?,
            Output::Sarif => sarif::write(report, &mut buffered)?,
            Output::Junit => {
                let fails = |finding: &ReportedFinding| self.fail_on.fails(finding);
                junit::write(report, fails, &mut buffered)?;
            }
            Output::Github => github::write(report, &mut buffered)?,
            Output::Html => html::write(report, clock::today(), &mut buffered)?,
        }
        buffered.flush()
    }

    fn write_text(self, report: &Report, style: text::Style, output: impl Write) -> io::Result<()> {
        if self.is_quiet {
            let findings = report.findings.iter();
            let failing = findings.filter(|finding| self.fail_on.fails(finding));
            text::write_decisive(report, failing, style, output)
        } else {
            text::write(report, style, self.is_verbose, output)
        }
    }
}

fn check(
    arguments: &Arguments,
    exclusions: &Exclusions,
    base: Option<Base>,
    configuration: &Configuration,
) -> Report {
    let paths = &arguments.paths;
    let mut progress = Progress::new(!arguments.quiet);
    let mut world =
        ManifestWorld::read_with(paths, exclusions, &arguments.namespace, |read, count| {
            progress.at(read, count);
        });
    drop(progress);
    if world.objects == 0 && world.errors.is_empty() {
        world.errors.push(crate::report::ReportedError {
            file: paths
                .iter()
                .map(|path| path.display().to_string())
                .collect::<Vec<_>>()
                .join(" "),
            line: None,
            column: None,
            message: "no Kubernetes objects found: name files or directories that hold manifests as they are applied, \
                      rendered if they are templates"
                .to_owned(),
        });
    }
    let base = base.map(|base| lay_over(&mut world, base, arguments.base.all));
    let judgement = world.judge(configuration, clock::today());
    world.errors.extend(judgement.errors);
    Report {
        objects: world.objects,
        findings: judgement.findings,
        unresolved: judgement.unresolved.into_iter().map(Into::into).collect(),
        exempt: judgement.exempt.into_iter().map(Into::into).collect(),
        remedy: judgement.remedy,
        errors: world.errors,
        notes: world.notes,
        conflicts: world.conflicts,
        unresolved_fails: arguments.fail_on == FailOn::Unresolved,
        base,
        messages: configuration.messages.clone(),
        configuration: arguments.configuration.name(),
        ..Report::default()
    }
}

/// Lays the files over a base world, and says what that is.
fn lay_over(world: &mut ManifestWorld, base: Base, reports_all: bool) -> BaseSummary {
    let header = base.world.header.clone();
    let errors = base.errors.into_iter().map(|message| ReportedError {
        file: format!("cluster {}", header.cluster),
        line: None,
        column: None,
        message,
    });
    world.errors.extend(errors);
    let summary = BaseSummary {
        cluster: header.cluster.clone(),
        file: base.file,
        taken: header.taken.clone(),
        objects: base.world.objects,
        reports_all,
    };
    world.lay_over(base.world, reports_all);
    summary
}

fn exit_status(report: &Report, fail_on: FailOn) -> ExitStatus {
    if !report.errors.is_empty() {
        return ExitStatus::Error;
    }
    let is_open = report.unresolved_fails && !report.unresolved.is_empty();
    if is_open || report.findings.iter().any(|finding| fail_on.fails(finding)) {
        ExitStatus::Findings
    } else {
        ExitStatus::Success
    }
}
