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

/// The metrics of the log. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct LogMetrics {
    dropped: Family<ReasonLabels, Counter>,
}

impl LogMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        Self {
            dropped: to.register(&LOG_LINES_DROPPED, Family::default()),
        }
    }

    /// A line of the log was lost.
    pub(crate) fn lost(&self, reason: LogLoss) {
        let reason = match reason {
            LogLoss::Full => "full",
            LogLoss::WriteError => "write_error",
        };
        self.dropped.get_or_create(&ReasonLabels { reason }).inc();
    }
}
