//! A finding that an exemption covers, in a report: it fails nothing, and everybody sees why and until when.

use std::fmt::Write as _;
use std::ops::Deref;

use l7guard_policy::verdict::Exempted;

use super::Location;
use crate::visible_text::one_line;

/// A finding that an exemption covers, and where it stands.
#[derive(Debug)]
pub struct ReportedExemption {
    /// The finding and the exemption.
    pub exempted: Exempted,
    /// Where the offending field stands, if the object came from a file.
    pub location: Option<Location>,
}

/// Found in no file.
impl From<Exempted> for ReportedExemption {
    fn from(exempted: Exempted) -> Self {
        Self {
            exempted,
            location: None,
        }
    }
}

impl Deref for ReportedExemption {
    type Target = Exempted;

    fn deref(&self) -> &Exempted {
        &self.exempted
    }
}

/// Which exemption covers it, until when, on whose account and why, in a line.
#[must_use]
pub fn justification(exempted: &Exempted) -> String {
    let Exempted {
        exemption,
        expires,
        reason,
        owner,
        ticket,
        ..
    } = exempted;
    let mut text = format!("exemption {exemption} until {expires}, owner {owner}");
    if let Some(ticket) = ticket {
        let _ = write!(text, ", ticket {ticket}");
    }
    let _ = write!(text, ": {}", reason.trim());
    one_line(&text).into_owned()
}

/// The same with the rule, for people who ask about an object.
#[must_use]
pub fn exempt_line(exempted: &Exempted) -> String {
    let finding = &exempted.finding;
    let justification = justification(exempted);
    format!(
        "Exempt from {} ({}) by {justification}\n",
        finding.rule,
        finding.rule.name()
    )
}
