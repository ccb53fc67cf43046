//! What a server is started with.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::installation::Installation;
use crate::logging::LogFormat;
use crate::pki::authority_set::Lifetimes;
use crate::server::{self, OldestTls};

/// What `l7guard serve` is asked for.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Whether reviews are answered; else only what exists is judged.
    pub(crate) webhook: bool,
    /// Where the webhook listens.
    pub(crate) listen: SocketAddr,
    /// Where probes and metrics are served.
    pub(crate) operations_listen: SocketAddr,
    /// The world to judge in.
    pub(crate) world: WorldSource,
    /// The configuration's file; without it the default one is in force.
    pub(crate) configuration: Option<PathBuf>,
    pub(crate) tls: TlsSettings,
    /// The installation that this process is a replica of. Without one nothing is written to the cluster.
    pub(crate) installation: Option<Installation>,
    /// The limits of the webhook's port.
    pub(crate) limits: server::Settings,
    /// How many reviews are judged at the same time.
    pub(crate) max_reviews: usize,
    pub(crate) log_format: LogFormat,
}

/// Where the world to judge in comes from.
#[derive(Debug)]
pub(crate) enum WorldSource {
    /// A directory of manifests that stands for the cluster.
    Manifests(PathBuf),
    /// A cluster that a kubeconfig names, as [`crate::cluster::Connection::Kubeconfig`].
    Kubeconfig {
        file: Option<PathBuf>,
        context: Option<String>,
    },
    /// Nobody named one: the cluster that this process runs in, if it runs in one.
    OwnCluster,
}

/// TLS of the webhook's port.
#[derive(Debug)]
pub(crate) struct TlsSettings {
    pub(crate) certificate: CertificateSource,
    pub(crate) oldest: OldestTls,
    /// The authorities of client certificates; without them none is asked for.
    pub(crate) client_ca: Option<PathBuf>,
    /// The names that client certificates may have; none: any.
    pub(crate) client_names: Vec<String>,
}

/// Where the certificate comes from.
#[derive(Debug)]
pub(crate) enum CertificateSource {
    /// PEM files.
    Files { certificate: PathBuf, key: PathBuf },
    /// It is made in memory.
    Development,
    /// It is made for the Service of an installation, signed by the authority that its replicas share.
    Managed {
        installation: Installation,
        lifetimes: Lifetimes,
    },
}
