//! How a metric is described: name, type, labels and meaning. The registry and the documentation both follow from it.

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

/// The metrics of a room: a constant for each, and `DESCRIPTIONS` with all of them in the order of the documentation.
macro_rules! descriptions {
    ($($constant:ident: $metric_type:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(const $constant: $crate::metrics::Description = $crate::metrics::Description {
            name: $name,
            metric_type: $crate::metrics::MetricType::$metric_type,
            labels: &[$($label),*],
            help: $help,
        };)*

        /// What this room measures, in the order of the documentation.
        pub(crate) const DESCRIPTIONS: &[$crate::metrics::Description] = &[$($constant),*];
    };
}

/// Sets of labels. Every value is one of a fixed few: what comes from outside is mapped to them before.
macro_rules! label_sets {
    ($($set:ident { $($label:ident),* })*) => {
        $(#[derive(Clone, Debug, PartialEq, Eq, Hash, prometheus_client::encoding::EncodeLabelSet)]
        struct $set {
            $($label: &'static str,)*
        })*
    };
}

pub(crate) use {descriptions, label_sets};
