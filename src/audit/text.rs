//! Texts of bounded length.

/// The beginning of `text`: at most `bytes` bytes, whole characters, and a mark where something is left out.
#[must_use]
pub(super) fn cut(text: &str, bytes: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes.saturating_sub(MARK.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MARK}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("gateway", 7), "gateway");
        assert_eq!(cut("gateways", 7), "gate…");
        for bytes in 3..12 {
            let text = cut("äöüäöüäöü", bytes);
            assert!(
                text.len() <= bytes && text.ends_with('…'),
                "{bytes}: {text}"
            );
        }
        assert_eq!(cut("äöüäöü", 8), "äö…");
    }
}
