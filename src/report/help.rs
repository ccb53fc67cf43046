//! What to do about a finding, for people: below its diagnostic in a report, and by itself.

use std::io::{self, Write};

use l7guard_policy::identity::ObjectKey;

use super::diagnostic::{Diagnostic, Level, Place, Style};
use super::remedy_text::{self, HeldIn};
use super::{ReportedFinding, object_name};
use crate::visible_text::{one_line, printable};

/// Writes what repairs a finding, below what is wrong: the changes as a report has them, else why there are none. `held_in`
/// says which changes are of the state of a cluster.
///
/// # Errors
///
/// The output cannot be written.
pub fn write_repair(
    reported: &ReportedFinding,
    held_in: &HeldIn<'_>,
    style: Style,
    mut output: impl Write,
) -> io::Result<()> {
    let finding = &reported.judged.finding;
    let title = Diagnostic {
        level: Level::from(reported.judged.severity),
        code: Some(finding.rule.as_str()),
        message: finding.message.in_full(),
        place: Place::Nowhere,
        remarks: Vec::new(),
    };
    title.write(style, &mut output)?;
    let remedy = remedy_text::of_finding_in(reported, held_in);
    write(&remedy, None, style, &mut output)?;
    // Beside an example the reason is not said.
    let reason = reported.remedy.no_changes.as_deref();
    if let Some(reason) = reason.filter(|_| finding.remedy.example().is_some()) {
        let reason = format!("note: no changes are written out: {}", one_line(reason));
        for line in style.wrap(&reason, "    ") {
            writeln!(output, "{line}")?;
        }
    }
    writeln!(output)
}

/// Writes what to do, wrapped; then the manifest as it is, from the first column, so that it can be copied and pasted. One
/// that was written `before` for another object is only referred to.
pub(super) fn write(
    remedy: &str,
    before: Option<&ObjectKey>,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    let (advice, manifest) = remedy.split_once("\n\n").unwrap_or((remedy, ""));
    let mut advice = format!("help: {}", one_line(advice.trim_end()));
    if let Some(object) = before.filter(|_| !manifest.is_empty()) {
        let shown = format!(", as it is written above for {}", object_name(object));
        advice = format!("{}{shown}", advice.trim_end_matches([':', '.']));
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
