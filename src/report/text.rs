//! The report for people: a compiler's diagnostic for each finding, then a summary line.

use std::collections::HashMap;
use std::io::{self, Write};

use l7guard_policy::confidence::Confidence;
use l7guard_policy::configuration::Messages;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::Finding;
use l7guard_policy::verdict::Unresolved;

use super::diagnostic::{Diagnostic, Level, Place};
use super::notes::{self, ReportedNote};
use super::totals::Totals;
use super::{
    BaseSummary, Gone, OfCluster, Report, ReportedError, ReportedExemption, ReportedFinding, help,
    more, name_in_cluster, remedy_text,
};
use crate::visible_text::one_line;

pub use super::diagnostic::Style;

/// So many lines of a sort are all shown; of more the first, with their number.
const SHOWN: usize = 3;

/// Writes the report; if `is_verbose`, with every note and every object that cannot be told or is exempt.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(
    report: &Report,
    style: Style,
    is_verbose: bool,
    mut output: impl Write,
) -> io::Result<()> {
    // Findings come last, where a terminal shows them.
    if is_verbose {
        for note in report.all_notes() {
            write_input(Level::Note, &note.input, style, &mut output)?;
        }
    } else {
        write_groups(report.all_notes(), style, &mut output)?;
    }
    let unresolved = report.unresolved.iter().map(unresolved_line).collect();
    write_list(unresolved, "unresolved", is_verbose, style, &mut output)?;
    let exempt = report.exempt.iter().map(exempt_line).collect();
    write_list(exempt, "exempt", is_verbose, style, &mut output)?;
    write_failures(report, report.findings.iter(), style, &mut output)?;
    write_gone(&report.gone, style, &mut output)?;
    for cluster in &report.clusters {
        let line = format!("{}: {}", one_line(&cluster.name), summary(&cluster.totals));
        for line in style.wrap(&line, "  ") {
            writeln!(output, "{line}")?;
        }
    }
    if let Some(base) = &report.base {
        for line in style.wrap(&against(base), "  ") {
            writeln!(output, "{line}")?;
        }
    }
    if report.clusters.len() != 1 {
        for line in style.wrap(&summary(&report.totals()), "  ") {
            writeln!(output, "{line}")?;
        }
    }
    Ok(())
}

/// What the files were judged against.
fn against(base: &BaseSummary) -> String {
    let what = if base.reports_all {
        "everything is reported"
    } else {
        "what the files add is reported"
    };
    let (cluster, taken) = (one_line(&base.cluster), one_line(&base.taken));
    let objects = base.objects;
    format!("judged against {cluster} as of {taken} ({objects} objects): {what}")
}

fn write_gone(all: &[Gone], style: Style, output: &mut impl Write) -> io::Result<()> {
    for gone in all {
        let cluster = gone.cluster.as_deref();
        let cluster = cluster.map_or(String::new(), |cluster| format!("{cluster}: "));
        let line = format!("gone: [{}] {cluster}{}", gone.rule, gone.object);
        for line in style.wrap(&one_line(&line), "    ") {
            writeln!(output, "{line}")?;
        }
        writeln!(output)?;
    }
    Ok(())
}

/// Notes, a line a reason, and an empty line.
fn write_groups<'a>(
    notes: impl Iterator<Item = &'a ReportedNote>,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    let groups = notes::grouped(notes);
    for group in &groups {
        for line in style.wrap(&group.line(), "    ") {
            match line.strip_prefix("note: ") {
                Some(rest) => writeln!(output, "{}: {rest}", style.heading(Level::Note, "note"))?,
                None => writeln!(output, "{line}")?,
            }
        }
    }
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(output)
}

/// Lines that stand beside findings: a few of many, unless all are wanted.
fn write_list(
    mut lines: Vec<String>,
    what: &str,
    is_verbose: bool,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    let count = lines.len();
    if count > SHOWN && !is_verbose {
        lines.truncate(1);
        for first in &mut lines {
            *first = format!("{first} ({what}: {count} in all; --verbose lists them)");
        }
    }
    for line in &lines {
        for line in style.wrap(line, "    ") {
            writeln!(output, "{line}")?;
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(output)
}

fn unresolved_line(unresolved: &OfCluster<Unresolved>) -> String {
    let name = name_in_cluster(unresolved.cluster.as_deref(), &unresolved.object);
    format!(
        "unresolved: {name} {}",
        one_line(unresolved.reason.in_full())
    )
}

fn exempt_line(exempted: &OfCluster<ReportedExemption>) -> String {
    let ticket = exempted.ticket.as_deref();
    let ticket = ticket.map_or(String::new(), |ticket| {
        format!(", ticket {}", one_line(ticket))
    });
    format!(
        "exempt: [{}] {} by exemption {:?} until {}{ticket}",
        exempted.finding.rule,
        name_in_cluster(exempted.cluster.as_deref(), &exempted.finding.object),
        exempted.exemption,
        exempted.expires
    )
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
    write_groups(report.conflicts.iter(), style, &mut output)?;
    if report.unresolved_fails {
        let unresolved = report.unresolved.iter().map(unresolved_line).collect();
        write_list(unresolved, "unresolved", true, style, &mut output)?;
    }
    write_failures(report, findings, style, output)
}

fn write_failures<'a>(
    report: &Report,
    findings: impl Iterator<Item = &'a ReportedFinding>,
    style: Style,
    mut output: impl Write,
) -> io::Result<()> {
    for error in &report.errors {
        write_input(Level::Error, error, style, &mut output)?;
    }
    let mut remedies = HashMap::new();
    for finding in findings {
        write_finding(finding, &report.messages, &mut remedies, style, &mut output)?;
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
    messages: &Messages,
    remedies: &mut HashMap<String, &'a ObjectKey>,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    let finding = &reported.judged.finding;
    let cluster = reported
        .cluster
        .as_deref()
        .map(|cluster| ("cluster", cluster.to_owned()));
    let is_new = reported.is_new.filter(|is_new| *is_new);
    let is_new = is_new.map(|_| ("new", "the earlier report does not have it".to_owned()));
    let hops = finding.path.iter().map(|hop| {
        let evidence = format!("{}: {}", hop.object, hop.evidence.in_full());
        (hop.role.as_str(), evidence)
    });
    let mut remarks: Vec<_> = cluster.into_iter().chain(is_new).chain(hops).collect();
    remarks.push(("note", certainty(finding).to_owned()));
    remarks.push(("more", more(messages, finding.rule)));
    let diagnostic = Diagnostic {
        level: reported.judged.severity.into(),
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
    help::write(&remedy, before, style, output)?;
    remedies.entry(remedy).or_insert(&finding.object);
    writeln!(output)
}

fn certainty(finding: &Finding) -> &'static str {
    match finding.confidence {
        Confidence::Confirmed => "confirmed: objects prove both ends of this path",
        Confidence::Likely => "likely: an object that would prove it is not visible here",
    }
}

fn summary(counts: &Totals) -> String {
    let plural = |count: usize, word: &str| {
        let s = if count == 1 { "" } else { "s" };
        format!("{count} {word}{s}")
    };
    let mut parts = vec![
        plural(counts.objects, "object"),
        format!("{} denied", counts.deny),
        plural(counts.warn, "warning"),
    ];
    if counts.audit > 0 {
        parts.push(format!("{} in audit mode", counts.audit));
    }
    if counts.unresolved > 0 {
        parts.push(format!("{} unresolved", counts.unresolved));
    }
    if counts.exempt > 0 {
        parts.push(format!("{} exempt", counts.exempt));
    }
    if counts.errors > 0 {
        parts.push(plural(counts.errors, "error"));
    }
    parts.join(", ")
}
