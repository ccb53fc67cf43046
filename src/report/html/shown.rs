//! Text as the page shows it.

use std::fmt::{self, Display};

use crate::visible_text;

/// Text in which every character is escaped that would not show as what it is. Templates take text of objects in no other
/// form; they escape what HTML would read as markup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Shown(String);

impl Shown {
    /// Text of one line.
    pub(super) fn line(text: impl Display) -> Self {
        Self(visible_text::one_line(&text.to_string()).into_owned())
    }

    /// Text of several lines, without a line feed at its end.
    pub(super) fn lines(text: &str) -> Self {
        Self(visible_text::printable(text.trim_end()).into_owned())
    }

    /// Each line of it.
    pub(super) fn each_line(&self) -> impl Iterator<Item = &str> {
        self.0.lines()
    }
}

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
