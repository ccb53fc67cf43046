//! When what was not written is tried again: soon at first, then seldom, each namespace for itself.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(15);

/// After many of them.
const LONGEST: Duration = Duration::from_mins(10);

/// The namespaces of which something waits to be written.
#[derive(Debug, Default)]
pub(super) struct Retries(BTreeMap<String, Retry>);

#[derive(Clone, Copy, Debug)]
struct Retry {
    at: Instant,
    /// How long to wait after the next failure.
    pause: Duration,
}

impl Retries {
    /// A write has failed.
    pub(super) fn failed(&mut self, namespace: &str) {
        let pause = self.0.get(namespace).map_or(FIRST, |known| known.pause);
        let retry = Retry {
            at: Instant::now() + pause,
            pause: (pause * 2).min(LONGEST),
        };
        self.0.insert(namespace.to_owned(), retry);
    }

    /// Nothing was tried: it is its turn then.
    pub(super) fn wait(&mut self, namespace: &str, at: Instant) {
        let pause = self.0.get(namespace).map_or(FIRST, |known| known.pause);
        self.0.insert(namespace.to_owned(), Retry { at, pause });
    }

    /// Nothing waits any more.
    pub(super) fn done(&mut self, namespace: &str) {
        self.0.remove(namespace);
    }

    /// Whether something waits, and whether it may be tried now; `None`: nothing waits.
    pub(super) fn is_due(&self, namespace: &str) -> Option<bool> {
        let retry = self.0.get(namespace)?;
        Some(retry.at <= Instant::now())
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When something is to be tried again.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().map(|retry| retry.at).min()
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_failing_is_tried_less_and_less() {
        let mut retries = Retries::default();
        let mut tries = 0;
        retries.failed("shop");
        retries.wait("store", Instant::now());
        assert_eq!(retries.is_due("shop"), Some(false));
        assert_eq!(retries.is_due("store"), Some(true));
        assert_eq!(retries.is_due("other"), None);
        retries.done("store");
        let end = Instant::now() + Duration::from_hours(24);
        while let Some(at) = retries.next().filter(|at| *at < end) {
            advance(at.duration_since(Instant::now())).await;
            assert_eq!(retries.is_due("shop"), Some(true));
            retries.failed("shop");
            tries += 1;
        }
        assert!((140..160).contains(&tries), "{tries}");
    }
}
