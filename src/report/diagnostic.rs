//! One diagnostic in a compiler's manner: what is wrong, the offending line quoted and marked, remarks below it.
//!
//! Prose is wrapped to the width of the terminal. What is quoted from a file is cut by the renderer of
//! `annotate-snippets`, which keeps the marked part in sight.

use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::renderer::{self, DecorStyle};
use annotate_snippets::{AnnotationKind, Group, Origin, Renderer, Snippet};
use l7guard_policy::rules::Mode;
use textwrap::WordSplitter;

use super::Location;
use crate::visible_text::one_line;

/// The narrowest width that is wrapped to: names are longer than that.
const NARROWEST: usize = 20;

/// How the text looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Whether to use colours.
    pub colour: bool,
    /// Width of the terminal in columns; without one nothing is wrapped or cut.
    pub width: Option<usize>,
}

/// How grave a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Something that fails.
    Error,
    /// Something that should be mended.
    Warning,
    /// Something worth knowing.
    Note,
}

/// One diagnostic. Its texts may come from objects: they are made harmless here.
#[derive(Debug)]
pub(crate) struct Diagnostic<'a> {
    /// How grave it is.
    pub(crate) level: Level,
    /// A rule's code.
    pub(crate) code: Option<&'static str>,
    /// What is wrong, in a sentence.
    pub(crate) message: &'a str,
    /// Where.
    pub(crate) place: Place<'a>,
    /// What stands below, each with its name.
    pub(crate) remarks: Vec<(&'static str, String)>,
}

/// Where something is wrong.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// Nowhere in particular.
    Nowhere,
    /// In a file, of which nothing is quoted.
    File {
        /// The file as it was named.
        file: &'a str,
        /// The line, from 1.
        line: Option<usize>,
        /// The column, from 1, in characters.
        column: Option<usize>,
    },
    /// At a line that is quoted if it is at hand.
    Quoted(&'a Location),
}

impl Style {
    /// A text in this style, in a style of the renderer's.
    fn paint(self, style: renderer::Style, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// A title, coloured by its level.
    pub(crate) fn heading(self, level: Level, text: &str) -> String {
        self.paint(level.style(), text)
    }

    /// What is wrong in a drawing.
    pub(crate) fn alarm(self, text: &str) -> String {
        self.heading(Level::Error, text)
    }

    /// The heading of what to write instead.
    pub(crate) fn help(self, text: &str) -> String {
        self.paint(renderer::DEFAULT_HELP_STYLE, text)
    }

    /// Lines of at most the terminal's width; the second and later ones are indented. Words are never cut, so that
    /// names and paths can be copied.
    pub(crate) fn wrap(self, text: &str, indent: &str) -> Vec<String> {
        let Some(width) = self.width else {
            return vec![text.to_owned()];
        };
        let options = textwrap::Options::new(width.max(NARROWEST))
            .subsequent_indent(indent)
            .word_splitter(WordSplitter::NoHyphenation)
            .break_words(false);
        let lines = textwrap::wrap(text, options);
        lines
            .into_iter()
            .map(std::borrow::Cow::into_owned)
            .collect()
    }

    fn renderer(self) -> Renderer {
        let renderer = if self.colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let width = self.width.unwrap_or(renderer::DEFAULT_TERM_WIDTH);
        renderer
            .decor_style(DecorStyle::Ascii)
            .term_width(width.max(NARROWEST))
    }
}

impl From<Mode> for Level {
    fn from(severity: Mode) -> Self {
        match severity {
            Mode::Deny => Self::Error,
            Mode::Warn => Self::Warning,
            Mode::Audit | Mode::Off => Self::Note,
        }
    }
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    fn style(self) -> renderer::Style {
        match self {
            Self::Error => renderer::DEFAULT_ERROR_STYLE,
            Self::Warning => renderer::DEFAULT_WARNING_STYLE,
            Self::Note => renderer::DEFAULT_NOTE_STYLE,
        }
    }
}

impl Diagnostic<'_> {
    /// Writes it, without an empty line at the end.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub(crate) fn write(&self, style: Style, mut output: impl Write) -> io::Result<()> {
        self.write_title(style, &mut output)?;
        if let Some(group) = self.place.group() {
            writeln!(output, "{}", style.renderer().render(&[group]))?;
        }
        self.write_remarks(style, &mut output)
    }

    fn write_title(&self, style: Style, output: &mut impl Write) -> io::Result<()> {
        let code = self.code.map_or(String::new(), |code| format!("[{code}]"));
        let level = format!("{}{code}", self.level.name());
        let title = format!("{level}: {}", one_line(self.message));
        for (at, line) in style.wrap(&title, "    ").iter().enumerate() {
            let (level, text) = line.split_at(if at == 0 { level.len() } else { 0 });
            writeln!(
                output,
                "{}{}",
                style.heading(self.level, level),
                style.paint(renderer::DEFAULT_EMPHASIS_STYLE, text)
            )?;
        }
        Ok(())
    }

    fn write_remarks(&self, style: Style, output: &mut impl Write) -> io::Result<()> {
        let gutter = " ".repeat(self.place.digits());
        let sign = |sign| style.paint(renderer::DEFAULT_CONTEXT_STYLE, sign);
        if !self.remarks.is_empty() && matches!(self.place, Place::Quoted(_)) {
            writeln!(output, "{gutter} {}", sign("|"))?;
        }
        for (name, text) in &self.remarks {
            let text = format!("{gutter} = {name}: {}", one_line(text));
            let lines = style.wrap(&text, &format!("{gutter}     "));
            for (at, line) in lines.iter().enumerate() {
                match line.strip_prefix(&format!("{gutter} = {name}")) {
                    Some(rest) if at == 0 => writeln!(
                        output,
                        "{gutter} {} {}{rest}",
                        sign("="),
                        style.paint(renderer::DEFAULT_EMPHASIS_STYLE, name)
                    )?,
                    _ => writeln!(output, "{line}")?,
                }
            }
        }
        Ok(())
    }
}

impl Place<'_> {
    /// The place for the renderer.
    fn group(&self) -> Option<Group<'_>> {
        let group = Group::with_level(annotate_snippets::Level::ERROR);
        let location = match self {
            Self::Nowhere => return None,
            Self::File { file, line, column } => {
                return Some(group.element(origin(file, *line, *column)));
            }
            Self::Quoted(location) => location,
        };
        let quotable = location.text.as_deref();
        Some(match quotable.filter(|text| !text.trim().is_empty()) {
            Some(text) => {
                let (text, span) = quoted(text, location.column);
                group.element(
                    Snippet::source(text)
                        .line_start(location.line)
                        .path(one_line(&location.file))
                        .annotation(AnnotationKind::Primary.span(span)),
                )
            }
            None => group.element(origin(
                &location.file,
                Some(location.line),
                Some(location.column),
            )),
        })
    }

    /// How many digits its line number has.
    fn digits(&self) -> usize {
        let line = match self {
            Self::Nowhere => None,
            Self::File { line, .. } => *line,
            Self::Quoted(location) => Some(location.line),
        };
        line.map_or(1, |line| line.to_string().len())
    }
}

fn origin(file: &str, line: Option<usize>, column: Option<usize>) -> Origin<'_> {
    let mut origin = Origin::path(one_line(file));
    if let Some(line) = line {
        origin = origin.line(line);
        if let Some(column) = column {
            origin = origin.char_column(column);
        }
    }
    origin
}

/// A line that is safe to print, and where in it the word stands that begins at a column of the line as it was written.
fn quoted(line: &str, column: usize) -> (String, Range<usize>) {
    let word = word(line, column);
    let mut text = one_line(&line[..word.start]).into_owned();
    let start = text.len();
    text.push_str(&one_line(&line[word.clone()]));
    let end = text.len();
    text.push_str(&one_line(&line[word.end..]));
    (text, start..end)
}

/// The bytes of the word that begins at a column.
fn word(line: &str, column: usize) -> Range<usize> {
    let start = line
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(line.len(), |(at, _)| at);
    let rest = &line[start..];
    let length = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']'))
        .unwrap_or(rest.len());
    start..start + length.max(rest.chars().next().map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_ends_at_a_blank_or_a_bracket() {
        assert_eq!(word("  name: gateway # x", 9), 8..15);
        assert_eq!(word("{name: gw}", 8), 7..9);
        assert_eq!(word("name:", 9), 5..5);
        assert_eq!(word("ä: ö", 4), 4..6);
    }

    #[test]
    fn the_mark_is_under_its_word_also_behind_what_was_escaped() {
        let (text, span) = quoted("\u{202e}a:\tgateway\u{1b}[2J # x", 5);
        assert_eq!(text, "\\u{202e}a:\\tgateway\\u{1b}[2J # x");
        assert_eq!(&text[span], "gateway\\u{1b}[2J");
    }

    #[test]
    fn prose_is_wrapped_and_words_are_not_cut() {
        let style = Style {
            width: Some(40),
            colour: false,
        };
        let mut output = Vec::new();
        let diagnostic = Diagnostic {
            level: Level::Error,
            code: Some("L7G001"),
            message: "Ingress istio-system/edge would put an AWS Application Load Balancer (L7) in front of it",
            place: Place::Nowhere,
            remarks: vec![(
                "service",
                "Service istio-system/a-name-that-is-longer-than-any-terminal-is-wide: selects app=x"
                    .to_owned(),
            )],
        };
        diagnostic.write(style, &mut output).unwrap();
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "\
error[L7G001]: Ingress istio-system/edge
    would put an AWS Application Load
    Balancer (L7) in front of it
  = service: Service
      istio-system/a-name-that-is-longer-than-any-terminal-is-wide:
      selects app=x
"
        );
    }
}
