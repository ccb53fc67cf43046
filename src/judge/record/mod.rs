//! The record of a review: what came of it, as facts in a documented and versioned form (`docs/decision-log.md`).
//!
//! A line of the log is cut at 8 KiB, which would cost JSON its fields. So a record is bounded: each text by itself, and the lists by
//! what is left. The parts that every record has take about half of it at most, so that the first finding always has room.

use std::fmt::Write as _;
use std::time::Duration;

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Hop, Mode};
use l7guard_policy::verdict::{Exempted, Judged, Unresolved, WouldBe};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::outcome::Outcome;
use crate::admission::{Review, TraceId};
use crate::report::admission::SHOWN;
use crate::visible_text::{excerpt, json};

/// The name of the form, with its version.
const SCHEMA: &str = "l7guard/decision/v1";

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

/// A line of the log with a record, as JSON.
#[derive(JsonSchema)]
#[schemars(rename = "Decision")]
#[expect(dead_code, reason = "it is there for the schema alone")]
struct Line {
    /// When it was logged (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    timestamp: String,
    /// `ERROR` where there is no verdict, `WARN` where something was to be remarked, else `INFO`.
    level: String,
    /// What was done, in words: `denied`, `allowed with a warning`, `allowed`, `cannot judge a review`.
    message: String,
    /// The part of l7guard that logged it.
    target: String,
    /// The kind of the object, as the request names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    record: Record,
}

/// What came of a review.
#[derive(Serialize, JsonSchema)]
pub(super) struct Record {
    /// The name and version of this form.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The review's `uid`; left out where the review could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    /// The trace that the review is part of, where the API server traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// What was being done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["CREATE", "UPDATE", "DELETE", "CONNECT"]))]
    operation: Option<&'static str>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// Whether nothing was to be stored whatever the answer.
    dry_run: bool,
    /// The object under review.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<RecordedObject>,
    /// What the API server was answered; `error`: HTTP 500, and `failurePolicy` decides.
    #[schemars(extend("enum" = ["allow", "warn", "deny", "error"]))]
    decision: &'static str,
    /// The severest mode of the findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["audit", "warn", "deny"]))]
    mode: Option<&'static str>,
    /// What the gravest finding of mode `audit` would have done otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["warn", "tolerated", "deny"]))]
    would_be: Option<&'static str>,
    /// What was found, severest first, as many as have room.
    findings: Vec<RecordedFinding>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    more_findings: usize,
    /// What exemptions cover.
    exemptions: Vec<RecordedExemption>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    more_exemptions: usize,
    /// What may be a path, and cannot be told.
    unresolved: Vec<RecordedUnresolved>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    more_unresolved: usize,
    /// What else is to be said: that an object could not be read, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
    /// Why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The id that the caller was told of that error.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_id: Option<String>,
    /// How many reads of the cluster the verdict rests on.
    live_reads: usize,
    /// How old the inventory was, in seconds; left out where it is no copy of a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory_age_seconds: Option<u64>,
    /// How long the answer took, in seconds.
    duration_seconds: f64,
}

/// An object.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Object")]
struct RecordedObject {
    /// Its API group and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<String>,
    /// Its kind.
    kind: String,
    /// Its namespace; left out for kinds that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Its UID; left out where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
}

/// A finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
struct RecordedFinding {
    /// The code of the rule.
    rule: &'static str,
    /// The mode in which it was found.
    #[schemars(extend("enum" = ["audit", "warn", "deny"]))]
    mode: &'static str,
    /// What it would have done if nothing were set to `audit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["warn", "tolerated", "deny"]))]
    would_be: Option<&'static str>,
    /// Whether it was there before the change: then it refuses nothing.
    existing: bool,
    /// How sure it is.
    #[schemars(extend("enum" = ["confirmed", "likely"]))]
    confidence: &'static str,
    /// The object that it is about, which need not be the one under review.
    object: RecordedObject,
    /// The offending field of that object (JSON pointer).
    field: String,
    /// The kind and the qualified name of the gateway's workload; left out while none is visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
    /// The way of the traffic, as many hops as have room.
    path: Vec<RecordedHop>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    more_hops: usize,
}

/// A hop of a path.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Hop")]
struct RecordedHop {
    /// Which part of the path it is.
    #[schemars(extend("enum" = ["front", "service", "gateway"]))]
    hop: &'static str,
    #[serde(flatten)]
    object: RecordedObject,
    /// What shows that the path runs through it.
    evidence: String,
}

/// A finding that an exemption covers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Exemption")]
struct RecordedExemption {
    /// The exemption.
    name: String,
    /// The last day on which it holds.
    #[schemars(extend("format" = "date"))]
    until: String,
    /// Where its end is followed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    /// The code of the rule.
    rule: &'static str,
    /// The mode that the finding would have without it.
    #[schemars(extend("enum" = ["audit", "warn", "deny"]))]
    mode: &'static str,
    /// The object that the finding is about.
    object: RecordedObject,
}

/// Something that may be a path.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unresolved")]
struct RecordedUnresolved {
    /// The front.
    object: RecordedObject,
    /// The field that leads on (JSON pointer).
    field: String,
    /// What cannot be told, and why.
    reason: String,
}

/// The JSON Schema (draft 2020-12) of a line with a record. It lets further fields be, as a later release may add some.
#[must_use]
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Line>();
    schema.insert("title".to_owned(), SCHEMA.into());
    schema.to_value()
}

impl Record {
    /// The record of what came of a review; `None`: it could not be decoded.
    pub(super) fn of(review: Option<&Review<'_>>, outcome: &Outcome, duration: Duration) -> Self {
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

    /// As a JSON object.
    pub(super) fn json(&self) -> String {
        // It holds nothing that JSON cannot.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same for people, but for what the review's span says beside it.
    pub(super) fn text(&self) -> String {
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

    /// `Kind namespace/name`.
    fn text(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{name}", self.kind),
            None => format!("{} {name}", self.kind),
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
    fn of(unresolved: &Unresolved) -> Self {
        Self {
            object: RecordedObject::of(&unresolved.object, Some(unresolved.api_version)),
            field: cut(&unresolved.field, NAME),
            reason: cut(unresolved.reason.in_full(), SENTENCE),
        }
    }

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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
