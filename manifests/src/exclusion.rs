//! What is left out of a directory: patterns such as `vendor` and `charts/*/ci`.

use std::collections::HashSet;
use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns of paths that are not read.
///
/// A pattern is compared with the path below the directory that was given, and with every directory on it; `*` stops at a
/// separator and `**` crosses them. One without a separator is compared with names, wherever they are.
#[derive(Debug, Default)]
pub struct Exclusions {
    written: Vec<String>,
    globs: GlobSet,
}

/// Why a pattern excludes nothing.
#[derive(Debug, thiserror::Error)]
#[error("{pattern:?} is no pattern: {reason}")]
pub struct ExclusionError {
    pattern: String,
    reason: String,
}

impl Exclusions {
    /// Reads patterns.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn parse(patterns: &[String]) -> Result<Self, ExclusionError> {
        let mut globs = GlobSetBuilder::new();
        for pattern in patterns {
            let error = |reason: String| ExclusionError {
                pattern: pattern.clone(),
                reason,
            };
            let path = pattern.trim_start_matches("./").trim_matches('/');
            if path.is_empty() {
                return Err(error("it names nothing".to_owned()));
            }
            let is_name =
                !path.contains('/') && !pattern.starts_with('/') && !pattern.starts_with("./");
            let anywhere = if is_name { "**/" } else { "" };
            let glob = GlobBuilder::new(&format!("{anywhere}{path}"))
                .literal_separator(true)
                .build()
                .map_err(|failed| error(failed.kind().to_string()))?;
            globs.add(glob);
        }
        let globs = globs.build().map_err(|failed| ExclusionError {
            pattern: patterns.join(" "),
            reason: failed.kind().to_string(),
        })?;
        Ok(Self {
            written: patterns.to_vec(),
            globs,
        })
    }

    /// The numbers of the patterns that leave this path, or a directory on it, out.
    pub(super) fn matching(&self, path: &Path) -> Vec<usize> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let mut matching: Vec<usize> = path
            .ancestors()
            .flat_map(|part| self.globs.matches(part))
            .collect();
        matching.sort_unstable();
        matching.dedup();
        matching
    }

    /// The patterns without these.
    pub(super) fn without(&self, numbers: &HashSet<usize>) -> Vec<String> {
        let patterns = self.written.iter().enumerate();
        patterns
            .filter(|(number, _)| !numbers.contains(number))
            .map(|(_, pattern)| pattern.clone())
            .collect()
    }
}
