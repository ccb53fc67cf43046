//! What `serve` reads again when it changes, besides certificates: the configuration and the manifests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use l7guard_policy::configuration::Configuration;
use l7guard_policy::inventory::Inventory;

use crate::cli::config::{self, ConfigurationFile};
use crate::clock;
use crate::configuration::{self, Gravity, Problem, Reading};
use crate::failure::SeveralLines;
use crate::live::{Live, LiveConfiguration};
use crate::manifests::{MAX_BYTES, files};
use crate::metrics::{Metrics, WatchedFile};
use crate::reload::{Contents, MOUNTED_LIMIT, Refused, Reloadable, follow, read_files};
use crate::report::ReportedError;
use crate::visible_text::one_line;
use crate::world::ManifestWorld;

/// The world of the manifests in a directory, followed.
///
/// # Errors
/// When they cannot be read whole.
pub(crate) fn manifests(path: &Path, metrics: &Metrics) -> Result<Live<Inventory>> {
    let current = Live::default();
    let reload = ManifestsReload {
        path: path.to_owned(),
        current: current.clone(),
        metrics: metrics.clone(),
    };
    let contents = reload.contents();
    let world = expect_readable(&contents).and_then(|()| whole_world(path));
    let world = world.context("nothing is served")?;
    count_objects(&Inventory::new(), &world, metrics);
    current.replace(world);
    metrics.loaded(WatchedFile::Manifests);
    tokio::spawn(follow(Arc::new(reload), contents, metrics.clone()));
    Ok(current)
}

/// The configuration, followed if it is of a file.
///
/// # Errors
/// When the file cannot be read or is not sound.
pub(crate) fn configuration(
    file: &ConfigurationFile,
    metrics: &Metrics,
) -> Result<LiveConfiguration> {
    let current = LiveConfiguration::default();
    if let Some(path) = file.path() {
        let reload = ConfigurationReload {
            path: path.to_owned(),
            current: current.clone(),
        };
        // Taken before the file is loaded: what changes in between is seen at the first look.
        let contents = reload.contents();
        let reading = config::read(path)?;
        match in_force(path, reading) {
            Ok(configuration) => current.replace(configuration),
            Err(problems) => bail!(
                "the configuration is not sound (`l7guard config check {}` shows where): {problems}",
                path.display()
            ),
        }
        metrics.loaded(WatchedFile::Configuration);
        tokio::spawn(follow(Arc::new(reload), contents, metrics.clone()));
    }
    Ok(current)
}

/// The file of `--config`.
struct ConfigurationReload {
    path: PathBuf,
    current: LiveConfiguration,
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
        let configuration = in_force(&self.path, reading).map_err(Refused::new)?;
        self.current.replace(configuration);
        Ok(())
    }
}

/// The configuration of a file that is sound, with its warnings in the log; else what is wrong with it.
fn in_force(path: &Path, reading: Reading) -> Result<Configuration, String> {
    let name = path.display().to_string();
    let of = |gravity: fn(Gravity) -> bool| -> Vec<String> {
        let problems = reading.problems.iter();
        let chosen = problems.filter(|problem| gravity(problem.gravity));
        chosen.map(|problem| line(&name, problem)).collect()
    };
    let Some(configuration) = reading.configuration else {
        return Err(of(|gravity| gravity == Gravity::Error).join("; "));
    };
    for warning in of(|_| true) {
        tracing::warn!(%warning, "the configuration");
    }
    Ok(configuration)
}

fn line(file: &str, problem: &Problem) -> String {
    let place = format!("{file}:{}:{}", problem.place.line, problem.place.column);
    match problem.pointer.as_str() {
        "" => format!("{place}: {}", problem.message),
        pointer => format!("{place}: {pointer}: {}", problem.message),
    }
}

/// How many bytes the manifests of a world may have in all: 512 MiB, as much as one file that is read for `check`.
const MANIFESTS_LIMIT: usize = MAX_BYTES;

/// The files of `--manifests`.
struct ManifestsReload {
    path: PathBuf,
    current: Live<Inventory>,
    metrics: Metrics,
}

impl Reloadable for ManifestsReload {
    fn file(&self) -> WatchedFile {
        WatchedFile::Manifests
    }

    fn contents(&self) -> Contents {
        let found = files::find(std::slice::from_ref(&self.path)).found;
        let paths = found.into_iter().filter_map(|input| match input {
            files::Input::File(path) => Some(path),
            files::Input::Stdin => None,
        });
        read_files(&paths.collect::<Vec<_>>(), MANIFESTS_LIMIT)
    }

    /// The files are read once more, as manifests are; should they have changed again, the next look will see that.
    fn apply(&self, contents: &Contents) -> Result<(), Refused> {
        let world = expect_readable(contents).and_then(|()| whole_world(&self.path));
        let world = world.map_err(|error| Refused::new(error.to_string()))?;
        tracing::info!(objects = world.len(), "the world of the manifests");
        count_objects(&self.current.current(), &world, &self.metrics);
        self.current.replace(world);
        Ok(())
    }
}

/// Whether every file can be read, and all of them together are not too large.
fn expect_readable(contents: &Contents) -> Result<()> {
    for (path, bytes) in contents.files() {
        bytes.with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Reads the world; one with errors would judge wrongly, so it is not served.
fn whole_world(path: &Path) -> Result<Inventory> {
    let world = ManifestWorld::read(&[path.to_owned()], "default");
    if world.errors.is_empty() {
        return Ok(world.into_cluster());
    }
    let errors: Vec<String> = world.errors.iter().map(error_line).collect();
    bail!(SeveralLines(format!(
        "the manifests cannot be read whole:\n{}",
        errors.join("\n")
    )));
}

fn error_line(error: &ReportedError) -> String {
    let line = error.line.unwrap_or_default();
    let text = format!("{}:{line}: {}", error.file, error.message);
    format!("  {}", one_line(&text))
}

/// Counts the objects of each kind; one that has none any more is counted as 0.
fn count_objects(before: &Inventory, now: &Inventory, metrics: &Metrics) {
    let kinds = before.objects().map(|object| object.key.kind.name());
    let mut counts: BTreeMap<&str, usize> = kinds.map(|kind| (kind, 0)).collect();
    for object in now.objects() {
        *counts.entry(object.key.kind.name()).or_default() += 1;
    }
    for (kind, count) in counts {
        metrics.inventory_objects(kind, count);
    }
}
