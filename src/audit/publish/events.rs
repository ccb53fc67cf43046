//! New and gone findings as Events of their objects.
//!
//! An Event says what a report does not: when. It is written once; one that cannot be written is counted and forgotten, as the
//! report holds the finding. The API server refuses an Event of an object whose name leaves no room for the Event's own.

use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use l7guard_policy::identity::Kind;
use tokio::time::Instant;

use super::refused::Refused;
use super::report::SOURCE;
use super::wanted::reference;
use crate::audit::metrics::{AuditMetrics, WriteResult, Written};
use crate::audit::observed::{FindingId, MESSAGE, Observed};
use crate::audit::text::cut;
use crate::shares::{NamespaceBuckets, TokenBucket};

/// How many Events are written at once at most, and how often one more: 100, and one a second. What comes on top is dropped:
/// the report has it.
const BURST: u32 = 100;
const REFILL: Duration = Duration::from_secs(1);

/// The same of the Events in one namespace: 25, and one in ten seconds. Whoever makes findings come and go there takes nothing
/// of what others have.
const NAMESPACE_BURST: u32 = 25;
const NAMESPACE_REFILL: Duration = Duration::from_secs(10);

/// For how long nothing is written after the API server did not answer, or had too much to do.
const PAUSE: Duration = Duration::from_secs(10);

/// A new finding.
pub(super) const FOUND: &str = "L7GuardFinding";
/// A finding that is gone.
pub(super) const GONE: &str = "L7GuardFindingGone";

/// Writes Events.
pub(super) struct Events {
    recorder: Recorder,
    bucket: TokenBucket,
    of_namespaces: NamespaceBuckets,
    /// Nothing is written before.
    paused_until: Option<Instant>,
    /// Whether it was said that Events are refused.
    has_told: bool,
    metrics: AuditMetrics,
}

impl Events {
    /// As this replica.
    pub(crate) fn new(client: Client, replica: &str, metrics: AuditMetrics) -> Self {
        let reporter = Reporter {
            controller: SOURCE.to_owned(),
            instance: Some(replica.to_owned()),
        };
        Self {
            recorder: Recorder::new(client, reporter),
            bucket: TokenBucket::new(BURST, REFILL),
            of_namespaces: NamespaceBuckets::new(NAMESPACE_BURST, NAMESPACE_REFILL),
            paused_until: None,
            has_told: false,
            metrics,
        }
    }

    /// A finding is new.
    pub(super) async fn found(&mut self, observed: &Observed) {
        let regarding = reference(&observed.id.object, observed.api_version, observed.id.uid);
        self.publish(&found(observed), &regarding).await;
    }

    /// A finding is gone.
    pub(super) async fn gone(&mut self, id: &FindingId) {
        let regarding = reference(&id.object, id.object.kind.api_version(), id.uid);
        self.publish(&gone(id), &regarding).await;
    }

    async fn publish(&mut self, event: &Event, regarding: &ObjectReference) {
        let result = if !self.may_write(regarding) {
            WriteResult::Dropped
        } else if let Err(error) = self.recorder.publish(event, regarding).await {
            self.failed(&error, regarding);
            WriteResult::Failed
        } else {
            WriteResult::Done
        };
        self.metrics.write(Written::Event, result);
    }

    fn may_write(&mut self, regarding: &ObjectReference) -> bool {
        let namespace = regarding.namespace.as_deref().unwrap_or_default();
        let is_paused = self
            .paused_until
            .is_some_and(|until| Instant::now() < until);
        !is_paused && self.of_namespaces.take(namespace) && self.bucket.take()
    }

    fn failed(&mut self, error: &kube::Error, regarding: &ObjectReference) {
        let refused = Refused::of(error);
        if refused == Refused::Unavailable {
            self.paused_until = Some(Instant::now() + PAUSE);
        }
        let is_forbidden = matches!(error, kube::Error::Api(status) if status.code == 403);
        let is_said = refused == Refused::Unavailable || (is_forbidden && refused == Refused::This);
        if is_said && !self.has_told {
            self.has_told = true;
            tracing::warn!(%error, "Events cannot be written: findings stand in logs, metrics and reports");
        } else {
            tracing::debug!(%error, object = regarding.name, "an Event cannot be written");
        }
    }
}

fn found(observed: &Observed) -> Event {
    let id = &observed.id;
    let service = observed.service.as_ref();
    Event {
        type_: EventType::Warning,
        reason: FOUND.to_owned(),
        note: Some(cut(
            &format!("{} {}: {}", id.rule, id.rule.name(), observed.message),
            MESSAGE,
        )),
        action: id.rule.as_str().to_owned(),
        secondary: service.map(|(key, uid)| reference(key, Kind::Service.api_version(), *uid)),
    }
}

fn gone(id: &FindingId) -> Event {
    Event {
        type_: EventType::Normal,
        reason: GONE.to_owned(),
        note: Some(cut(
            &format!("{} {}: gone ({})", id.rule, id.rule.name(), id.target),
            MESSAGE,
        )),
        action: id.rule.as_str().to_owned(),
        secondary: None,
    }
}

#[cfg(test)]
mod tests {
    use l7guard_policy::confidence::Confidence;
    use l7guard_policy::identity::ObjectKey;
    use l7guard_policy::rules::{Mode, RuleCode};

    use super::*;

    #[test]
    fn a_note_fits_into_an_event_and_the_service_stands_beside() {
        let service = ObjectKey::new(Kind::Service, "istio-system", "gw");
        let observed = Observed {
            id: FindingId {
                object: ObjectKey::new(Kind::Ingress, "shop", "web"),
                uid: None,
                rule: RuleCode::L7G001,
                target: "istio-system/gw".into(),
                nth: 1,
            },
            mode: Mode::Deny,
            would_be: None,
            confidence: Confidence::Confirmed,
            api_version: "networking.k8s.io/v1",
            field: "".into(),
            message: "ä".repeat(MESSAGE / 2).into(),
            service: Some((service, None)),
        };
        let event = found(&observed);
        let note = event.note.unwrap();
        assert!(note.len() <= 1_024 && note.starts_with("L7G001 alb-ingress: ä"));
        assert_eq!(event.action, "L7G001");
        assert_eq!(event.secondary.unwrap().name.as_deref(), Some("gw"));
    }
}
