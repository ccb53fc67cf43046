//! What is counted of reviews.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::rules::{Mode, RuleCode};
use l7guard_policy::verdict::WouldBe;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::{Durations, Registry, UnreadableObjects, descriptions, durations, label_sets};

descriptions! {
    REVIEWS: Counter "admission_requests" ["operation", "kind", "decision", "mode", "dry_run"]
        "Reviews that were answered: decision is allow, warn, deny or error (HTTP 500; operation is unknown where decoding failed), mode the severest one of the findings";
    REVIEW_DURATION: Histogram "admission_duration_seconds" ["kind", "decision"]
        "How long answering a review took, from its last byte to the answer";
    IN_FLIGHT: Gauge "admission_in_flight" []
        "Reviews that are being judged";
    IN_FLIGHT_LIMIT: Gauge "admission_in_flight_limit" []
        "How many reviews are judged at the same time at most";
    SHED: Counter "admission_shed" ["reason"]
        "Reviews that were sent away to come again (HTTP 503 with Retry-After): reason is overload or not_ready";
    REFUSED: Counter "admission_refused" ["status"]
        "Requests that were no review, by the HTTP status of the answer";
    FINDINGS: Counter "admission_findings" ["rule", "mode", "would_be", "confidence"]
        "Findings at admission: mode is what they did (deny, warn, audit), or tolerated for what was there before the change; would_be what those of mode audit would have done (deny, warn, tolerated), else none";
    EXEMPTED: Counter "admission_exempted_findings" ["rule"]
        "Findings at admission that an exemption covers";
}

/// The kinds that are judged at admission; of any other kind a review counts as `other`.
const JUDGED_KINDS: [&str; 9] = [
    "Ingress",
    "IngressClass",
    "Service",
    "Gateway",
    "GatewayClass",
    "ListenerSet",
    "HTTPRoute",
    "GRPCRoute",
    "TargetGroupBinding",
];

label_sets! {
    ReviewLabels { operation, kind, decision, mode, dry_run }
    JudgedLabels { kind, decision }
    ReasonLabels { reason }
    FindingLabels { rule, mode, would_be, confidence }
    RuleLabels { rule }
}

/// An HTTP status.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

/// What came of a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed, and nothing was said.
    Allow,
    /// Allowed with a warning.
    Warn,
    /// Denied.
    Deny,
    /// We failed: HTTP 500.
    Error,
}

/// A review that was answered, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed<'a> {
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`; `unknown` where the review could not be decoded.
    pub operation: &'static str,
    /// The kind of the object, as it came.
    pub kind: &'a str,
    /// What came of it.
    pub decision: Decision,
    /// The severest mode of its findings; `None` without any.
    pub mode: Option<Mode>,
    /// Whether it was a dry run.
    pub dry_run: bool,
    /// How long it took.
    pub duration: Duration,
}

/// What a finding did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// What its mode says.
    Mode(Mode),
    /// Nothing but a warning: it was there before the change.
    Tolerated,
}

/// Why a review was sent away to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shed {
    /// As many as are answered at the same time were being answered.
    Overload,
    /// The world is not known yet.
    NotReady,
}

impl Decision {
    /// As written in metrics and audit annotations.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
            Self::Error => "error",
        }
    }
}

impl From<Shed> for ReasonLabels {
    fn from(reason: Shed) -> Self {
        let reason = match reason {
            Shed::Overload => "overload",
            Shed::NotReady => "not_ready",
        };
        Self { reason }
    }
}

/// The metrics of reviews, and the registry that they are in. Clones share them.
#[derive(Clone)]
pub struct ReviewMetrics {
    registry: Registry,
    families: Arc<Families>,
    unreadable_objects: UnreadableObjects,
}

struct Families {
    reviews: Family<ReviewLabels, Counter>,
    duration: Durations<JudgedLabels>,
    in_flight: Gauge,
    in_flight_limit: Gauge,
    shed: Family<ReasonLabels, Counter>,
    refused: Family<StatusLabels, Counter>,
    findings: Family<FindingLabels, Counter>,
    exempted: Family<RuleLabels, Counter>,
}

impl ReviewMetrics {
    /// At zero, in a registry of their own.
    #[must_use]
    pub fn new() -> Self {
        Self::register(Registry::new())
    }

    /// Registers them.
    pub(crate) fn register(to: Registry) -> Self {
        let families = Families {
            reviews: to.register(&REVIEWS, Family::default()),
            duration: to.register(&REVIEW_DURATION, durations()),
            in_flight: to.register(&IN_FLIGHT, Gauge::default()),
            in_flight_limit: to.register(&IN_FLIGHT_LIMIT, Gauge::default()),
            shed: to.register(&SHED, Family::default()),
            refused: to.register(&REFUSED, Family::default()),
            findings: to.register(&FINDINGS, Family::default()),
            exempted: to.register(&EXEMPTED, Family::default()),
        };
        // Prometheus counts from the first value that it sees: one that begins at 1 has not grown.
        for reason in [Shed::Overload, Shed::NotReady] {
            drop(families.shed.get_or_create(&reason.into()));
        }
        Self {
            families: Arc::new(families),
            unreadable_objects: UnreadableObjects::register(&to),
            registry: to,
        }
    }

    /// A review was answered.
    pub fn review(&self, reviewed: &Reviewed<'_>) {
        let (kind, decision) = (kind_label(reviewed.kind), reviewed.decision.as_str());
        let review = ReviewLabels {
            operation: reviewed.operation,
            kind,
            decision,
            mode: reviewed.mode.map_or("none", Mode::as_str),
            dry_run: if reviewed.dry_run { "true" } else { "false" },
        };
        self.families.reviews.get_or_create(&review).inc();
        self.families
            .duration
            .get_or_create(&JudgedLabels { kind, decision })
            .observe(reviewed.duration.as_secs_f64());
    }

    /// A review begins; it ends when what is returned is dropped.
    #[must_use]
    pub fn in_flight(&self) -> InFlight {
        self.families.in_flight.inc();
        InFlight(self.families.in_flight.clone())
    }

    /// How many reviews are answered at the same time at most.
    pub fn in_flight_limit(&self, limit: usize) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.families.in_flight_limit.set(limit);
    }

    /// A review was sent away to come again.
    pub fn shed(&self, reason: Shed) {
        self.families.shed.get_or_create(&reason.into()).inc();
    }

    /// A request that is no review was answered with this HTTP status.
    pub fn refused(&self, status: u16) {
        self.families
            .refused
            .get_or_create(&StatusLabels { status })
            .inc();
    }

    /// A finding at admission.
    pub fn finding(
        &self,
        rule: RuleCode,
        effect: Effect,
        would_be: Option<WouldBe>,
        confidence: Confidence,
    ) {
        let finding = FindingLabels {
            rule: rule.as_str(),
            mode: match effect {
                Effect::Mode(mode) => mode.as_str(),
                Effect::Tolerated => "tolerated",
            },
            would_be: would_be.map_or("none", WouldBe::as_str),
            confidence: confidence.as_str(),
        };
        self.families.findings.get_or_create(&finding).inc();
    }

    /// A finding at admission that an exemption covers.
    pub fn exempted(&self, rule: RuleCode) {
        let rule = rule.as_str();
        self.families
            .exempted
            .get_or_create(&RuleLabels { rule })
            .inc();
    }

    /// An object under review is left out of the world.
    pub fn unreadable_object(&self, kind: &'static str) {
        self.unreadable_objects.count(kind);
    }
}

/// A review that is being answered.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for ReviewMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for ReviewMetrics {
    type Target = Registry;

    fn deref(&self) -> &Registry {
        &self.registry
    }
}

impl fmt::Debug for ReviewMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ReviewMetrics")
            .finish_non_exhaustive()
    }
}

/// The label for a kind that came from outside.
fn kind_label(kind: &str) -> &'static str {
    let known = JUDGED_KINDS.into_iter().find(|known| *known == kind);
    known.unwrap_or("other")
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
