//! The diagnosis for people: a mark and a sentence a check, below it what to do.

use std::io::{self, Write};

use super::diagnosis::Diagnosis;
use super::verdict::Outcome;
use crate::report::text::Style;
use crate::visible_text::one_line;

const RESET: &str = "\u{1b}[0m";

fn colour(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Good => "\u{1b}[32m",
        Outcome::Unknown => "\u{1b}[36m",
        Outcome::Warning => "\u{1b}[33m",
        Outcome::Bad => "\u{1b}[31m",
    }
}

/// Writes it.
///
/// # Errors
/// When the output cannot be written.
pub fn write(diagnosis: &Diagnosis, style: Style, output: &mut impl Write) -> io::Result<()> {
    if let (Some(service), Some(configuration)) =
        (&diagnosis.service, &diagnosis.webhook_configuration)
    {
        let (service, configuration) = (one_line(service), one_line(configuration));
        writeln!(
            output,
            "Service {service}, ValidatingWebhookConfiguration {configuration}\n"
        )?;
    }
    for line in &diagnosis.lines {
        let mark = mark(line.outcome, style);
        writeln!(
            output,
            "{mark} {}: {}",
            line.check.name,
            one_line(&line.message)
        )?;
        if let Some(next) = &line.next {
            writeln!(output, "    next: {}", one_line(next))?;
            writeln!(output, "    more: {}", line.check.documentation())?;
        }
    }
    let outcomes = [
        Outcome::Good,
        Outcome::Warning,
        Outcome::Bad,
        Outcome::Unknown,
    ];
    let counts =
        outcomes.map(|outcome| format!("{} {}", mark(outcome, style), diagnosis.count(outcome)));
    writeln!(output, "\n{}", counts.join("  "))
}

fn mark(outcome: Outcome, style: Style) -> String {
    if style.colour {
        format!("{}{}{RESET}", colour(outcome), outcome.mark())
    } else {
        outcome.mark().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Line, checks};
    use super::*;

    fn written(style: Style) -> String {
        let line = |outcome, message: &str, next: Option<&str>| Line {
            check: checks()[0],
            outcome,
            message: message.to_owned(),
            next: next.map(ToOwned::to_owned),
        };
        let diagnosis = Diagnosis {
            service: Some("a/b".to_owned()),
            webhook_configuration: Some("b".to_owned()),
            lines: vec![
                line(Outcome::Good, "fine", None),
                line(Outcome::Bad, "broken\n✔ forged", Some("mend it")),
            ],
        };
        let mut output = Vec::new();
        write(&diagnosis, style, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn each_line_has_its_mark_and_what_comes_next() {
        assert_eq!(
            written(Style::default()),
            "Service a/b, ValidatingWebhookConfiguration b\n\n\
             ✔ webhook-configuration: fine\n\
             ✘ webhook-configuration: broken\\n✔ forged\n    next: mend it\n    more: docs/runbook.md#webhook-configuration\n\n\
             ✔ 1  ‼ 0  ✘ 1  ? 0\n"
        );
    }

    #[test]
    fn only_marks_are_coloured() {
        let style = Style {
            colour: true,
            width: None,
        };
        let text = written(style);
        assert!(
            text.contains("\u{1b}[31m✘\u{1b}[0m webhook-configuration: broken"),
            "{text}"
        );
    }
}
