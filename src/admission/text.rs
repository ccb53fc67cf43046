//! Text that came from objects, cut and joined to what the API server passes on.

use crate::visible_text::one_line;

/// The most characters of a warning. The API server shows longer ones, but cuts them at 256 when there are many, and the
/// Kubernetes API conventions ask for 120 (`k8s.io/api/admission/v1`, `AdmissionResponse.Warnings`).
pub const WARNING_LENGTH: usize = 120;

/// `text` as a warning that the API server passes on: one line, at most [`WARNING_LENGTH`] characters (longer ones end in
/// an ellipsis behind a whole word), white space joined, and what [`one_line`] escapes escaped.
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
        line.push_str(&one_line(word));
    }
    cut_at_word(&mut line, WARNING_LENGTH);
    line
}

/// Cuts `text` as [`truncate`] does, and between words: half a name may be the name of something else. A text whose first word
/// is too long is cut within it.
fn cut_at_word(text: &mut String, length: usize) {
    if text.chars().nth(length).is_none() {
        return;
    }
    truncate(text, length);
    if let Some(end) = text.rfind(' ') {
        text.truncate(end);
        text.push_str(" …");
    }
}

/// Cuts `text` to at most `length` characters, the ellipsis that shows the cut included.
pub(crate) fn truncate(text: &mut String, length: usize) {
    if text.chars().nth(length).is_none() {
        return;
    }
    if let Some((end, _)) = text.char_indices().nth(length.saturating_sub(1)) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn making_a_warning_twice_changes_nothing_more() {
        let line = warning_line(&"\u{202e}a b\n".repeat(40));
        assert_eq!(warning_line(&line), line);
    }

    #[test]
    fn a_warning_is_one_line_without_control_characters() {
        let line = warning_line("  first\nsecond\r\n\tthird\u{2028}fourth \u{1b}[0m \u{202d}x ");
        assert_eq!(line, "first second third fourth \\u{1b}[0m \\u{202d}x");
    }

    #[test]
    fn a_warning_is_cut_between_words() {
        let longer = format!(
            "[L7G001] Ingress shop/{}: {}",
            "a".repeat(60),
            "b".repeat(60)
        );
        let cut = warning_line(&longer);
        assert_eq!(cut, format!("[L7G001] Ingress shop/{}: …", "a".repeat(60)));
        // Wherever the cut falls, every word of it is one of the text.
        for length in 0..240 {
            let text = "namespace/name ".repeat(16) + &"c".repeat(length);
            let cut = warning_line(&text);
            assert!(cut.chars().count() <= WARNING_LENGTH, "{cut}");
            let words = cut.trim_end_matches(" …").split(' ');
            let whole: Vec<&str> = text.split(' ').collect();
            assert!(words.clone().all(|word| whole.contains(&word)), "{cut}");
        }
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
