//! The world that `serve` judges in: a directory of manifests, or a live cluster that somebody named.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use kube::Client;
use l7guard_policy::confirmation::{LiveQuery, LiveRead};
use l7guard_policy::inventory::Inventory;

use super::settings::WorldSource;
use super::{manifests, tasks};
use crate::cluster::{ClusterWorld, Connection};
use crate::judge::{ClusterView, ReadFailure};
use crate::live::Live;
use crate::metrics::Registry;
use crate::operations::Readiness;
use crate::shares::ReadAllowance;
use crate::supervisor::Supervisor;

/// The world of a server.
pub(super) enum ServedWorld {
    Manifests {
        inventory: Live<Inventory>,
        directory: PathBuf,
    },
    Cluster(ClusterWorld),
}

/// Opens the world that is asked for. A cluster is watched only when somebody names it, or when this process runs in it: a
/// kubeconfig that happens to lie about may be any cluster's.
///
/// # Errors
/// When manifests cannot be read whole, no cluster is named, or what names it cannot be used.
pub(super) async fn open(
    source: WorldSource,
    metrics: &Registry,
    readiness: &Readiness,
    supervisor: &mut Supervisor,
) -> Result<ServedWorld> {
    let connection = match source {
        WorldSource::Manifests(directory) => {
            return Ok(ServedWorld::Manifests {
                inventory: manifests::load(&directory, metrics, supervisor)?,
                directory,
            });
        }
        WorldSource::Kubeconfig { file, context } => Connection::Kubeconfig { file, context },
        WorldSource::OwnCluster if Connection::is_in_cluster() => Connection::InCluster,
        WorldSource::OwnCluster => bail!(
            "no world to judge in is named: give --manifests DIR (a directory that stands for the cluster), \
             --kubeconfig FILE or --context NAME (a live cluster), or run in a Pod (its own cluster)"
        ),
    };
    let client = connection.client().await?;
    let world = ClusterWorld::new(client, metrics, readiness);
    let watched = world.clone();
    supervisor.spawn(&tasks::WATCHES, move || watched.keep_watching());
    Ok(ServedWorld::Cluster(world))
}

impl ServedWorld {
    /// A client for the cluster, if it is one.
    pub(super) fn client(&self) -> Option<Client> {
        match self {
            Self::Manifests { .. } => None,
            Self::Cluster(world) => Some(world.client()),
        }
    }

    /// What it is, in words.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Manifests {
                inventory,
                directory,
            } => format!(
                "with {} objects of {}",
                inventory.current().len(),
                directory.display()
            ),
            Self::Cluster(_) => "watching the cluster".to_owned(),
        }
    }
}

impl ClusterView for ServedWorld {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        match self {
            Self::Manifests { inventory, .. } => inventory.with_inventory(look),
            Self::Cluster(cluster) => cluster.with_inventory(look),
        }
    }

    fn with_inventory_at_length<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        match self {
            Self::Manifests { inventory, .. } => inventory.with_inventory_at_length(look),
            Self::Cluster(cluster) => cluster.with_inventory_at_length(look),
        }
    }

    fn age(&self) -> Option<Duration> {
        match self {
            Self::Manifests { inventory, .. } => inventory.age(),
            Self::Cluster(cluster) => cluster.age(),
        }
    }

    async fn read(
        &self,
        queries: BTreeSet<LiveQuery>,
        allowance: &ReadAllowance,
    ) -> Result<Vec<LiveRead>, ReadFailure> {
        match self {
            Self::Manifests { inventory, .. } => inventory.read(queries, allowance).await,
            Self::Cluster(cluster) => cluster.read(queries, allowance).await,
        }
    }
}
