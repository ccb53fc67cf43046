//! The live clusters that a command line names, and how far reading them has come.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::cluster::Connection;
use crate::report::LiveCluster;

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

impl NamedCluster {
    /// The cluster as a report has it. A command in a report names kubeconfig and context as they were named here, or it
    /// would be for another cluster: the current context of whoever pastes it.
    pub(super) fn reported(&self) -> LiveCluster {
        let kubectl = match &self.connection {
            // `kubectl` in the same Pod needs no arguments.
            Connection::InCluster => Some(Vec::new()),
            Connection::Kubeconfig { file, .. } => self.kubectl(file.as_deref()),
        };
        LiveCluster::new(&self.name, kubectl)
    }

    fn kubectl(&self, kubeconfig: Option<&Path>) -> Option<Vec<String>> {
        let mut arguments = Vec::new();
        if let Some(file) = kubeconfig {
            arguments.extend(["--kubeconfig".to_owned(), file.to_str()?.to_owned()]);
        }
        arguments.extend(["--context".to_owned(), self.name.to_string()]);
        Some(arguments)
    }
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
        if let Some(twice) = first_repeated(&self.context) {
            bail!("the context {twice:?} is named twice: name each cluster once");
        }
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

fn first_repeated(contexts: &[String]) -> Option<&String> {
    let mut seen = HashSet::new();
    contexts.iter().find(|context| !seen.insert(*context))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(kubeconfig: Option<&str>, context: &[&str]) -> Vec<NamedCluster> {
        let arguments = ClusterArguments {
            kubeconfig: kubeconfig.map(PathBuf::from),
            context: context.iter().map(|name| (*name).to_owned()).collect(),
        };
        arguments.clusters().unwrap()
    }

    /// A context may be called as a Pod's own cluster is called in reports.
    #[test]
    fn a_command_names_kubeconfig_and_context_as_they_were_named() {
        let own = NamedCluster {
            name: "in-cluster".into(),
            connection: Connection::InCluster,
        };
        let of = |cluster: &NamedCluster, arguments: &[&str]| {
            let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(
                cluster.reported(),
                LiveCluster::new(&cluster.name, Some(arguments))
            );
        };
        of(&own, &[]);
        of(
            &clusters(None, &["in-cluster"])[0],
            &["--context", "in-cluster"],
        );
        of(
            &clusters(Some("a b.yaml"), &["prod"])[0],
            &["--kubeconfig", "a b.yaml", "--context", "prod"],
        );
    }
}
