//! What is said of an input, and where.

use crate::visible_text::one_line;

/// An error or a note about an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedError {
    /// The file as it was named.
    pub file: String,
    /// The line, if there is one.
    pub line: Option<usize>,
    /// The column, if there is one.
    pub column: Option<usize>,
    /// What is wrong, and what to do about it.
    pub message: String,
}

impl ReportedError {
    /// The file, with line and column where there are any, in text that is safe to print.
    #[must_use]
    pub fn place(&self) -> String {
        let mut place = one_line(&self.file).into_owned();
        for number in [self.line, self.column].into_iter().flatten() {
            place.push(':');
            place.push_str(&number.to_string());
        }
        place
    }
}
