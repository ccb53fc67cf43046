//! A record for people: what the review's span does not say already, in one line.

use std::fmt::Write as _;

use super::{Record, RecordedExemption, RecordedFinding, RecordedUnresolved};

impl Record {
    /// The same for people, but for what the review's span says beside it.
    pub(in crate::judge) fn text(&self) -> String {
        let mut text = Text::default();
        text.quoted("user", self.user.as_deref());
        text.plain("dry_run", Some(self.dry_run));
        text.plain("mode", self.mode);
        text.plain("would_be", self.would_be);
        for finding in &self.findings {
            text.quoted("finding", Some(&finding.text()));
        }
        text.more("more_findings", self.more_findings);
        for exemption in &self.exemptions {
            text.quoted("exemption", Some(&exemption.text()));
        }
        text.more("more_exemptions", self.more_exemptions);
        for unresolved in &self.unresolved {
            text.quoted("unresolved", Some(&unresolved.text()));
        }
        text.more("more_unresolved", self.more_unresolved);
        text.quoted("remark", self.remark.as_deref());
        text.quoted("error", self.error.as_deref());
        text.plain("error_id", self.error_id.as_deref());
        text.more("live_reads", self.live_reads);
        text.plain("inventory_age_seconds", self.inventory_age_seconds);
        text.0
    }
}

impl RecordedFinding {
    fn text(&self) -> String {
        let mut text = format!(
            "{} {} {} {} {}",
            self.rule,
            self.mode,
            self.confidence,
            self.object.text(),
            self.field
        );
        // Writing to a String cannot fail.
        if self.existing {
            text.push_str(" (there before)");
        }
        let mut before = ": ";
        for hop in &self.path {
            let _ = write!(
                text,
                "{before}{} {} ({})",
                hop.hop,
                hop.object.text(),
                hop.evidence
            );
            before = " -> ";
        }
        if self.more_hops > 0 {
            let _ = write!(text, " and {} more", self.more_hops);
        }
        text
    }
}

impl RecordedExemption {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {} by {} until {}",
            self.rule,
            self.object.text(),
            self.name,
            self.until
        );
        if let Some(ticket) = &self.ticket {
            let _ = write!(text, ", {ticket}");
        }
        text
    }
}

impl RecordedUnresolved {
    fn text(&self) -> String {
        format!("{} {}: {}", self.object.text(), self.field, self.reason)
    }
}

/// A line's fields.
#[derive(Default)]
struct Text(String);

impl Text {
    fn plain(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            let blank = if self.0.is_empty() { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = write!(self.0, "{blank}{name}={value}");
        }
    }

    /// In quotes, so that what looks like a further field is seen to be a part of this one.
    fn quoted(&mut self, name: &str, value: Option<&str>) {
        self.plain(name, value.map(|value| format!("{value:?}")));
    }

    fn more(&mut self, name: &str, count: usize) {
        self.plain(name, (count > 0).then_some(count));
    }
}
