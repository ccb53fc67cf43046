//! Bytes that are meant to be text.

use super::error::{ParseError, ParseErrorKind};

/// The text of `bytes`, which begin at offset `base` of their source.
///
/// # Errors
/// When they are not UTF-8.
pub(super) fn utf8(bytes: &[u8], base: usize) -> Result<&str, ParseError> {
    std::str::from_utf8(bytes)
        .map_err(|error| ParseError::new(base + error.valid_up_to(), ParseErrorKind::NotUtf8))
}

/// Whether the source is UTF-16 or UTF-32: by its byte order mark, or because its first character, which is ASCII
/// in any manifest (YAML 1.2, 5.2), has NUL bytes beside it.
#[must_use]
pub(super) fn is_wide(bytes: &[u8]) -> bool {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, 0, 0xFE, 0xFF, ..] => true,
        [first, second, ..] => (*first == 0) != (*second == 0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_encodings_are_known_with_and_without_a_mark() {
        let wide: Vec<Vec<u8>> = vec![
            "a".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "a".encode_utf16().flat_map(u16::to_be_bytes).collect(),
            "\u{FEFF}a"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
            "\u{FEFF}a"
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect(),
            u32::from('a').to_le_bytes().into(),
            b"\0\0\xFE\xFF\0\0\0a".into(),
        ];
        for bytes in wide {
            assert!(is_wide(&bytes), "{bytes:?}");
        }
        for text in ["", "a", "ab", "\u{FEFF}a", "é"] {
            assert!(!is_wide(text.as_bytes()), "{text:?}");
        }
    }
}
