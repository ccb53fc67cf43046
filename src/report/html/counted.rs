//! How many there are of something, in words.

/// `1 finding`, `2 findings`.
pub(super) fn counted(count: usize, word: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {word}{s}")
}
