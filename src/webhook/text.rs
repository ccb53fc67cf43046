//! Text that came from objects, made safe to show in a terminal and to send through the API server.

use std::borrow::Cow;
use std::fmt::Write;

/// The most characters of a warning. The API server shows longer ones, but cuts them at 256 when there are many, and the
/// Kubernetes API conventions ask for 120 (`k8s.io/api/admission/v1`, `AdmissionResponse.Warnings`).
pub const WARNING_LENGTH: usize = 120;

/// `text` with everything escaped that would not show as what it is: control characters other than the newline, and the
/// characters that change the direction of the text around them, with which a name can be made to look like another
/// (Unicode Standard Annex 9, section 2). Text that needs nothing is returned as it is.
#[must_use]
pub fn safe_text(text: &str) -> Cow<'_, str> {
    // Nearly all text is plain ASCII, which is told bytewise at a fraction of the time; a refusal's message is long.
    if text.bytes().all(is_plain) || !text.contains(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push_safe(&mut safe, character);
    }
    Cow::Owned(safe)
}

/// `text` as a warning that the API server passes on: one line, at most [`WARNING_LENGTH`] characters (longer ones end in
/// an ellipsis), white space joined, and what [`safe_text`] escapes escaped.
///
/// The API server drops a warning with a control character, newline included, without a word
/// (kubernetes/apimachinery, `pkg/util/net/http.go`, `NewWarningHeader`).
#[must_use]
pub fn warning_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars() {
            push_safe(&mut line, character);
        }
    }
    truncate(&mut line, WARNING_LENGTH);
    line
}

/// Cuts `text` to at most `length` characters, the ellipsis that shows the cut included.
pub(super) fn truncate(text: &mut String, length: usize) {
    if text.chars().nth(length).is_none() {
        return;
    }
    if let Some((end, _)) = text.char_indices().nth(length.saturating_sub(1)) {
        text.truncate(end);
        text.push('…');
    }
}

fn push_safe(safe: &mut String, character: char) {
    if is_deceptive(character) {
        // Writing to a string cannot fail.
        let _ = write!(safe, "{}", character.escape_default());
    } else {
        safe.push(character);
    }
}

/// Whether a byte is a character that shows as what it is, or the newline.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\n' | b' '..=b'~')
}

fn is_deceptive(character: char) -> bool {
    match character {
        '\n' => false,
        // Marks, embeddings, overrides and isolates of direction; line and paragraph separator.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        _ => character.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "",
            "an Ingress, \"quoted\"\n  and a second line",
            "größe 尺寸 🚪",
        ] {
            assert!(matches!(safe_text(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn control_and_direction_characters_are_escaped_in_messages() {
        assert_eq!(
            safe_text("a\tb\rc\u{1b}[31md\u{85}\u{202e}e\u{2066}f\u{2028}g\u{7f}\u{200f}\u{61c}\0"),
            "a\\tb\\rc\\u{1b}[31md\\u{85}\\u{202e}e\\u{2066}f\\u{2028}g\\u{7f}\\u{200f}\\u{61c}\\u{0}"
        );
    }

    #[test]
    fn making_text_safe_twice_changes_nothing_more() {
        let once = safe_text("\u{1b}\u{202e}x").into_owned();
        assert_eq!(safe_text(&once), once);
        let line = warning_line(&"\u{202e}a b\n".repeat(40));
        assert_eq!(warning_line(&line), line);
    }

    #[test]
    fn a_warning_is_one_line_without_control_characters() {
        let line = warning_line("  first\nsecond\r\n\tthird\u{2028}fourth \u{1b}[0m \u{202d}x ");
        assert_eq!(line, "first second third fourth \\u{1b}[0m \\u{202d}x");
    }

    #[test]
    fn a_warning_of_120_characters_stays_whole_and_a_longer_one_is_cut_to_120() {
        let whole = "ä".repeat(120);
        assert_eq!(warning_line(&whole), whole);
        let cut = warning_line(&"ä".repeat(121));
        assert_eq!(cut, "ä".repeat(119) + "…");
        let escaped = warning_line(&"\u{202e}".repeat(120));
        assert_eq!(escaped.chars().count(), 120);
    }
}
