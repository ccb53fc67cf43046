//! What the checks say.

use super::check::Check;
use super::verdict::Outcome;

/// One line of the diagnosis.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which check says so.
    pub check: &'static Check,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, in a sentence. It may quote objects: whoever shows it escapes it.
    pub message: String,
    /// What to do next; `None` where all is well.
    pub next: Option<String>,
}

/// All lines, and what they are about.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The Service of the installation, as `NAMESPACE/NAME`; `None`: no installation was found.
    pub service: Option<String>,
    /// The name of its `ValidatingWebhookConfiguration`.
    pub webhook_configuration: Option<String>,
    /// In the order of the catalogue; a check may have several lines.
    pub lines: Vec<Line>,
}

impl Diagnosis {
    /// How many lines came out so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        let lines = self.lines.iter();
        lines.filter(|line| line.outcome == outcome).count()
    }

    /// The worst outcome of all lines.
    #[must_use]
    pub fn worst(&self) -> Outcome {
        let outcomes = self.lines.iter().map(|line| line.outcome);
        outcomes.max().unwrap_or(Outcome::Unknown)
    }
}
