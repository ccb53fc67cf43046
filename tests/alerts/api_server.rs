//! Metrics that are not l7guard's: those of the API server's calls of webhooks, and what Prometheus says of a target.
//!
//! Sources: kubernetes `staging/src/k8s.io/apiserver/pkg/admission/metrics/metrics.go`, and `pkg/endpoints/metrics/metrics.go`
//! beside it for requests. The trial of [`crate::broken`] holds the
//! table against what a real API server writes.

/// A metric, and its labels beside those of its target.
pub(crate) const METRICS: [(&str, &[&str]); 6] = [
    ("up", &[]),
    (
        "apiserver_request_total",
        &[
            "verb",
            "dry_run",
            "group",
            "version",
            "resource",
            "subresource",
            "scope",
            "component",
            "code",
        ],
    ),
    (
        "apiserver_admission_webhook_fail_open_count",
        &["name", "type"],
    ),
    (
        "apiserver_admission_webhook_rejection_count",
        &["name", "type", "operation", "error_type", "rejection_code"],
    ),
    (
        "apiserver_admission_webhook_request_total",
        &["name", "type", "operation", "code", "rejected"],
    ),
    (
        "apiserver_admission_webhook_admission_duration_seconds_bucket",
        &["name", "type", "operation", "rejected", "le"],
    ),
];
