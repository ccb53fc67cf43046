//! The world that `serve` judges in: a directory of manifests, or a live cluster that somebody named.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use l7guard_policy::confirmation::{Answer, Question};
use l7guard_policy::inventory::Inventory;

use super::reloading;
use crate::cluster::{ClusterWorld, Connection};
use crate::judge::{KnownWorld, ReadFailure};
use crate::live::Live;
use crate::metrics::Metrics;
use crate::operations::Readiness;
use crate::shares::ReadAllowance;

#[derive(Debug, clap::Args)]
#[group(multiple = true)]
pub(super) struct WorldArguments {
    /// A directory of manifests that stands for the cluster
    #[arg(long, value_name = "DIR", conflicts_with_all = ["kubeconfig", "context"])]
    manifests: Option<PathBuf>,
    /// A kubeconfig that names the cluster to watch. In a Pod, without it, its own cluster is watched
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig (of --kubeconfig, $KUBECONFIG or ~/.kube/config) to use in place of the current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
}

/// The world of a server.
pub(super) enum ServedWorld {
    Manifests {
        inventory: Live<Inventory>,
        directory: PathBuf,
    },
    Cluster(ClusterWorld),
}

impl WorldArguments {
    /// The world that is asked for. A cluster is watched only when somebody names it, or when this process runs in it: a
    /// kubeconfig that happens to lie about may be any cluster's.
    pub(super) async fn open(
        &self,
        metrics: &Metrics,
        readiness: &Readiness,
    ) -> Result<ServedWorld> {
        if let Some(directory) = &self.manifests {
            return Ok(ServedWorld::Manifests {
                inventory: reloading::manifests(directory, metrics)?,
                directory: directory.clone(),
            });
        }
        let connection = if self.kubeconfig.is_some() || self.context.is_some() {
            Connection::Kubeconfig {
                file: self.kubeconfig.clone(),
                context: self.context.clone(),
            }
        } else if Connection::is_in_cluster() {
            Connection::InCluster
        } else {
            bail!(
                "no world to judge in is named: give --manifests DIR (a directory that stands for the cluster), \
                 --kubeconfig FILE or --context NAME (a live cluster), or run in a Pod (its own cluster)"
            );
        };
        let client = connection.client().await?;
        let world = ClusterWorld::watch(client, metrics.clone(), readiness);
        Ok(ServedWorld::Cluster(world))
    }
}

impl ServedWorld {
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

impl KnownWorld for ServedWorld {
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

    async fn answer(
        &self,
        questions: BTreeSet<Question>,
        allowance: &ReadAllowance,
    ) -> Result<Vec<Answer>, ReadFailure> {
        match self {
            Self::Manifests { inventory, .. } => inventory.answer(questions, allowance).await,
            Self::Cluster(cluster) => cluster.answer(questions, allowance).await,
        }
    }
}
