//! The live clusters that a command line names, and how far reading them has come.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::cluster::Connection;

/// Which clusters to read.
#[derive(Debug, clap::Args)]
pub(super) struct ClusterArguments {
    /// A kubeconfig that names the cluster: its current context, or --context. In a Pod, without it, its own cluster
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig (of --kubeconfig, $KUBECONFIG or ~/.kube/config); repeat it for several clusters
    #[arg(long, value_name = "NAME")]
    context: Vec<String>,
}

/// A cluster that is named.
#[derive(Debug)]
pub(super) struct NamedCluster {
    pub(super) name: Arc<str>,
    pub(super) connection: Connection,
}

impl ClusterArguments {
    /// Whether an argument names one.
    pub(super) fn is_named(&self) -> bool {
        self.kubeconfig.is_some() || !self.context.is_empty()
    }

    /// The clusters, in the order in which they are named.
    ///
    /// # Errors
    /// When none is, and this is no Pod. A kubeconfig that happens to lie about may be any cluster's.
    pub(super) fn clusters(&self) -> Result<Vec<NamedCluster>> {
        if !self.context.is_empty() {
            let named = |context: &String| NamedCluster {
                name: Arc::from(&**context),
                connection: Connection::Kubeconfig {
                    file: self.kubeconfig.clone(),
                    context: Some(context.clone()),
                },
            };
            return Ok(self.context.iter().map(named).collect());
        }
        let connection = match &self.kubeconfig {
            Some(file) => Connection::Kubeconfig {
                file: Some(file.clone()),
                context: None,
            },
            None if Connection::is_in_cluster() => Connection::InCluster,
            None => bail!(
                "no cluster is named: give --context NAME (`kubectl config get-contexts` shows them) or --kubeconfig FILE, or run in a Pod (its own cluster)"
            ),
        };
        let name = connection.name()?;
        Ok(vec![NamedCluster { name, connection }])
    }
}
