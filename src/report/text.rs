//! The report for people: a compiler's diagnostic for each finding, then a summary line.

use std::collections::HashMap;
use std::io::{self, Write};

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Finding, Mode};

use super::diagnostic::{Diagnostic, Level, Place};
use super::{Report, ReportedError, ReportedFinding, object_name, remedy_text};
use crate::visible_text::{one_line, printable};

pub use super::diagnostic::Style;

/// Writes the report.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(report: &Report, style: Style, mut output: impl Write) -> io::Result<()> {
    for note in report.notes.iter().chain(&report.conflicts) {
        write_input(Level::Note, note, style, &mut output)?;
    }
    write_failures(&report.errors, report.findings.iter(), style, &mut output)?;
    for unresolved in &report.unresolved {
        let name = object_name(&unresolved.object);
        let reason = one_line(unresolved.reason.in_full());
        write_line(&format!("unresolved: {name} {reason}"), style, &mut output)?;
    }
    for exempted in &report.exempt {
        let line = format!(
            "exempt: [{}] {} by exemption {:?} until {}",
            exempted.finding.rule,
            object_name(&exempted.finding.object),
            exempted.exemption,
            exempted.expires
        );
        write_line(&line, style, &mut output)?;
    }
    for line in style.wrap(&summary(report), "  ") {
        writeln!(output, "{line}")?;
    }
    Ok(())
}

/// Writes errors and these findings alone, which decide how the run ends, and conflicts, which may have decided it wrongly.
///
/// # Errors
///
/// The output cannot be written.
pub fn write_decisive<'a>(
    report: &Report,
    findings: impl Iterator<Item = &'a ReportedFinding>,
    style: Style,
    mut output: impl Write,
) -> io::Result<()> {
    for conflict in &report.conflicts {
        write_input(Level::Note, conflict, style, &mut output)?;
    }
    write_failures(&report.errors, findings, style, output)
}

fn write_failures<'a>(
    errors: &[ReportedError],
    findings: impl Iterator<Item = &'a ReportedFinding>,
    style: Style,
    mut output: impl Write,
) -> io::Result<()> {
    for error in errors {
        write_input(Level::Error, error, style, &mut output)?;
    }
    let mut remedies = HashMap::new();
    for finding in findings {
        write_finding(finding, &mut remedies, style, &mut output)?;
    }
    Ok(())
}

/// Writes one error of an input.
///
/// # Errors
///
/// The output cannot be written.
pub fn write_error(error: &ReportedError, style: Style, mut output: impl Write) -> io::Result<()> {
    write_input(Level::Error, error, style, &mut output)
}

fn write_input(
    level: Level,
    error: &ReportedError,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    let diagnostic = Diagnostic {
        level,
        code: None,
        message: &error.message,
        place: Place::File {
            file: &error.file,
            line: error.line,
            column: error.column,
        },
        remarks: Vec::new(),
    };
    diagnostic.write(style, &mut *output)?;
    writeln!(output)
}

/// Writes a finding with its remedy. One that was shown before, in `remedies` with the object that it was shown for, is
/// only referred to.
fn write_finding<'a>(
    reported: &'a ReportedFinding,
    remedies: &mut HashMap<String, &'a ObjectKey>,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    let finding = &reported.judged.finding;
    let mut remarks: Vec<_> = finding
        .path
        .iter()
        .map(|hop| {
            let evidence = format!("{}: {}", hop.object, hop.evidence.in_full());
            (hop.role.as_str(), evidence)
        })
        .collect();
    remarks.push(("note", certainty(finding).to_owned()));
    remarks.push(("more", format!("l7guard explain {}", finding.rule)));
    let diagnostic = Diagnostic {
        level: match reported.judged.severity {
            Mode::Deny => Level::Error,
            Mode::Warn => Level::Warning,
            Mode::Audit | Mode::Off => Level::Note,
        },
        code: Some(finding.rule.as_str()),
        message: finding.message.in_full(),
        place: reported
            .location
            .as_ref()
            .map_or(Place::Nowhere, Place::Quoted),
        remarks,
    };
    diagnostic.write(style, &mut *output)?;
    let remedy = remedy_text::of_finding(reported);
    let before = remedies.get(&remedy).copied();
    write_remedy(&remedy, before, style, output)?;
    remedies.entry(remedy).or_insert(&finding.object);
    writeln!(output)
}

/// What to do, wrapped; then the manifest as it is, from the first column, so that it can be copied and pasted.
fn write_remedy(
    remedy: &str,
    before: Option<&ObjectKey>,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    let (advice, manifest) = remedy.split_once("\n\n").unwrap_or((remedy, ""));
    let mut advice = format!("help: {}", one_line(advice.trim_end()));
    if let Some(object) = before.filter(|_| !manifest.is_empty()) {
        let shown = format!(" as it is written above for {}", object_name(object));
        advice = format!("{}{shown}", advice.trim_end_matches(':'));
    }
    for (at, line) in style.wrap(&advice, "    ").iter().enumerate() {
        match line.strip_prefix("help") {
            Some(rest) if at == 0 => writeln!(output, "{}{rest}", style.help("help"))?,
            _ => writeln!(output, "{line}")?,
        }
    }
    if before.is_none() && !manifest.is_empty() {
        writeln!(output, "\n{}", printable(manifest.trim_end()))?;
    }
    Ok(())
}

/// One line, or several in a narrow terminal, and an empty one.
fn write_line(text: &str, style: Style, output: &mut impl Write) -> io::Result<()> {
    for line in style.wrap(text, "    ") {
        writeln!(output, "{line}")?;
    }
    writeln!(output)
}

fn certainty(finding: &Finding) -> &'static str {
    match finding.confidence {
        Confidence::Confirmed => "confirmed: objects prove both ends of this path",
        Confidence::Likely => "likely: an object that would prove it is not visible here",
    }
}

fn summary(report: &Report) -> String {
    let plural = |count: usize, word: &str| {
        let s = if count == 1 { "" } else { "s" };
        format!("{count} {word}{s}")
    };
    let mut parts = vec![
        plural(report.objects, "object"),
        format!("{} denied", report.count(Mode::Deny)),
        plural(report.count(Mode::Warn), "warning"),
    ];
    let audit = report.count(Mode::Audit);
    if audit > 0 {
        parts.push(format!("{audit} in audit mode"));
    }
    if !report.unresolved.is_empty() {
        parts.push(format!("{} unresolved", report.unresolved.len()));
    }
    if !report.exempt.is_empty() {
        parts.push(format!("{} exempt", report.exempt.len()));
    }
    if !report.errors.is_empty() {
        parts.push(plural(report.errors.len(), "error"));
    }
    parts.join(", ")
}
