//! The configuration in force, read again when its file changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};
use l7guard_policy::configuration::Configuration;

use super::{followed_files, tasks};
use crate::clock;
use crate::configuration::{self, AuditSettings, Problem, Reading, Severity};
use crate::live::{Live, LiveConfiguration};
use crate::metrics::Registry;
use crate::reload::{
    Contents, MOUNTED_LIMIT, Refused, ReloadMetrics, Reloadable, WatchedFile, read_files,
};
use crate::supervisor::Supervisor;
use l7guard_manifests::files::Input;

/// The configuration, followed if it is of a file.
///
/// # Errors
/// When the file cannot be read or is not sound.
pub(super) fn load(
    file: Option<&Path>,
    metrics: &Registry,
    supervisor: &mut Supervisor,
) -> Result<InForce> {
    let current = InForce::default();
    if let Some(path) = file {
        let reload = ConfigurationReload {
            path: path.to_owned(),
            current: current.clone(),
        };
        // Taken before the file is loaded: what changes in between is seen at the first look.
        let contents = reload.contents();
        let reading = read(path)?;
        match in_force(path, reading) {
            Ok(read) => current.replace(read),
            Err(problems) => bail!(
                "the configuration is not sound (`l7guard config check {}` shows where): {problems}",
                path.display()
            ),
        }
        ReloadMetrics::register(metrics).loaded(WatchedFile::Configuration);
        let rule = &tasks::CONFIGURATION;
        followed_files::supervise(supervisor, rule, Arc::new(reload), contents, metrics);
    }
    Ok(current)
}

fn read(path: &Path) -> Result<Reading> {
    let input = Input::File(path.to_owned());
    let bytes = input.read_at_most(MOUNTED_LIMIT)?;
    Ok(configuration::read(input.name(), bytes, clock::today()))
}

/// What is in force. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct InForce {
    /// Of the policy.
    pub(super) policy: LiveConfiguration,
    /// Of the audit loop.
    pub(super) audit: Live<AuditSettings>,
}

impl InForce {
    fn replace(&self, (policy, audit): (Configuration, AuditSettings)) {
        self.policy.replace(policy);
        self.audit.replace(audit);
    }
}

/// The file of `--config`.
struct ConfigurationReload {
    path: PathBuf,
    current: InForce,
}

impl Reloadable for ConfigurationReload {
    fn file(&self) -> WatchedFile {
        WatchedFile::Configuration
    }

    fn contents(&self) -> Contents {
        read_files(std::slice::from_ref(&self.path), MOUNTED_LIMIT)
    }

    fn apply(&self, contents: &Contents) -> Result<(), Refused> {
        let name = self.path.display().to_string();
        let bytes = contents
            .bytes(0)
            .map_err(|error| Refused::new(format!("{name}: {error}")))?;
        let reading = configuration::read(name.as_str(), bytes.to_vec(), clock::today());
        let read = in_force(&self.path, reading).map_err(Refused::new)?;
        self.current.replace(read);
        Ok(())
    }
}

/// The configuration of a file that is sound, with its warnings in the log; else what is wrong with it.
fn in_force(path: &Path, reading: Reading) -> Result<(Configuration, AuditSettings), String> {
    let name = path.display().to_string();
    let of = |severity: fn(Severity) -> bool| -> Vec<String> {
        let problems = reading.problems.iter();
        let chosen = problems.filter(|problem| severity(problem.severity));
        chosen.map(|problem| line(&name, problem)).collect()
    };
    let Some(configuration) = reading.configuration else {
        return Err(of(|severity| severity == Severity::Error).join("; "));
    };
    for warning in of(|_| true) {
        tracing::warn!(%warning, "the configuration");
    }
    Ok((configuration, reading.audit))
}

fn line(file: &str, problem: &Problem) -> String {
    let place = format!("{file}:{}:{}", problem.place.line, problem.place.column);
    match problem.pointer.as_str() {
        "" => format!("{place}: {}", problem.message),
        pointer => format!("{place}: {pointer}: {}", problem.message),
    }
}
