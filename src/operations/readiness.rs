//! Whether this process can judge, and if not, why.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::metrics::ReadinessMetrics;
use crate::metrics::Registry;

/// The conditions of this process. Clones share them.
///
/// Parts of the program register what has to be true with [`Readiness::condition`]; each begins as not ready.
#[derive(Clone, Debug, Default)]
pub struct Readiness(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    conditions: Mutex<Vec<State>>,
    /// How many conditions do not hold without which no review can be judged: read on the way of every review.
    unable: AtomicUsize,
    metrics: Option<ReadinessMetrics>,
}

#[derive(Debug)]
struct State {
    name: &'static str,
    needed_for: NeededFor,
    /// Why it does not hold, a line a reason; `None` when it does.
    missing: Option<String>,
    /// Whether it does not hold because somebody wants it so.
    is_intended: bool,
}

/// What a condition is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeededFor {
    /// A verdict: without it reviews are sent away to come again, and no more are to be sent here.
    Verdicts,
    /// New callers: those that come all the same are answered.
    NewCallers,
}

/// One condition, held by the part of the program that knows whether it is true. It stays as it is when this is dropped.
#[derive(Debug)]
pub struct Condition {
    readiness: Readiness,
    index: usize,
}

impl Readiness {
    /// Without any condition: ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, measured in this registry.
    #[must_use]
    pub fn measured(registry: &Registry) -> Self {
        Self(Arc::new(Inner {
            metrics: Some(ReadinessMetrics::register(registry)),
            ..Inner::default()
        }))
    }

    /// Registers a condition, which does not hold yet because of `missing`. `name` is a word or two, for people.
    #[must_use]
    pub fn condition(
        &self,
        name: &'static str,
        needed_for: NeededFor,
        missing: impl Into<String>,
    ) -> Condition {
        let mut conditions = self.conditions();
        conditions.push(State {
            name,
            needed_for,
            missing: Some(missing.into()),
            is_intended: false,
        });
        self.count(&conditions);
        Condition {
            readiness: self.clone(),
            index: conditions.len() - 1,
        }
    }

    /// Whether every condition holds: `/readyz`.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.conditions()
            .iter()
            .all(|state| state.missing.is_none())
    }

    /// Whether verdicts can be given. A server that drains is not ready, but judges whatever still comes.
    #[must_use]
    pub fn can_judge(&self) -> bool {
        self.0.unable.load(Ordering::Acquire) == 0
    }

    /// Why no verdict can be given, in a line; empty when it can.
    #[must_use]
    pub fn why_not(&self) -> String {
        let conditions = self.conditions();
        let reasons = conditions
            .iter()
            .filter(|state| state.needed_for == NeededFor::Verdicts)
            .filter(|state| state.missing.is_some())
            .map(State::in_a_line);
        reasons.collect::<Vec<_>>().join("; ")
    }

    /// Every condition on a line of its own, as the API server's `/readyz?verbose` writes them, and the sum. One that does not
    /// hold for several reasons has a line for each.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = String::new();
        let conditions = self.conditions();
        for state in conditions.iter() {
            let Some(missing) = &state.missing else {
                let _ = writeln!(text, "[+] {}: ok", state.name);
                continue;
            };
            for reason in missing.lines() {
                let _ = writeln!(text, "[-] {}: {reason}", state.name);
            }
        }
        let is_ready = conditions.iter().all(|state| state.missing.is_none());
        text.push_str(if is_ready { "ready\n" } else { "not ready\n" });
        text
    }

    fn set(&self, index: usize, missing: Option<String>, is_intended: bool) {
        let mut conditions = self.conditions();
        if conditions[index].missing == missing {
            return;
        }
        let was_ready = missing_of(&conditions).next().is_none();
        conditions[index].missing = missing;
        conditions[index].is_intended = is_intended;
        self.count(&conditions);
        log_change(&conditions, index, was_ready);
    }

    fn count(&self, conditions: &[State]) {
        let unable = conditions
            .iter()
            .filter(|state| state.needed_for == NeededFor::Verdicts && state.missing.is_some());
        self.0.unable.store(unable.count(), Ordering::Release);
        for state in conditions {
            if let Some(metrics) = &self.0.metrics {
                metrics.condition(state.name, state.missing.is_none());
            }
        }
    }

    fn conditions(&self) -> MutexGuard<'_, Vec<State>> {
        // Whoever panicked while holding it had finished its change or not begun it.
        let conditions = self.0.conditions.lock();
        conditions.unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Its name, and why it does not hold.
    fn in_a_line(&self) -> String {
        let missing = self.missing.as_deref().unwrap_or_default();
        format!("{}: {}", self.name, missing.replace('\n', "; "))
    }
}

/// What does not hold.
fn missing_of(conditions: &[State]) -> impl Iterator<Item = &State> {
    conditions.iter().filter(|state| state.missing.is_some())
}

/// Logs readiness once when it changes as a whole. A condition that changes without that is a matter of debugging.
fn log_change(conditions: &[State], index: usize, was_ready: bool) {
    let missing: Vec<_> = missing_of(conditions).collect();
    let reasons = missing.iter().map(|state| state.in_a_line());
    let reason = reasons.collect::<Vec<_>>().join("; ");
    match (was_ready, missing.is_empty()) {
        (false, true) => tracing::info!("ready"),
        (true, false) if missing.iter().all(|state| state.is_intended) => {
            tracing::info!(reason, "not ready");
        }
        (true, false) => tracing::warn!(reason, "not ready"),
        _ => tracing::debug!(
            condition = conditions[index].name,
            reason,
            "a condition of readiness has changed"
        ),
    }
}

impl Condition {
    /// It holds.
    pub fn holds(&self) {
        self.readiness.set(self.index, None, false);
    }

    /// It does not hold because of `missing`.
    pub fn fails(&self, missing: impl Into<String>) {
        self.readiness.set(self.index, Some(missing.into()), false);
    }

    /// It does not hold any more because of `missing`, as somebody wanted: that is no warning in the log.
    pub fn ends(&self, missing: impl Into<String>) {
        self.readiness.set(self.index, Some(missing.into()), true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_when_every_condition_holds_and_the_report_names_each() {
        let readiness = Readiness::new();
        assert!(readiness.is_ready());
        let world = readiness.condition("world", NeededFor::Verdicts, "not listed yet");
        let certificate = readiness.condition("certificate", NeededFor::NewCallers, "none yet");
        certificate.holds();
        assert_eq!(
            readiness.report(),
            "[-] world: not listed yet\n[+] certificate: ok\nnot ready\n"
        );
        assert!(!readiness.is_ready());
        world.holds();
        assert_eq!(
            readiness.report(),
            "[+] world: ok\n[+] certificate: ok\nready\n"
        );
        assert!(readiness.is_ready());
    }

    #[test]
    fn every_condition_is_measured() {
        let registry = Registry::new();
        let readiness = Readiness::measured(&registry);
        let world = readiness.condition("world", NeededFor::Verdicts, "not listed yet");
        let measured = |line: &str| registry.encode().unwrap().contains(line);
        assert!(measured("l7guard_readiness{condition=\"world\"} 0\n"));
        world.holds();
        assert!(measured("l7guard_readiness{condition=\"world\"} 1\n"));
        world.ends("asked to stop");
        assert!(measured("l7guard_readiness{condition=\"world\"} 0\n"));
    }

    #[test]
    fn every_reason_has_a_line_in_the_report_and_all_share_one_elsewhere() {
        let readiness = Readiness::new();
        let world = readiness.condition("world", NeededFor::Verdicts, "not listed yet");
        world.fails("no services\nno ingresses");
        assert_eq!(
            readiness.report(),
            "[-] world: no services\n[-] world: no ingresses\nnot ready\n"
        );
        assert_eq!(readiness.why_not(), "world: no services; no ingresses");
    }

    #[test]
    fn verdicts_need_only_the_conditions_that_say_so() {
        let readiness = Readiness::new();
        let draining = readiness.condition("draining", NeededFor::NewCallers, "asked to stop");
        assert!(readiness.can_judge() && !readiness.is_ready());
        let world = readiness.condition("world", NeededFor::Verdicts, "Services are not listed");
        assert!(!readiness.can_judge());
        assert_eq!(readiness.why_not(), "world: Services are not listed");
        world.holds();
        assert!(readiness.can_judge());
        world.fails("the API server is away");
        assert!(!readiness.can_judge());
        draining.holds();
        assert_eq!(readiness.why_not(), "world: the API server is away");
    }
}
