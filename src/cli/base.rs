//! The base world that `check` and `explain` lay files over.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tokio::runtime::Runtime;

use super::cluster::ClusterArguments;
use super::progress::Objects;
use crate::clock;
use crate::cluster::ClusterWorld;
use crate::metrics::Registry;
use crate::operations::Readiness;
use crate::pki::crypto;
use crate::report::LiveCluster;
use crate::snapshot::{self, BaseWorld, Header, Taken};

/// What the files are laid over, and what is reported then.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Base world")]
pub(super) struct BaseArguments {
    #[command(flatten)]
    source: BaseSource,
    /// Report also what the base world holds already, and not only what the files add
    #[arg(long)]
    pub(super) all: bool,
}

/// What the files are laid over.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Base world")]
pub(super) struct BaseSource {
    /// Lay the files over a snapshot of a cluster (`l7guard snapshot`)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["with_cluster", "kubeconfig", "context"])]
    world: Option<PathBuf>,
    /// Lay the files over a live cluster (of --context or --kubeconfig)
    #[arg(long)]
    with_cluster: bool,
    #[command(flatten)]
    cluster: ClusterArguments,
}

/// A base world, and what could not be read of it.
pub(super) struct Base {
    pub(super) world: BaseWorld,
    /// The snapshot that it is from.
    pub(super) file: Option<String>,
    /// The cluster that it is of, if that was read now.
    pub(super) live: Option<LiveCluster>,
    pub(super) errors: Vec<String>,
}

impl BaseArguments {
    /// The base world that is asked for.
    ///
    /// # Errors
    /// When it cannot be read, several clusters are named, or `--all` is given without one.
    pub(super) fn load(&self, is_quiet: bool) -> Result<Option<Base>> {
        let base = self.source.load(is_quiet)?;
        if self.all && base.is_none() {
            bail!("--all is about a base world: give --world FILE or --with-cluster");
        }
        Ok(base)
    }
}

impl BaseSource {
    /// The base world that is asked for.
    ///
    /// # Errors
    /// When it cannot be read, or several clusters are named.
    pub(super) fn load(&self, is_quiet: bool) -> Result<Option<Base>> {
        if let Some(file) = &self.world {
            let world = read(file)?;
            let errors = Vec::new();
            let file = Some(file.display().to_string());
            return Ok(Some(Base {
                world,
                file,
                live: None,
                errors,
            }));
        }
        if self.with_cluster {
            return self.of_cluster(is_quiet).map(Some);
        }
        if self.cluster.is_named() {
            bail!("--context and --kubeconfig name the cluster of --with-cluster");
        }
        Ok(None)
    }

    fn of_cluster(&self, is_quiet: bool) -> Result<Base> {
        let clusters = self.cluster.clusters()?;
        let [cluster] = &clusters[..] else {
            bail!("files are laid over one cluster: give one --context");
        };
        crypto::install();
        let mut world = BaseWorld::new(Header::new(&cluster.name, clock::now()));
        let progress = Objects::of(&cluster.name, !is_quiet);
        let taken = Runtime::new()?.block_on(async {
            let client = cluster.connection.client().await?;
            let live = ClusterWorld::new(client, &Registry::default(), &Readiness::new());
            let taken = snapshot::take(&live, &mut world, &|more| progress.read(more)).await?;
            Ok::<_, anyhow::Error>(taken)
        });
        let what = || format!("cannot read the cluster {}", cluster.name);
        let mut taken = taken.with_context(what)?;
        if let Some(failure) = taken.failure.take() {
            return Err(failure).with_context(what);
        }
        let errors = errors(&taken);
        Ok(Base {
            world,
            file: None,
            live: Some(cluster.reported()),
            errors,
        })
    }
}

/// What could not be read of a cluster.
pub(super) fn errors(taken: &Taken) -> Vec<String> {
    let unlisted = taken.unlisted.iter().map(ToString::to_string);
    let left_out = (taken.left_out > 0).then(|| {
        format!(
            "{} objects cannot be read and are left out: a field that a rule reads has a wrong type",
            taken.left_out
        )
    });
    unlisted.chain(left_out).collect()
}

fn read(file: &Path) -> Result<BaseWorld> {
    let what = || format!("cannot read the base world {}", file.display());
    // A pipe may never be written to, and a device may never end.
    let (open, _) = regular_file::open(file).with_context(what)?;
    snapshot::read(open).with_context(what)
}
