//! The registry: rooms register what they measure, and all of it is written as text.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::encoding::text;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{self, Metric};

use super::description::{Description, PREFIX};

/// The content type of [`Registry::encode`] (`OpenMetrics` 1.0, "Text Format").
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of this process. Clones share them.
#[derive(Clone)]
pub struct Registry(Arc<Mutex<State>>);

struct State {
    registry: registry::Registry,
    /// What is registered, by name.
    known: HashMap<&'static str, Box<dyn Any + Send>>,
}

impl Registry {
    /// Without any metric.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            registry: registry::Registry::with_prefix(PREFIX),
            known: HashMap::new(),
        })))
    }

    /// Registers a metric, which shares its values with the one that is returned. A metric that is registered already is
    /// returned: a room may register its own several times, as its parts come and go.
    pub(crate) fn register<M: Metric + Clone>(&self, description: &Description, metric: M) -> M {
        let mut state = self.state();
        if let Some(known) = state.known.get(description.name) {
            if let Some(known) = known.downcast_ref::<M>() {
                return known.clone();
            }
            tracing::error!(
                metric = description.name,
                "bug in l7guard: two metrics have one name"
            );
            return metric;
        }
        let known = Box::new(metric.clone());
        state.known.insert(description.name, known);
        let (name, help) = (description.name, description.help);
        state.registry.register(name, help, metric.clone());
        metric
    }

    /// Registers text in labels.
    pub(crate) fn register_info<L>(&self, description: &Description, info: Info<L>)
    where
        Info<L>: Metric,
    {
        let (name, help) = (description.name, description.help);
        self.state().registry.register(name, help, info);
    }

    /// All metrics in the text format of `OpenMetrics` 1.0.
    ///
    /// # Errors
    /// Never: text is written to memory. It is the formatter's to say.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.state().registry)?;
        Ok(text)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A metric is registered or not, also after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Registry").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::gauge::Gauge;

    use super::super::MetricType;
    use super::*;

    const ONE: Description = Description {
        name: "one",
        metric_type: MetricType::Counter,
        labels: &[],
        help: "One",
    };

    #[test]
    fn a_metric_that_is_registered_again_is_the_same() {
        let registry = Registry::new();
        let first: Counter = registry.register(&ONE, Counter::default());
        let second: Counter = registry.clone().register(&ONE, Counter::default());
        first.inc();
        second.inc();
        let text = registry.encode().unwrap();
        assert!(text.contains("\nl7guard_one_total 2\n"), "{text}");
        assert_eq!(text.matches("# TYPE l7guard_one").count(), 1);
    }

    #[test]
    fn another_metric_of_a_name_is_not_written() {
        let registry = Registry::new();
        let counter: Counter = registry.register(&ONE, Counter::default());
        let gauge: Gauge = registry.register(&ONE, Gauge::default());
        gauge.set(9);
        counter.inc();
        let text = registry.encode().unwrap();
        assert!(text.contains("\nl7guard_one_total 1\n"), "{text}");
        assert!(!text.contains('9'), "{text}");
    }
}
