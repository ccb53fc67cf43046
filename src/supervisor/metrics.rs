//! What is counted of background tasks.

use std::fmt;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::metrics::{Registry, descriptions, label_sets};

descriptions! {
    TASK_FAILURES: Counter "task_failures" ["task", "reason"]
        "Background tasks that ended though they were to go on, a bug in l7guard: reason is panicked or returned";
}

label_sets! {
    FailureLabels { task, reason }
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// By itself.
    Returned,
    /// By a panic.
    Panicked,
}

impl Reason {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Panicked => "panicked",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The metrics of background tasks. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct TaskMetrics {
    failures: Family<FailureLabels, Counter>,
}

impl TaskMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        Self {
            failures: to.register(&TASK_FAILURES, Family::default()),
        }
    }

    /// A task begins.
    pub(crate) fn begins(&self, task: &'static str) {
        // Prometheus counts from the first value that it sees: one that begins at 1 has not grown.
        for reason in [Reason::Returned, Reason::Panicked] {
            let reason = reason.as_str();
            drop(self.failures.get_or_create(&FailureLabels { task, reason }));
        }
    }

    /// A task ended that was to go on.
    pub(crate) fn ended(&self, task: &'static str, reason: Reason) {
        let reason = reason.as_str();
        let failure = FailureLabels { task, reason };
        self.failures.get_or_create(&failure).inc();
    }
}
