//! What is measured: name, type, labels and meaning of each metric, in one place. The registry and the documentation
//! both follow from it.

/// What stands before every name.
pub const PREFIX: &str = "l7guard";

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name without [`PREFIX`], and without the ending (`_total`, `_info`) that the type adds.
    pub name: &'static str,
    /// What it is.
    pub metric_type: MetricType,
    /// The keys of its labels, in the order in which they are written.
    pub labels: &'static [&'static str],
    /// What it says, without a full stop.
    pub help: &'static str,
}

/// The types that are used (`OpenMetrics` 1.0, "Metric Types").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricType {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many observations were how large.
    Histogram,
    /// Text in labels, the value is always 1.
    Info,
}

impl MetricType {
    /// As written in the text format.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Gauge | Self::Histogram => "",
            Self::Info => "_info",
        }
    }
}

impl Description {
    /// The name to ask Prometheus for; of a histogram the part before `_bucket`, `_count` and `_sum`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{PREFIX}_{}{}", self.name, self.metric_type.ending())
    }
}

macro_rules! descriptions {
    ($($constant:ident: $metric_type:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(pub(super) const $constant: Description = Description {
            name: $name,
            metric_type: MetricType::$metric_type,
            labels: &[$($label),*],
            help: $help,
        };)*

        /// Every metric, in the order of the documentation.
        pub const ALL: &[Description] = &[$($constant),*];
    };
}

descriptions! {
    REVIEWS: Counter "admission_requests" ["operation", "kind", "decision", "mode", "dry_run"]
        "Reviews that were answered: decision is allow, warn, deny or error (HTTP 500), mode the severest one of the findings";
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
    FINDINGS: Counter "admission_findings" ["rule", "mode", "confidence"]
        "Findings at admission: mode is what they did (deny, warn, audit), or tolerated for what was there before the change";
    EXEMPTED: Counter "admission_exempted_findings" ["rule"]
        "Findings at admission that an exemption covers";
    EXEMPTIONS: Gauge "exemptions" ["state"]
        "Exemptions of the configuration: state is active, expiring (within 14 days) or expired";
    INVENTORY_OBJECTS: Gauge "inventory_objects" ["kind"]
        "Objects that are kept of each kind";
    INVENTORY_SYNCED: Gauge "inventory_synced" ["kind"]
        "Whether the kind has been listed whole (1) or not yet (0)";
    INVENTORY_FRESHNESS: Gauge "inventory_last_event_timestamp_seconds" ["kind"]
        "When the watch of the kind was last heard of, in seconds since 1970";
    WATCH_RESTARTS: Counter "watch_restarts" ["kind", "reason"]
        "Watches that had to be begun anew";
    UNREADABLE_OBJECTS: Counter "unreadable_objects" ["kind"]
        "Objects of the cluster that are left out of the world, as a field of them has a wrong type";
    LIVE_READ_DURATION: Histogram "live_read_duration_seconds" ["kind", "outcome"]
        "How long reads of the cluster during a review took";
    RELOADS: Counter "reloads" ["file", "outcome"]
        "Files that changed and were read again: outcome is success or failure";
    RELOAD_SUCCESSFUL: Gauge "reload_last_successful" ["file"]
        "Whether what the file holds now is in force (1), or an older state of it (0)";
    RELOAD_SUCCESS_TIME: Gauge "reload_last_success_timestamp_seconds" ["file"]
        "When what is in force was read, in seconds since 1970";
    CERTIFICATE_EXPIRY: Gauge "tls_certificate_expiry_timestamp_seconds" []
        "When the certificate that is served expires, in seconds since 1970";
    CONNECTIONS: Gauge "connections" []
        "Open connections of the webhook";
    CONNECTION_LIMIT: Gauge "connections_limit" []
        "How many connections are served at the same time at most";
    CONNECTIONS_ACCEPTED: Counter "connections_accepted" []
        "Connections that were accepted";
    CONNECTIONS_EVICTED: Counter "connections_evicted" ["state"]
        "Connections that were closed to make room: state is before_request, receiving (a later request), unread (an answer) or idle";
    HANDSHAKE_FAILURES: Counter "tls_handshake_failures" ["reason"]
        "Connections that did not get past the TLS handshake: reason is timeout, client_certificate (missing or refused here), server_certificate (refused by the client) or other";
    LOG_LINES_DROPPED: Counter "log_lines_dropped" ["reason"]
        "Lines of the log that were lost: reason is full (standard error is not read fast enough) or write_error";
    BUILD: Info "build" ["version"]
        "The version of l7guard";
}
