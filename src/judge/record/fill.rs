//! A record of what came of a review, in bounds.
//!
//! A line of the log is cut at 8 KiB, which would cost JSON its fields. So a record is bounded: each text by itself, and the lists by
//! what is left. The parts that every record has take about half of it at most, so that the first finding always has room.

use std::time::Duration;

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Hop, Mode};
use l7guard_policy::verdict::{Exempted, Judged, Unresolved, WouldBe};
use serde::Serialize;

use super::super::outcome::Outcome;
use super::{
    Record, RecordedExemption, RecordedFinding, RecordedHop, RecordedObject, RecordedUnresolved,
    SCHEMA,
};
use crate::admission::{Review, TraceId};
use crate::report::admission::SHOWN;
use crate::visible_text::{excerpt, json};

/// The most bytes of a record as JSON. The rest of a line is for its time, its message and the fields of the review's span.
const RECORD: usize = 6 * 1024;
/// The most bytes of a name.
const NAME: usize = 253;
/// The most bytes of a sentence: of evidence, and of why something failed or cannot be told.
const SENTENCE: usize = 400;
/// What is kept of the room for exemptions, and for what cannot be told, where there are any.
const KEPT: usize = 512;
/// The most bytes of one finding.
const FINDING: usize = 3 * 1024;

impl Record {
    /// The record of what came of a review; `None`: it could not be decoded.
    pub(in crate::judge) fn of(
        review: Option<&Review<'_>>,
        outcome: &Outcome,
        duration: Duration,
    ) -> Self {
        let verdict = &outcome.verdict;
        let failure = outcome.failure.as_ref();
        let mut record = Self {
            schema: SCHEMA,
            uid: review.map(|review| cut(&review.uid, NAME)),
            trace_id: review.and_then(|review| review.trace_id.as_ref().map(TraceId::to_string)),
            operation: review.map(|review| review.operation.as_str()),
            user: review.map(|review| cut(&review.user_info.username, NAME)),
            dry_run: review.is_some_and(|review| review.dry_run),
            object: review.map(|review| RecordedObject::under_review(review, outcome)),
            decision: outcome.decision.as_str(),
            mode: outcome.mode.map(Mode::as_str),
            would_be: verdict.would_be().map(WouldBe::as_str),
            findings: Vec::new(),
            more_findings: 0,
            exemptions: Vec::new(),
            more_exemptions: 0,
            unresolved: Vec::new(),
            more_unresolved: 0,
            remark: outcome
                .remark
                .as_ref()
                .map(|remark| cut(&remark.to_string(), SENTENCE)),
            error: failure.map(|failure| cut(&failure.error().to_string(), SENTENCE)),
            error_id: failure.map(|failure| failure.id().to_owned()),
            live_reads: outcome.reads,
            inventory_age_seconds: outcome.age.map(|age| age.as_secs()),
            duration_seconds: duration.as_secs_f64(),
        };
        record.fill(outcome);
        record
    }

    /// Fills the lists as far as there is room.
    fn fill(&mut self, outcome: &Outcome) {
        let verdict = &outcome.verdict;
        let kept_for = |count: usize| if count == 0 { 0 } else { KEPT };
        let for_unresolved = kept_for(verdict.unresolved.len());
        let for_others = kept_for(verdict.exempt.len()) + for_unresolved;
        // The counts of what is left out have room for any number.
        let mut room = RECORD.saturating_sub(length(self) + 128);
        let findings = verdict.findings.iter();
        let room_here = room.saturating_sub(for_others);
        let findings = findings.map(|judged| RecordedFinding::of(judged, room_here.min(FINDING)));
        let kept;
        (self.findings, kept) = fitting(findings, room_here);
        room = room.saturating_sub(kept);
        self.more_findings = verdict.findings.len() - self.findings.len();
        let exempted = verdict.exempt.iter().map(RecordedExemption::of);
        let kept;
        (self.exemptions, kept) = fitting(exempted, room.saturating_sub(for_unresolved));
        room = room.saturating_sub(kept);
        self.more_exemptions = verdict.exempt.len() - self.exemptions.len();
        let unresolved = verdict.unresolved.iter().map(RecordedUnresolved::of);
        (self.unresolved, _) = fitting(unresolved, room);
        self.more_unresolved = verdict.unresolved.len() - self.unresolved.len();
    }
}

impl RecordedObject {
    fn under_review(review: &Review<'_>, outcome: &Outcome) -> Self {
        let uid = outcome.subject.as_ref().and_then(|subject| subject.uid);
        Self {
            api_version: Some(cut(&review.kind.api_version(), NAME)),
            kind: cut(&review.kind.kind, NAME),
            namespace: review.namespace.as_deref().map(|text| cut(text, NAME)),
            name: review.name.as_deref().map(|text| cut(text, NAME)),
            uid: uid.map(|uid| uid.to_string()),
        }
    }

    fn of(key: &ObjectKey, api_version: Option<&str>) -> Self {
        let namespace = (!key.namespace.is_empty()).then(|| cut(&key.namespace, NAME));
        Self {
            api_version: api_version.map(str::to_owned),
            kind: key.kind.name().to_owned(),
            namespace,
            name: Some(cut(&key.name, NAME)),
            uid: None,
        }
    }
}

impl RecordedFinding {
    /// A finding with as many hops as fit into `room`.
    fn of(judged: &Judged, room: usize) -> Self {
        let finding = &judged.finding;
        let hops = &finding.path;
        let gateway = hops.iter().find(|hop| hop.role.as_str() == "gateway");
        let gateway = gateway.map(|hop| RecordedObject::of(&hop.object, None).text());
        let mut recorded = Self {
            rule: finding.rule.as_str(),
            mode: judged.severity.as_str(),
            would_be: judged.would_be.map(WouldBe::as_str),
            existing: judged.is_existing,
            confidence: finding.confidence.as_str(),
            object: RecordedObject::of(&finding.object, Some(finding.api_version)),
            field: cut(&finding.field, NAME),
            gateway,
            path: Vec::new(),
            more_hops: 0,
        };
        let room = room.saturating_sub(length(&recorded));
        (recorded.path, _) = fitting(hops.iter().map(RecordedHop::of), room);
        recorded.more_hops = hops.len() - recorded.path.len();
        recorded
    }
}

impl RecordedHop {
    fn of(hop: &Hop) -> Self {
        Self {
            hop: hop.role.as_str(),
            object: RecordedObject::of(&hop.object, None),
            evidence: cut(hop.evidence.in_full(), SENTENCE),
        }
    }
}

impl RecordedExemption {
    fn of(exempted: &Exempted) -> Self {
        let finding = &exempted.finding;
        Self {
            name: cut(&exempted.exemption, NAME),
            until: exempted.expires.to_string(),
            ticket: exempted.ticket.as_deref().map(|ticket| cut(ticket, NAME)),
            rule: finding.rule.as_str(),
            mode: exempted.severity.as_str(),
            object: RecordedObject::of(&finding.object, Some(finding.api_version)),
        }
    }
}

impl RecordedUnresolved {
    fn of(unresolved: &Unresolved) -> Self {
        Self {
            object: RecordedObject::of(&unresolved.object, Some(unresolved.api_version)),
            field: cut(&unresolved.field, NAME),
            reason: cut(unresolved.reason.in_full(), SENTENCE),
        }
    }
}

/// The items from the first on that fit into `room` bytes of JSON, and what they take. As many as an answer shows at most.
fn fitting<T: Serialize>(items: impl Iterator<Item = T>, room: usize) -> (Vec<T>, usize) {
    let (mut kept, mut taken) = (Vec::new(), 0);
    for item in items.take(SHOWN) {
        let length = length(&item) + 1;
        if taken + length > room {
            break;
        }
        taken += length;
        kept.push(item);
    }
    (kept, taken)
}

/// How many bytes it takes in a line.
fn length(part: &impl Serialize) -> usize {
    let text = serde_json::to_string(part).unwrap_or_default();
    json(&text).len()
}

fn cut(text: &str, limit: usize) -> String {
    excerpt(text, limit).into_owned()
}
