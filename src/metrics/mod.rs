//! What the program counts and measures, for Prometheus.
//!
//! [`Metrics`] is a handle that is cloned freely; each of its methods is one thing that happens. Labels have few values:
//! no namespace, no name, no user, and whatever comes from outside is mapped to a word of ours first.

mod descriptions;
mod events;
mod families;
mod labels;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use l7guard_policy::confidence::Confidence;
use l7guard_policy::rules::{Mode, RuleCode};
use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

pub use descriptions::{ALL, Description, MetricType, PREFIX};
pub use events::{
    Decision, Effect, Evicted, ExemptionStates, HandshakeFailure, LogLoss, Reviewed, Shed,
    WatchedFile,
};
use families::Families;

/// The content type of [`Metrics::encode`] (`OpenMetrics` 1.0, "Text Format").
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of this process. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    families: Arc<Families>,
    registry: Arc<Registry>,
}

impl Metrics {
    /// All metrics, at zero.
    #[must_use]
    pub fn new() -> Self {
        let (families, registry) = Families::registered();
        Self {
            families: Arc::new(families),
            registry: Arc::new(registry),
        }
    }

    /// All metrics in the text format of `OpenMetrics` 1.0.
    ///
    /// # Errors
    /// Never: text is written to memory. It is the formatter's to say.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// A review was answered.
    pub fn review(&self, reviewed: &Reviewed<'_>) {
        let (kind, decision) = (labels::kind(reviewed.kind), reviewed.decision.as_str());
        let review = labels::Review {
            operation: reviewed.operation,
            kind,
            decision,
            mode: reviewed.mode.map_or("none", Mode::as_str),
            dry_run: if reviewed.dry_run { "true" } else { "false" },
        };
        self.families.reviews.get_or_create(&review).inc();
        self.families
            .review_duration
            .get_or_create(&labels::Judged { kind, decision })
            .observe(reviewed.duration.as_secs_f64());
    }

    /// A review begins; it ends when what is returned is dropped.
    #[must_use]
    pub fn in_flight(&self) -> InFlight {
        self.families.in_flight.inc();
        InFlight(Arc::clone(&self.families))
    }

    /// How many reviews are answered at the same time at most.
    pub fn in_flight_limit(&self, limit: usize) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.families.in_flight_limit.set(limit);
    }

    /// A review was sent away to come again.
    pub fn shed(&self, reason: Shed) {
        let reason = match reason {
            Shed::Overload => "overload",
            Shed::NotReady => "not_ready",
        };
        let shed = self
            .families
            .shed
            .get_or_create_owned(&labels::Reason { reason });
        shed.inc();
    }

    /// A request that is no review was answered with this HTTP status.
    pub fn refused(&self, status: u16) {
        self.families
            .refused
            .get_or_create(&labels::Status { status })
            .inc();
    }

    /// A finding at admission.
    pub fn finding(&self, rule: RuleCode, effect: Effect, confidence: Confidence) {
        let finding = labels::Finding {
            rule: rule.as_str(),
            mode: match effect {
                Effect::Mode(mode) => mode.as_str(),
                Effect::Tolerated => "tolerated",
            },
            confidence: confidence.as_str(),
        };
        self.families.findings.get_or_create(&finding).inc();
    }

    /// A finding at admission that an exemption covers.
    pub fn exempted(&self, rule: RuleCode) {
        let rule = labels::Rule {
            rule: rule.as_str(),
        };
        self.families.exempted.get_or_create(&rule).inc();
    }

    /// What has become of the exemptions of the configuration in force.
    pub fn exemptions(&self, states: ExemptionStates) {
        for (state, count) in [
            ("active", states.active),
            ("expiring", states.expiring),
            ("expired", states.expired),
        ] {
            let state = labels::State { state };
            self.families.exemptions.get_or_create(&state).set(count);
        }
    }

    /// How many objects of a kind are kept.
    pub fn inventory_objects(&self, kind: &'static str, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let kind = labels::OfKind { kind };
        self.families
            .inventory_objects
            .get_or_create(&kind)
            .set(count);
    }

    /// Whether a kind has been listed whole.
    pub fn inventory_synced(&self, kind: &'static str, is_synced: bool) {
        let kind = labels::OfKind { kind };
        self.families
            .inventory_synced
            .get_or_create(&kind)
            .set(i64::from(is_synced));
    }

    /// The watch of a kind was heard of now: an event, a bookmark or a list.
    pub fn inventory_freshness(&self, kind: &'static str) {
        let kind = labels::OfKind { kind };
        self.families
            .inventory_freshness
            .get_or_create(&kind)
            .set(seconds(SystemTime::now()));
    }

    /// A kind is watched no more: nothing is said of it any longer.
    pub fn inventory_forgotten(&self, kind: &'static str) {
        let kind = labels::OfKind { kind };
        let families = &self.families;
        for family in [
            &families.inventory_objects,
            &families.inventory_synced,
            &families.inventory_freshness,
        ] {
            family.remove(&kind);
        }
    }

    /// The watch of a kind had to be begun anew. `reason` is one of a few words.
    pub fn watch_restart(&self, kind: &'static str, reason: &'static str) {
        let restart = labels::Restart { kind, reason };
        self.families.watch_restarts.get_or_create(&restart).inc();
    }

    /// An object of the cluster has a field of a wrong type, and is left out of the world.
    pub fn unreadable_object(&self, kind: &'static str) {
        let kind = labels::OfKind { kind };
        self.families.unreadable_objects.get_or_create(&kind).inc();
    }

    /// The cluster was read during a review. `outcome` is one of a few words.
    pub fn live_read(&self, kind: &'static str, outcome: &'static str, duration: Duration) {
        self.families
            .live_read_duration
            .get_or_create(&labels::Read { kind, outcome })
            .observe(duration.as_secs_f64());
    }

    /// What a file holds is in force, read for the first time or again.
    pub fn loaded(&self, file: WatchedFile) {
        let file = labels::File {
            file: file.as_str(),
        };
        self.families.reload_successful.get_or_create(&file).set(1);
        self.families
            .reload_success_time
            .get_or_create(&file)
            .set(seconds(SystemTime::now()));
    }

    /// A file changed and was read again; if it was refused, what it held before stays in force.
    pub fn reload(&self, file: WatchedFile, is_success: bool) {
        let reload = labels::Reload {
            file: file.as_str(),
            outcome: if is_success { "success" } else { "failure" },
        };
        self.families.reloads.get_or_create(&reload).inc();
        if is_success {
            self.loaded(file);
        } else {
            let file = labels::File {
                file: file.as_str(),
            };
            self.families.reload_successful.get_or_create(&file).set(0);
        }
    }

    /// The certificate that is served expires then.
    pub fn certificate_expiry(&self, not_after: SystemTime) {
        self.families.certificate_expiry.set(seconds(not_after));
    }

    /// How many connections are served at the same time at most.
    pub fn connection_limit(&self, limit: usize) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.families.connection_limit.set(limit);
    }

    /// A connection was accepted; it ends when what is returned is dropped.
    #[must_use]
    pub fn connection(&self) -> OpenConnection {
        self.families.connections_accepted.inc();
        self.families.connections.inc();
        OpenConnection(Arc::clone(&self.families))
    }

    /// A connection had to leave for another one.
    pub fn evicted(&self, state: Evicted) {
        let state = match state {
            Evicted::BeforeRequest => "before_request",
            Evicted::Receiving => "receiving",
            Evicted::Unread => "unread",
            Evicted::Idle => "idle",
        };
        let state = labels::State { state };
        self.families
            .connections_evicted
            .get_or_create(&state)
            .inc();
    }

    /// A connection did not get past the TLS handshake.
    pub fn handshake_failure(&self, reason: HandshakeFailure) {
        let reason = match reason {
            HandshakeFailure::Timeout => "timeout",
            HandshakeFailure::ClientCertificate => "client_certificate",
            HandshakeFailure::ServerCertificate => "server_certificate",
            HandshakeFailure::Other => "other",
        };
        let reason = labels::Reason { reason };
        self.families
            .handshake_failures
            .get_or_create(&reason)
            .inc();
    }

    /// A line of the log was lost.
    pub fn log_line_lost(&self, reason: LogLoss) {
        let reason = match reason {
            LogLoss::Full => "full",
            LogLoss::WriteError => "write_error",
        };
        let reason = labels::Reason { reason };
        self.families.log_lines_dropped.get_or_create(&reason).inc();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// A review that is being answered.
#[derive(Debug)]
pub struct InFlight(Arc<Families>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

/// A connection that is open.
#[derive(Debug)]
pub struct OpenConnection(Arc<Families>);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.connections.dec();
    }
}

/// Seconds since 1970; 0 for what was before.
fn seconds(time: SystemTime) -> i64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
