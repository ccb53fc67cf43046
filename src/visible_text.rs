//! Text of objects as it may be shown: one filter for everything that a person reads.
//!
//! Whoever writes an object chooses its text. A line feed forges a line of a log, a carriage return or an escape sequence
//! overwrites a terminal, and characters without a shape of their own make one name look like another. Where a build prints it,
//! `##[…]` and `##vso[…]` are commands of its runner, also in the midst of a line.
//!
//! Sources: actions/runner, `src/Runner.Common/ActionCommand.cs` (`TryParse`); Azure Pipelines documentation, "Logging commands".
//! (`::command::` is one at the beginning of a line alone, where no text of an object stands.)

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with everything escaped that would not show as what it is ([`is_deceptive`]), but for line feeds.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    // Nearly all text is plain ASCII, which is told bytewise at a fraction of the time; a refusal's message is long.
    if text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) && !has_command(text) {
        return Cow::Borrowed(text);
    }
    escaped(text, |c| is_deceptive(c) && c != '\n')
}

/// [`printable`] text that has to stay on one line, so that no object can begin a line of its own.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !has_command(text) {
        return Cow::Borrowed(text);
    }
    escaped(text, is_deceptive)
}

/// A JSON document in which the same characters are escaped as JSON does it: programs read the very text, and whoever reads
/// the document sees that there is something. Outside of strings JSON holds no such character but line feeds.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    if document
        .bytes()
        .all(|byte| matches!(byte, b'\n' | b' '..=b'~'))
        && !has_command(document)
    {
        return Cow::Borrowed(document);
    }
    let mut safe = String::with_capacity(document.len() + 16);
    let mut units = [0; 2];
    for (at, c) in document.char_indices() {
        if is_deceptive(c) && c != '\n' || begins_command(&document[at..]) {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// As much of `text` from its beginning as takes at most `limit` bytes however it is written: as JSON, in quotes, or escaped by this
/// filter. What is cut ends in an ellipsis.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> Cow<'_, str> {
    /// What the ellipsis takes.
    const ELLIPSIS: usize = 12;
    let is_plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if text.len() <= limit && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let (mut taken, mut end) = (0, 0);
    for (index, c) in text.char_indices() {
        taken += written_length(c);
        if taken > limit {
            return Cow::Owned(format!("{}…", &text[..end]));
        }
        if taken + ELLIPSIS <= limit {
            end = index + c.len_utf8();
        }
    }
    Cow::Borrowed(text)
}

/// The most bytes that a character takes: two JSON escapes of a surrogate each.
fn written_length(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        ' '..='~' => 1,
        _ => 12,
    }
}

/// Whether a character does not show as what it is: control characters and line breaks of every kind, blanks other than the
/// space, characters that set the direction of the text around them, and those without a shape of their own (joiners,
/// fillers, variation selectors, tags, what is no character at all).
///
/// These are Unicode's categories Cc, Zl, Zp and Zs, all of Cf that has no shape, and the properties
/// `Default_Ignorable_Code_Point` and `Noncharacter_Code_Point` (Unicode Character Database, `DerivedCoreProperties.txt`,
/// `PropList.txt`); and four that no property tells: the blank Braille pattern, the Khitan filler, the musical null
/// notehead, and what is unassigned among the specials.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || is_noncharacter(c)
        || matches!(
            c,
            '\u{a0}'
                | '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{1680}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{2000}'..='\u{200f}'
                | '\u{2028}'..='\u{202f}'
                | '\u{205f}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3000}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{16fe4}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d159}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether a text holds what the runner of a build takes for a command.
fn has_command(text: &str) -> bool {
    text.match_indices("##")
        .any(|(at, _)| begins_command(&text[at..]) || begins_command(&text[at + 1..]))
}

/// Whether a text begins with such a command.
pub(crate) fn begins_command(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("##") else {
        return false;
    };
    let is_named = |name: &str| {
        let begun = rest.get(..name.len());
        begun.is_some_and(|begun| begun.eq_ignore_ascii_case(name))
    };
    is_named("[") || is_named("vso[")
}

/// Every character that [`is_deceptive`].
pub fn deceptive_characters() -> impl Iterator<Item = char> {
    ('\0'..=char::MAX).filter(|c| is_deceptive(*c))
}

/// The last two of every plane, and those in the midst of the Arabic forms.
fn is_noncharacter(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

fn escaped(text: &str, is_harmful: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_harmful) && !has_command(text) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        if is_harmful(c) || begins_command(&text[at..]) {
            match c {
                '#' => safe.extend(c.escape_unicode()),
                c => safe.extend(c.escape_default()),
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex_syntax::hir::{Class, HirKind};

    use super::*;

    #[test]
    fn an_excerpt_takes_no_more_than_its_limit_however_it_is_written() {
        for filling in [
            "x",
            "\"",
            "\\",
            "\n",
            "\u{202e}",
            "\u{e0001}",
            "ä",
            "🚪",
            "a\u{301}",
        ] {
            let text = filling.repeat(300);
            let shown = excerpt(&text, 253);
            let as_json = json(&serde_json::to_string(&shown).unwrap()).len() - 2;
            let quoted = one_line(&format!("{shown:?}")).len() - 2;
            assert!(
                as_json <= 253 && quoted <= 253,
                "{filling:?}: {as_json} {quoted}"
            );
            assert!(shown.ends_with('…') && text.starts_with(shown.trim_end_matches('…')));
            assert!(shown.chars().count() > 19, "{filling:?}: {shown}");
        }
        for whole in ["", "edge", &"x".repeat(253)] {
            assert_eq!(excerpt(whole, 253), whole);
        }
    }

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

    /// Characters of category Cf that do have a shape: signs that stand around numbers and abbreviations.
    const SHAPED: &str =
        "[\\x{600}-\\x{605}\\x{6dd}\\x{70f}\\x{890}\\x{891}\\x{8e2}\\x{110bd}\\x{110cd}]";
    /// Characters that no property of Unicode's tells, but that show nothing.
    const BLANK: &str = "[\\x{2800}\\x{16fe4}\\x{1d159}\\x{fff0}-\\x{fffb}]";

    /// The characters of a class, as a regular expression writes it.
    fn class(expression: &str) -> BTreeSet<char> {
        let hir = regex_syntax::parse(expression).unwrap();
        let HirKind::Class(Class::Unicode(class)) = hir.into_kind() else {
            panic!("{expression} is no class");
        };
        let ranges = class.ranges().iter();
        ranges
            .flat_map(|range| range.start()..=range.end())
            .collect()
    }

    #[test]
    fn the_table_is_what_unicode_says() {
        let hides = class(
            r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]",
        );
        let mut expected: BTreeSet<char> = &hides - &class(SHAPED);
        expected.extend(class(BLANK));
        expected.remove(&' ');
        let deceptive: BTreeSet<char> = deceptive_characters().collect();
        assert_eq!(deceptive, expected);
    }

    #[test]
    fn json_is_read_as_the_very_text() {
        for c in deceptive_characters().chain("é🚪\"\\".chars()) {
            let text = format!("a{c}b");
            let document = serde_json::to_string_pretty(&[&text]).unwrap();
            let safe = json(&document);
            assert!(!safe.contains(|c| is_deceptive(c) && c != '\n'), "{c:?}");
            assert_eq!(serde_json::from_str::<[String; 1]>(&safe).unwrap(), [text]);
        }
    }

    #[test]
    fn no_text_is_a_command_of_a_build() {
        for (text, shown) in [
            ("a ##[error]b", "a \\u{23}#[error]b"),
            (
                "a ##VSO[task.setvariable]",
                "a \\u{23}#VSO[task.setvariable]",
            ),
            ("###[x##[", "#\\u{23}#[x\\u{23}#["),
            ("é##[", "é\\u{23}#["),
        ] {
            assert_eq!(printable(text), shown);
            assert_eq!(one_line(text), shown);
            assert_eq!(one_line(shown), shown);
            let document = serde_json::to_string(text).unwrap();
            let safe = json(&document);
            assert!(!safe.contains("##"), "{safe}");
            assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
        for text in ["## [x]", "#[x]", "##", "##vs"] {
            assert_eq!(one_line(text), text);
        }
    }

    #[test]
    fn escaping_twice_changes_nothing_more() {
        let once = printable("\u{1b}\u{202e}x").into_owned();
        assert_eq!(printable(&once), once);
        assert_eq!(one_line(&once), once);
    }
}
