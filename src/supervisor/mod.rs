//! Background work: one set of named tasks. One that ends or panics is logged, counted, and restarted or ends the process.
//!
//! Which task does what when it ends stands in a table of whoever spawns it (`serve/tasks.rs`).

pub(crate) mod metrics;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::sleep;

use crate::jitter;
use crate::metrics::Registry;
use metrics::{Reason, TaskMetrics};

/// How long to wait at least before a task is restarted. A task that fails at once is not to spin.
pub(crate) const PAUSE: Duration = Duration::from_secs(5);

/// A task, and what its end means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its name in metrics and logs.
    pub(crate) name: &'static str,
    /// What follows when it returns.
    pub(crate) returned: Then,
    /// What follows when it panics.
    pub(crate) panicked: Then,
}

/// What follows the end of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Nothing: it has done its work.
    Nothing,
    /// It is restarted after [`PAUSE`], and up to as long again.
    Restart,
    /// The process ends well.
    Finish,
    /// The process ends with an error.
    Fail,
}

/// The end of a task that was to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the background task {task} {reason}, which is a bug in l7guard")]
pub(crate) struct TaskFailed {
    task: &'static str,
    reason: Reason,
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;
type MakeWork = Arc<dyn Fn() -> Work + Send + Sync>;

/// Tasks that run in the background. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Supervisor {
    tasks: JoinSet<()>,
    running: HashMap<Id, Running>,
    metrics: TaskMetrics,
}

/// A task that runs, and how to begin it again.
struct Running {
    rule: &'static Rule,
    make: Option<MakeWork>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.rule.fmt(formatter)
    }
}

impl Supervisor {
    /// Without any task.
    pub(crate) fn new(metrics: &Registry) -> Self {
        Self {
            tasks: JoinSet::new(),
            running: HashMap::new(),
            metrics: TaskMetrics::register(metrics),
        }
    }

    /// Begins a task that `make` can make anew.
    pub(crate) fn spawn<F>(
        &mut self,
        rule: &'static Rule,
        make: impl Fn() -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let make: MakeWork = Arc::new(move || Box::pin(make()));
        self.begin(rule, make, None);
    }

    /// Begins a task that cannot be made anew: where its rule says restart, the process ends with an error.
    pub(crate) fn spawn_once(
        &mut self,
        rule: &'static Rule,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        self.metrics.begins(rule.name);
        let id = self.tasks.spawn(work).id();
        self.running.insert(id, Running { rule, make: None });
    }

    /// Watches over the tasks until the end of one ends the process. Without a task it waits for ever. Nothing is lost when
    /// this future is dropped and another one is made.
    ///
    /// # Errors
    /// When a task ended that was to go on.
    pub(crate) async fn run(&mut self) -> Result<(), TaskFailed> {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let (id, reason) = match ended {
                Ok((id, ())) => (id, Reason::Returned),
                Err(error) if error.is_panic() => (error.id(), Reason::Panicked),
                // Nobody aborts one but by dropping all.
                Err(_) => continue,
            };
            let Some(Running { rule, make }) = self.running.remove(&id) else {
                continue;
            };
            let then = match reason {
                Reason::Returned => rule.returned,
                Reason::Panicked => rule.panicked,
            };
            match (then, make) {
                (Then::Nothing, _) => {}
                (Then::Finish, _) => return Ok(()),
                (Then::Restart, Some(make)) => {
                    self.count(rule, reason, "a background task ended: restarting it");
                    let pause = jitter::lengthened(PAUSE);
                    self.begin(rule, make, Some(pause));
                }
                (Then::Restart, None) | (Then::Fail, _) => {
                    self.count(rule, reason, "a background task ended: l7guard ends");
                    let task = rule.name;
                    return Err(TaskFailed { task, reason });
                }
            }
        }
        std::future::pending().await
    }

    fn begin(&mut self, rule: &'static Rule, make: MakeWork, pause: Option<Duration>) {
        self.metrics.begins(rule.name);
        let begun = Arc::clone(&make);
        let task = self.tasks.spawn(async move {
            if let Some(pause) = pause {
                sleep(pause).await;
            }
            begun().await;
        });
        let make = Some(make);
        self.running.insert(task.id(), Running { rule, make });
    }

    fn count(&self, rule: &Rule, reason: Reason, what: &str) {
        tracing::error!(task = rule.name, reason = reason.as_str(), "{what}");
        self.metrics.ended(rule.name, reason);
    }
}

#[cfg(test)]
mod tests;
