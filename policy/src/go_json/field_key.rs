//! Which field of a struct a key of an object means.
//!
//! Source: Go, `encoding/json/decode.go` (`object`) and `fold.go`.

use std::borrow::Cow;

use super::Decode;

/// A key, its escapes resolved.
pub(crate) struct FieldKey<'t>(Cow<'t, str>);

impl<'t> FieldKey<'t> {
    /// The key that says this.
    pub(super) fn new(key: Cow<'t, str>) -> Self {
        Self(key)
    }

    /// The field that the key means: the one that is spelled exactly so, or else the first one that is when case is
    /// folded. Field names are ASCII.
    pub(crate) fn among<'f, const N: usize>(
        &self,
        fields: [(&'static str, &'f mut dyn Decode); N],
    ) -> Option<(&'static str, &'f mut dyn Decode)> {
        let exact = fields.iter().position(|(name, _)| *name == self.0);
        let index = exact.or_else(|| fields.iter().position(|(name, _)| self.folds_to(name)))?;
        fields.into_iter().nth(index)
    }

    fn folds_to(&self, name: &str) -> bool {
        self.0.chars().map(fold).eq(name.chars().map(fold))
    }
}

/// Unicode's simple folding, as far as an ASCII name can meet it: besides A to Z it joins only U+017F (long s) and
/// U+212A (kelvin sign) to ASCII letters. Every other character stays as it is and so matches none.
fn fold(character: char) -> char {
    match character {
        '\u{17f}' => 'S',
        '\u{212a}' => 'K',
        other => other.to_ascii_uppercase(),
    }
}
