//! How the cluster is reached: only in a way that somebody named.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use thiserror::Error;

/// How long a connection to the API server may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// Which cluster to connect to, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// The cluster that this process runs in, by its Pod's `ServiceAccount`.
    InCluster,
    /// A context of a kubeconfig.
    Kubeconfig {
        /// The file; `None`: what kubectl reads, `$KUBECONFIG` or `~/.kube/config`.
        file: Option<PathBuf>,
        /// The context; `None`: the current one.
        context: Option<String>,
    },
}

/// Why there is no connection to make. The texts hold what the client says of its own causes.
#[derive(Debug, Error)]
pub enum ConnectionError {
    /// The process runs in no Pod, or its Pod mounts no `ServiceAccount` token.
    #[error("the cluster of this Pod cannot be used: {0}")]
    InCluster(String),
    /// The kubeconfig cannot be read or does not name what is asked for.
    #[error(
        "the kubeconfig cannot be used: {0} (`kubectl config get-contexts` shows what there is)"
    )]
    Kubeconfig(String),
    /// The kubeconfig or the environment asks for a proxy.
    #[error(
        "l7guard does not go through proxies: take `proxy-url` out of the kubeconfig and HTTPS_PROXY out of the environment, or forward a port to the API server"
    )]
    Proxy,
    /// The client cannot be made of it: a broken certificate or key, say.
    #[error("no client can be made for the cluster: {0}")]
    Client(String),
}

impl Connection {
    /// Whether this process runs in a Pod of a cluster, as Kubernetes tells it.
    #[must_use]
    pub fn is_in_cluster() -> bool {
        std::env::var_os("KUBERNETES_SERVICE_HOST").is_some()
    }

    /// What the cluster is called: its context, or `in-cluster`.
    ///
    /// # Errors
    /// When a kubeconfig that names no context cannot be read, or has no current one.
    pub fn name(&self) -> Result<Arc<str>, ConnectionError> {
        match self {
            Self::InCluster => Ok(Arc::from("in-cluster")),
            Self::Kubeconfig {
                context: Some(context),
                ..
            } => Ok(Arc::from(&**context)),
            Self::Kubeconfig { file, .. } => {
                let kubeconfig = kubeconfig(file.as_ref());
                let kubeconfig =
                    kubeconfig.map_err(|error| ConnectionError::Kubeconfig(error.to_string()))?;
                let current = kubeconfig.current_context;
                let current = current.filter(|context| !context.is_empty());
                current.map(Arc::from).ok_or_else(|| {
                    ConnectionError::Kubeconfig("it has no current context".to_owned())
                })
            }
        }
    }

    /// A client. Nothing is sent yet.
    ///
    /// # Errors
    /// When what names the cluster cannot be read.
    pub async fn client(&self) -> Result<Client, ConnectionError> {
        let mut config = match self {
            Self::InCluster => Config::incluster()
                .map_err(|error| ConnectionError::InCluster(error.to_string()))?,
            Self::Kubeconfig { file, context } => from_kubeconfig(file.as_ref(), context.clone())
                .await
                .map_err(|error| ConnectionError::Kubeconfig(error.to_string()))?,
        };
        config.connect_timeout = Some(CONNECT);
        // A review has a deadline of its own, and a watch backs off by itself.
        config.default_retry = false;
        Client::try_from(config).map_err(|error| match error {
            kube::Error::ProxyProtocolDisabled { .. }
            | kube::Error::ProxyProtocolUnsupported { .. } => ConnectionError::Proxy,
            error => ConnectionError::Client(error.to_string()),
        })
    }
}

async fn from_kubeconfig(
    file: Option<&PathBuf>,
    context: Option<String>,
) -> Result<Config, KubeconfigError> {
    let kubeconfig = kubeconfig(file)?;
    let options = KubeConfigOptions {
        context,
        ..KubeConfigOptions::default()
    };
    Config::from_custom_kubeconfig(kubeconfig, &options).await
}

fn kubeconfig(file: Option<&PathBuf>) -> Result<Kubeconfig, KubeconfigError> {
    match file {
        Some(file) => Kubeconfig::read_from(file),
        None => Kubeconfig::read(),
    }
}
