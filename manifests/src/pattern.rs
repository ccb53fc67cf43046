//! Patterns such as `apps/**/*.yaml`, for shells that leave them as they are and for quoted ones.

use std::path::{Path, PathBuf};

use glob::MatchOptions;

/// `*` and `?` stop at a separator and take no hidden name, as shells have it; `**` crosses directories.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Why a pattern leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum PatternProblem {
    /// It is no pattern.
    #[error("no such file, and no pattern either: {0}")]
    Invalid(&'static str),
    /// It matches nothing.
    #[error(
        "this pattern matches no file and no directory (`*` stays within a directory, `**` crosses them; hidden names are only matched by a dot)"
    )]
    NoMatch,
    /// A directory on its way cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// Whether a path that does not exist was meant as a pattern.
#[must_use]
pub(super) fn is_pattern(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|text| text.contains(['*', '?', '[']))
}

/// What a pattern matches, in order, and the directories on its way that cannot be read.
///
/// # Errors
/// When it is no pattern.
pub(super) fn expand(path: &Path) -> Result<(Vec<PathBuf>, Vec<PatternProblem>), PatternProblem> {
    let text = path.to_str().unwrap_or_default();
    let paths =
        glob::glob_with(text, OPTIONS).map_err(|error| PatternProblem::Invalid(error.msg))?;
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for path in paths {
        match path {
            Ok(path) => found.push(path),
            Err(error) => unreadable.push(PatternProblem::Unreadable(error.to_string())),
        }
    }
    Ok((found, unreadable))
}
