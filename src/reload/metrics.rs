//! What is counted of files that are read again.

use std::time::SystemTime;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::metrics::{Registry, descriptions, label_sets, seconds};

descriptions! {
    RELOADS: Counter "reloads" ["file", "outcome"]
        "Files that changed and were read again: outcome is success or failure";
    RELOAD_SUCCESSFUL: Gauge "reload_last_successful" ["file"]
        "Whether what the file holds now is in force (1), or an older state of it (0)";
    RELOAD_SUCCESS_TIME: Gauge "reload_last_success_timestamp_seconds" ["file"]
        "When what is in force was read, in seconds since 1970";
}

label_sets! {
    ReloadLabels { file, outcome }
    FileLabels { file }
}

/// A file, or several that belong together, that are read again when they change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchedFile {
    /// `--tls-cert` and `--tls-key`.
    Certificate,
    /// `--client-ca`.
    ClientAuthority,
    /// `--config`.
    Configuration,
    /// `--manifests`.
    Manifests,
}

impl WatchedFile {
    /// As written in metrics and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::ClientAuthority => "client_ca",
            Self::Configuration => "configuration",
            Self::Manifests => "manifests",
        }
    }
}

/// The metrics of such files. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct ReloadMetrics {
    reloads: Family<ReloadLabels, Counter>,
    successful: Family<FileLabels, Gauge>,
    success_time: Family<FileLabels, Gauge>,
}

impl ReloadMetrics {
    pub(crate) fn register(to: &Registry) -> Self {
        Self {
            reloads: to.register(&RELOADS, Family::default()),
            successful: to.register(&RELOAD_SUCCESSFUL, Family::default()),
            success_time: to.register(&RELOAD_SUCCESS_TIME, Family::default()),
        }
    }

    /// What a file holds is in force, read for the first time or again.
    pub(crate) fn loaded(&self, file: WatchedFile) {
        let file = FileLabels {
            file: file.as_str(),
        };
        self.successful.get_or_create(&file).set(1);
        let now = seconds(SystemTime::now());
        self.success_time.get_or_create(&file).set(now);
    }

    /// A file changed and was read again; if it was refused, what it held before stays in force.
    pub(crate) fn reload(&self, file: WatchedFile, is_success: bool) {
        let reload = ReloadLabels {
            file: file.as_str(),
            outcome: if is_success { "success" } else { "failure" },
        };
        self.reloads.get_or_create(&reload).inc();
        if is_success {
            self.loaded(file);
        } else {
            let file = FileLabels {
                file: file.as_str(),
            };
            self.successful.get_or_create(&file).set(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_reload_keeps_the_time_of_the_last_good_one() {
        let registry = Registry::new();
        let metrics = ReloadMetrics::register(&registry);
        metrics.loaded(WatchedFile::Configuration);
        metrics.reload(WatchedFile::Configuration, false);
        let text = registry.encode().unwrap();
        for line in [
            "l7guard_reload_last_successful{file=\"configuration\"} 0",
            "l7guard_reloads_total{file=\"configuration\",outcome=\"failure\"} 1",
            "l7guard_reload_last_success_timestamp_seconds{file=\"configuration\"} 1",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
