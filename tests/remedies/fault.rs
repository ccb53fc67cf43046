//! What is wrong with a list of changes.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The same for all faults of one kind.
    pub(crate) kind: &'static str,
    pub(crate) detail: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind, self.detail)
    }
}

/// Faults in the order in which they were seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, kind: &'static str, detail: impl fmt::Display) {
        let detail = detail.to_string();
        self.0.push(Fault { kind, detail });
    }

    /// Adds one unless the condition holds.
    pub(crate) fn require(
        &mut self,
        condition: bool,
        kind: &'static str,
        detail: impl fmt::Display,
    ) {
        if !condition {
            self.add(kind, detail);
        }
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<_> = self.0.iter().map(|fault| fault.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            writeln!(formatter, "  {fault}")?;
        }
        Ok(())
    }
}
