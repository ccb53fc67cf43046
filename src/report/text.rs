//! The report for people: a compiler's diagnostic for each finding, then a summary line.

use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use l7guard_policy::rules::{Finding, Mode};

use super::{Location, Report, ReportedError, ReportedFinding, object_name, printable};

/// How the text looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether to use colours.
    pub colour: bool,
    /// Width of the terminal in characters.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            colour: false,
            width: 120,
        }
    }
}

/// Writes the report.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(report: &Report, style: Style, mut output: impl Write) -> io::Result<()> {
    let renderer = renderer(style);
    for note in &report.notes {
        let group = input_group(Level::NOTE, note);
        writeln!(output, "{}\n", renderer.render(&[group]))?;
    }
    for error in &report.errors {
        let group = input_group(Level::ERROR, error);
        writeln!(output, "{}\n", renderer.render(&[group]))?;
    }
    for finding in &report.findings {
        let group = finding_group(finding);
        writeln!(output, "{}\n", renderer.render(&[group]))?;
    }
    for unresolved in &report.unresolved {
        writeln!(
            output,
            "unresolved: {} {}\n",
            object_name(&unresolved.object),
            printable(&unresolved.reason)
        )?;
    }
    for exempted in &report.exempt {
        writeln!(
            output,
            "exempt: [{}] {} by exemption {:?} until {}\n",
            exempted.finding.rule,
            object_name(&exempted.finding.object),
            exempted.exemption,
            exempted.expires
        )?;
    }
    writeln!(output, "{}", summary(report))
}

/// Writes one diagnostic that is no finding: what is wrong, with the offending line quoted.
///
/// # Errors
///
/// The output cannot be written.
pub(crate) fn write_diagnostic(
    level: Level<'_>,
    message: &str,
    location: &Location,
    style: Style,
    mut output: impl Write,
) -> io::Result<()> {
    let group = Group::with_title(level.primary_title(printable(message)));
    let group = quoted(group, location);
    writeln!(output, "{}\n", renderer(style).render(&[group]))
}

fn renderer(style: Style) -> Renderer {
    let renderer = if style.colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(style.width)
}

fn input_group<'a>(level: Level<'a>, error: &'a ReportedError) -> Group<'a> {
    let mut origin = Origin::path(printable(&error.file));
    if let Some(line) = error.line {
        origin = origin.line(line);
        if let Some(column) = error.column {
            origin = origin.char_column(column);
        }
    }
    level
        .primary_title(printable(&error.message))
        .element(origin)
}

fn finding_group(reported: &ReportedFinding) -> Group<'_> {
    let finding = &reported.judged.finding;
    let level = match reported.judged.severity {
        Mode::Deny => Level::ERROR,
        Mode::Warn => Level::WARNING,
        Mode::Audit | Mode::Off => Level::NOTE,
    };
    let mut group = Group::with_title(
        level
            .primary_title(printable(&finding.message))
            .id(finding.rule.as_str()),
    );
    if let Some(location) = &reported.location {
        group = quoted(group, location);
    }
    for hop in &finding.path {
        group = group.element(Level::NOTE.with_name(hop.role.as_str()).message(format!(
            "{}: {}",
            object_name(&hop.object),
            printable(&hop.evidence)
        )));
    }
    group
        .element(Level::NOTE.message(certainty(finding)))
        .element(Level::HELP.message(printable(finding.remedy.to_string().trim_end()).into_owned()))
        .element(
            Level::HELP
                .with_name("more")
                .message(format!("l7guard explain {}", finding.rule)),
        )
}

/// The source line with the offending field marked, or its place alone where the line cannot be shown.
fn quoted<'a>(group: Group<'a>, location: &'a Location) -> Group<'a> {
    match location.text.as_deref().map(printable) {
        Some(text) if !text.trim().is_empty() => {
            let span = token(&text, location.column);
            group.element(
                Snippet::source(text)
                    .line_start(location.line)
                    .path(printable(&location.file))
                    .annotation(AnnotationKind::Primary.span(span)),
            )
        }
        _ => group.element(
            Origin::path(printable(&location.file))
                .line(location.line)
                .char_column(location.column),
        ),
    }
}

/// The bytes of the word that begins at a column.
fn token(text: &str, column: usize) -> Range<usize> {
    let start = text
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(text.len(), |(at, _)| at);
    let rest = &text[start..];
    let length = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']'))
        .unwrap_or(rest.len());
    start..start + length.max(rest.chars().next().map_or(0, char::len_utf8))
}

fn certainty(finding: &Finding) -> String {
    match finding.confidence {
        l7guard_policy::confidence::Confidence::Confirmed => {
            "confirmed: objects prove both ends of this path".to_owned()
        }
        l7guard_policy::confidence::Confidence::Likely => {
            "likely: an object that would prove it is not visible here".to_owned()
        }
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

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_token_ends_at_a_blank_or_a_bracket() {
        assert_eq!(token("  name: gateway # x", 9), 8..15);
        assert_eq!(token("{name: gw}", 8), 7..9);
        assert_eq!(token("name:", 9), 5..5);
        assert_eq!(token("ä: ö", 4), 4..6);
    }
}
