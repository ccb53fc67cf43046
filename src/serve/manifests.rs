//! The world of a directory of manifests, read again when it changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use l7guard_policy::inventory::Inventory;

use super::{followed_files, tasks};
use crate::cluster::metrics::ClusterMetrics;
use crate::failure::SeveralLines;
use crate::live::Live;
use crate::metrics::Registry;
use crate::reload::{Contents, Refused, ReloadMetrics, Reloadable, WatchedFile, read_files};
use crate::report::ReportedError;
use crate::supervisor::Supervisor;
use crate::visible_text::one_line;
use crate::world::ManifestWorld;
use l7guard_manifests::{MAX_BYTES, files};

/// The world of the manifests in a directory, followed.
///
/// # Errors
/// When they cannot be read whole.
pub(super) fn load(
    path: &Path,
    metrics: &Registry,
    supervisor: &mut Supervisor,
) -> Result<Live<Inventory>> {
    let current = Live::default();
    let reload = ManifestsReload {
        path: path.to_owned(),
        current: current.clone(),
        metrics: ClusterMetrics::register(metrics),
    };
    let contents = reload.contents();
    let world = expect_readable(&contents).and_then(|()| whole_world(path));
    let world = world.context("nothing is served")?;
    count_objects(&Inventory::new(), &world, &reload.metrics);
    current.replace(world);
    ReloadMetrics::register(metrics).loaded(WatchedFile::Manifests);
    let rule = &tasks::MANIFESTS;
    followed_files::supervise(supervisor, rule, Arc::new(reload), contents, metrics);
    Ok(current)
}

/// How many bytes the manifests of a world may have in all: 512 MiB, as much as one file that is read for `check`.
const MANIFESTS_LIMIT: usize = MAX_BYTES;

/// The files of `--manifests`.
struct ManifestsReload {
    path: PathBuf,
    current: Live<Inventory>,
    metrics: ClusterMetrics,
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
    format!("  {}: {}", error.place(), one_line(&error.message))
}

/// Counts the objects of each kind; one that has none any more is counted as 0.
fn count_objects(before: &Inventory, now: &Inventory, metrics: &ClusterMetrics) {
    let kinds = before.objects().map(|object| object.key.kind.name());
    let mut counts: BTreeMap<&str, usize> = kinds.map(|kind| (kind, 0)).collect();
    for object in now.objects() {
        *counts.entry(object.key.kind.name()).or_default() += 1;
    }
    for (kind, count) in counts {
        metrics.inventory_objects(kind, count);
    }
}
