//! Text of objects as it may be shown: one filter for everything that a person reads.
//!
//! Whoever writes an object chooses its text. A line feed forges a line of a log, a carriage return or an escape sequence
//! overwrites a terminal, and characters without a shape of their own make one name look like another.

use std::borrow::Cow;

/// `text` with everything escaped that would not show as what it is ([`is_deceptive`]), but for line feeds.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    // Nearly all text is plain ASCII, which is told bytewise at a fraction of the time; a refusal's message is long.
    if text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    escaped(text, |c| is_deceptive(c) && c != '\n')
}

/// [`printable`] text that has to stay on one line, so that no object can begin a line of its own.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    escaped(text, is_deceptive)
}

/// Whether a character does not show as what it is: control characters and line breaks of every kind, characters that set
/// the direction of the text around them, and those without a shape of their own (joiners, fillers, variation selectors,
/// tags).
///
/// These are Unicode's categories Cc, Zl and Zp, all of Cf that has no shape, the property `Default_Ignorable_Code_Point`
/// (Unicode Character Database, `DerivedCoreProperties.txt`), the blank Braille pattern, and the two characters that XML
/// cannot hold.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

fn escaped(text: &str, is_harmful: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
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
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn control_and_direction_characters_are_escaped_in_messages() {
        assert_eq!(
            printable("a\tb\rc\u{1b}[31md\u{85}\u{202e}e\u{2066}f\u{2028}g\u{7f}\u{200f}\u{61c}\0"),
            "a\\tb\\rc\\u{1b}[31md\\u{85}\\u{202e}e\\u{2066}f\\u{2028}g\\u{7f}\\u{200f}\\u{61c}\\u{0}"
        );
    }

    #[test]
    fn escaping_twice_changes_nothing_more() {
        let once = printable("\u{1b}\u{202e}x").into_owned();
        assert_eq!(printable(&once), once);
        assert_eq!(one_line(&once), once);
    }
}
