//! What a JSON string says.
//!
//! Source: Go, `encoding/json/decode.go` (`unquoteBytes`, `getu4`).

use std::borrow::Cow;

/// The text between the quotes of a checked string, its escapes resolved. Half a surrogate pair is U+FFFD, and so is
/// *each* byte that is no part of valid UTF-8 (Rust's own lossy conversion makes one of several).
pub(super) fn unquote(quoted: &[u8]) -> Cow<'_, str> {
    if !quoted.contains(&b'\\')
        && let Ok(text) = std::str::from_utf8(quoted)
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        push_lossy(&mut text, &rest[..at]);
        let (character, behind) = escape(&rest[at + 1..]);
        text.push(character);
        rest = behind;
    }
    push_lossy(&mut text, rest);
    Cow::Owned(text)
}

fn push_lossy(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}

/// Resolves the escape that begins behind a backslash. Returns what is left behind it.
fn escape(sequence: &[u8]) -> (char, &[u8]) {
    let Some((letter, behind)) = sequence.split_first() else {
        return (char::REPLACEMENT_CHARACTER, sequence);
    };
    let character = match letter {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(behind),
        other => char::from(*other),
    };
    (character, behind)
}

fn unicode_escape(digits: &[u8]) -> (char, &[u8]) {
    let Some((unit, behind)) = code_unit(digits) else {
        return (char::REPLACEMENT_CHARACTER, digits);
    };
    if let Some(low) = behind.strip_prefix(b"\\u")
        && let Some((second, behind_both)) = code_unit(low)
        && let Some(Ok(character)) = char::decode_utf16([unit, second]).next()
        && character.len_utf16() == 2
    {
        return (character, behind_both);
    }
    let character = char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER);
    (character, behind)
}

/// Four hexadecimal digits.
fn code_unit(digits: &[u8]) -> Option<(u16, &[u8])> {
    let (hex, behind) = digits.split_at_checked(4)?;
    let hex = std::str::from_utf8(hex).ok()?;
    Some((u16::from_str_radix(hex, 16).ok()?, behind))
}
