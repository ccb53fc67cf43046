//! Workflow commands of GitHub Actions: an annotation on the line of each finding.
//!
//! Source: GitHub documentation, "Workflow commands for GitHub Actions" (escaping as in `actions/toolkit`
//! `packages/core/src/command.ts`).

use std::io::{self, Write};

use l7guard_policy::configuration::Messages;
use l7guard_policy::rules::Mode;

use super::exemption::justification;
use super::{
    Location, OfCluster, Report, ReportedError, ReportedExemption, ReportedFinding, more,
    name_in_cluster, notes, remedy_text,
};
use crate::visible_text::{one_line, printable};

/// Writes one command a line: errors and denials as `error`, warnings as `warning`, the rest as `notice`.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(report: &Report, mut output: impl Write) -> io::Result<()> {
    for error in &report.errors {
        write_input(&mut output, "error", error)?;
    }
    for finding in &report.findings {
        write_finding(&mut output, finding, &report.messages)?;
    }
    if report.unresolved_fails {
        for unresolved in &report.unresolved {
            let name = name_in_cluster(unresolved.cluster.as_deref(), &unresolved.object);
            let text = format!("{name} {}", one_line(unresolved.reason.in_full()));
            writeln!(output, "::error title=unresolved::{}", data(&text))?;
        }
    }
    for exempted in &report.exempt {
        write_exempt(&mut output, exempted)?;
    }
    write_notes(&mut output, report)
}

/// One annotation for all notes: a run shows ten of a kind, and findings are not to be pushed out by notes.
fn write_notes(output: &mut impl Write, report: &Report) -> io::Result<()> {
    let lines: Vec<String> = notes::grouped(report.all_notes())
        .iter()
        .map(notes::Group::line)
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(
        output,
        "::notice title=l7guard::{}",
        data(&lines.join("\n"))
    )
}

fn write_finding(
    output: &mut impl Write,
    reported: &ReportedFinding,
    messages: &Messages,
) -> io::Result<()> {
    let command = match reported.judged.severity {
        Mode::Deny => "error",
        Mode::Warn => "warning",
        Mode::Audit | Mode::Off => "notice",
    };
    let finding = &reported.judged.finding;
    write!(output, "::{command} ")?;
    if let Some(location) = &reported.location {
        write!(
            output,
            "file={},line={},col={},",
            property(path(&location.file)),
            location.line,
            location.column
        )?;
    }
    let cluster = reported.cluster.as_deref();
    let text = format!(
        "{}{}\n\n{}\n\n{}",
        cluster.map_or(String::new(), |name| format!("{}: ", one_line(name))),
        one_line(finding.message.in_full()),
        remedy_text::of_finding(reported),
        more(messages, finding.rule)
    );
    writeln!(
        output,
        "title={} {}::{}",
        finding.rule,
        finding.rule.name(),
        data(&text)
    )
}

/// A notice: nobody has to act, and a reviewer sees what is tolerated.
fn write_exempt(
    output: &mut impl Write,
    exempted: &OfCluster<ReportedExemption>,
) -> io::Result<()> {
    let finding = &exempted.finding;
    write!(output, "::notice ")?;
    if let Some(Location {
        file, line, column, ..
    }) = &exempted.location
    {
        let file = property(file);
        write!(output, "file={file},line={line},col={column},")?;
    }
    let text = format!(
        "{}\n\n{}",
        name_in_cluster(exempted.cluster.as_deref(), &finding.object),
        justification(exempted)
    );
    let (rule, name) = (finding.rule, finding.rule.name());
    writeln!(output, "title={rule} {name} exempt::{}", data(&text))
}

fn write_input(output: &mut impl Write, command: &str, error: &ReportedError) -> io::Result<()> {
    write!(output, "::{command} file={}", property(path(&error.file)))?;
    if let Some(line) = error.line {
        write!(output, ",line={line}")?;
    }
    if let Some(column) = error.column {
        write!(output, ",col={column}")?;
    }
    writeln!(output, "::{}", data(&one_line(&error.message)))
}

/// A path as GitHub compares it with those of the repository: without `./`.
fn path(file: &str) -> &str {
    file.strip_prefix("./").unwrap_or(file)
}

/// Escapes the text of a command.
fn data(text: &str) -> String {
    printable(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    data(&one_line(text))
        .replace(':', "%3A")
        .replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_cannot_write_a_command_of_its_own() {
        let mut output = Vec::new();
        let report = Report {
            errors: vec![ReportedError {
                file: "./a,b:c.yaml".to_owned(),
                line: Some(3),
                column: Some(5),
                message: "no\n::error::forged 100%".to_owned(),
            }],
            ..Report::default()
        };
        write(&report, &mut output).unwrap();
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "::error file=a%2Cb%3Ac.yaml,line=3,col=5::no\\n::error::forged 100%25\n"
        );
    }
}
