//! How many of each a report has.

/// How many of each a report has, over files or over one cluster.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Objects that were looked at.
    pub objects: usize,
    /// Findings that would be refused.
    pub deny: usize,
    /// Findings that would be warned about.
    pub warn: usize,
    /// Findings of mode `audit`.
    pub audit: usize,
    /// Objects that cannot be told.
    pub unresolved: usize,
    /// Findings that are exempt.
    pub exempt: usize,
    /// What could not be read.
    pub errors: usize,
}
