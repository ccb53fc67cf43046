//! What is counted of the log.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::metrics::{Registry, descriptions, label_sets};

descriptions! {
    LOG_LINES_DROPPED: Counter "log_lines_dropped" ["reason"]
        "Lines of the log that were lost: reason is full (standard error is not read fast enough) or write_error";
}

label_sets! {
    ReasonLabels { reason }
}

/// Why a line of the log was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLoss {
    /// As many as may wait were waiting to be written.
    Full,
    /// Writing it failed.
    WriteError,
}

impl From<LogLoss> for ReasonLabels {
    fn from(reason: LogLoss) -> Self {
        let reason = match reason {
            LogLoss::Full => "full",
            LogLoss::WriteError => "write_error",
        };
        Self { reason }
    }
}

/// The metrics of the log. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct LogMetrics {
    dropped: Family<ReasonLabels, Counter>,
}

impl LogMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        let metrics = Self {
            dropped: to.register(&LOG_LINES_DROPPED, Family::default()),
        };
        // Prometheus counts from the first value that it sees: one that begins at 1 has not grown.
        for reason in [LogLoss::Full, LogLoss::WriteError] {
            drop(metrics.dropped.get_or_create(&reason.into()));
        }
        metrics
    }

    /// A line of the log was lost.
    pub(crate) fn lost(&self, reason: LogLoss) {
        self.dropped.get_or_create(&reason.into()).inc();
    }
}
