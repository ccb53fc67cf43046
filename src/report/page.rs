//! The page of a rule on a terminal: its prose in lines that fit, so that no word is cut at the edge of the screen. What is there
//! to be copied stays as it is.

use super::diagnostic::Style;

/// Longer lines are hard to read, however wide the terminal is.
const WIDEST: usize = 100;

/// A page of Markdown in this style; as it is where there is no terminal.
#[must_use]
pub fn on_terminal(page: &str, style: Style) -> String {
    let Some(width) = style.width else {
        return page.to_owned();
    };
    let style = Style {
        width: Some(width.min(WIDEST)),
        ..style
    };
    let mut shown = String::with_capacity(page.len());
    let mut prose = Prose::default();
    let mut is_code = false;
    for line in page.lines() {
        let is_fence = line.trim_start().starts_with("```");
        if is_code || is_fence || is_kept(line) {
            prose.flush(style, &mut shown);
            shown.push_str(line);
            shown.push('\n');
            is_code ^= is_fence;
            continue;
        }
        if line.starts_with("- ") {
            prose.flush(style, &mut shown);
            prose.indent = "  ";
        }
        prose.take(line);
    }
    prose.flush(style, &mut shown);
    shown
}

/// Whether a line stands by itself: it is empty, a heading or a row of a table.
fn is_kept(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with(['#', '|'])
}

/// A paragraph, or an item of a list.
#[derive(Default)]
struct Prose {
    text: String,
    /// Before its second and later lines.
    indent: &'static str,
}

impl Prose {
    fn take(&mut self, line: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(line.trim());
    }

    fn flush(&mut self, style: Style, shown: &mut String) {
        let prose = std::mem::take(self);
        if prose.text.is_empty() {
            return;
        }
        for line in style.wrap(&prose.text, prose.indent) {
            shown.push_str(&line);
            shown.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use l7guard_policy::rules::Rule;

    use super::*;

    fn style(width: usize) -> Style {
        Style {
            colour: false,
            width: Some(width),
        }
    }

    #[test]
    fn prose_is_filled_and_what_is_copied_stays() {
        let page = "# A page\n\nSome words that go\non here.\n\n- an item that is long\n  and goes on\n- another\n\n```yaml\na: a long line of YAML that is kept\n\n# b\n```\n";
        assert_eq!(
            on_terminal(page, style(20)),
            "# A page\n\nSome words that go\non here.\n\n- an item that is\n  long and goes on\n- another\n\n```yaml\na: a long line of YAML that is kept\n\n# b\n```\n"
        );
    }

    /// Words and blocks of code are all there, whatever the width, and no line of prose is longer than the terminal unless
    /// it is a single word.
    #[test]
    fn no_word_of_a_page_is_cut() {
        for rule in Rule::all() {
            let page = rule.page();
            for width in [60, 80, 100] {
                let shown = on_terminal(&page, style(width));
                let words = |text: &str| -> Vec<String> {
                    text.split_whitespace().map(str::to_owned).collect()
                };
                assert_eq!(words(&shown), words(&page), "{}", rule.code);
                let mut is_code = false;
                for line in shown.lines() {
                    is_code ^= line.starts_with("```");
                    let is_word = line.trim_start_matches("- ").split_whitespace().count() == 1;
                    let fits = line.chars().count() <= width;
                    assert!(
                        is_code || is_word || fits || line.starts_with('#'),
                        "{line}"
                    );
                }
            }
        }
    }
}
