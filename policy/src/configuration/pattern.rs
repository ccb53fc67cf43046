//! Patterns of names. They know nothing of what is configured by them.

use wildmatch::WildMatch;

/// A name, in which `*` stands for any characters and `?` for one.
#[derive(Clone, Debug, PartialEq)]
pub struct NamePattern(WildMatch);

/// A pattern is compared by its text alone.
impl Eq for NamePattern {}

/// Why a pattern is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing matches it.
    #[error("an empty pattern matches nothing; write \"*\" to match every name")]
    Empty,
    /// It holds a character that is in no name.
    #[error(
        "{0:?} is in no Kubernetes name; patterns know lower-case letters, digits, '-', '.', and the wildcards '*' and '?'"
    )]
    BadCharacter(char),
}

impl NamePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// It is empty, or holds a character that can be in no Kubernetes name: it would match nothing, or was meant to be
    /// another kind of pattern.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        if pattern.is_empty() {
            return Err(PatternError::Empty);
        }
        let is_known = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '*' | '?')
        };
        match pattern.chars().find(|c| !is_known(*c)) {
            Some(bad) => Err(PatternError::BadCharacter(bad)),
            None => Ok(Self(WildMatch::new(pattern))),
        }
    }

    /// Whether a name matches. The empty namespace of cluster-scoped objects never does.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        !name.is_empty() && self.0.matches(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_and_nothing_else_is_a_pattern() {
        let pattern = NamePattern::parse("team-*-?").unwrap();
        assert!(pattern.matches("team-a-1"));
        assert!(!pattern.matches("team-a-12"));
        assert_eq!(NamePattern::parse(""), Err(PatternError::Empty));
        for bad in ["[a-z]", "Team", "a/b", "a b"] {
            assert!(NamePattern::parse(bad).is_err(), "{bad}");
        }
        assert!(!NamePattern::parse("*").unwrap().matches(""));
    }
}
