//! The arguments of `l7guard serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::config::ConfigurationFile;
use crate::logging::LogFormat;
use crate::serve::served_world::WorldArguments;
use crate::server::{OldestTls, Settings};
use crate::webhook::DEFAULT_IN_FLIGHT;

/// What stands below the options.
pub(super) const AFTER_HELP: &str = "\
Files are read again when what they hold changes (looked at every 2 seconds): certificate and key, client authorities, \
configuration, manifests; at once after SIGHUP. What cannot be used is logged and counted, and what was read before stays in force.

The operations port answers /livez, /readyz (with what is missing) and /metrics over plain HTTP. See docs/operations.md.

SIGTERM drains: reviews are answered, each with `Connection: close`, for the time of --drain; then nothing more is \
accepted. A second SIGTERM ends at once. RUST_LOG chooses what is logged (info; l7guard=debug adds what was allowed).

Examples:
  l7guard serve --manifests examples/quickstart/world --listen 127.0.0.1:8443
  l7guard serve --context my-cluster --config l7guard.yaml
  l7guard serve --tls-cert /certs/tls.crt --tls-key /certs/tls.key    (in a Pod: its own cluster)";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "0.0.0.0:8443", value_name = "ADDRESS:PORT")]
    pub(super) listen: SocketAddr,
    /// The address for probes and metrics, plain HTTP; port 0 takes a free one
    #[arg(long, default_value = "0.0.0.0:9090", value_name = "ADDRESS:PORT")]
    pub(super) operations_listen: SocketAddr,
    #[command(flatten)]
    pub(super) world: WorldArguments,
    #[command(flatten)]
    pub(super) configuration: ConfigurationFile,
    #[command(flatten)]
    pub(super) tls: TlsArguments,
    #[command(flatten)]
    pub(super) limits: LimitArguments,
    /// How lines of the log are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) log_format: LogFormat,
}

/// TLS.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct TlsArguments {
    /// The server's certificate chain, PEM; without it a development certificate is made in memory
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert, PEM
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// The oldest version of TLS to speak
    #[arg(long, value_enum, default_value_t, value_name = "VERSION")]
    pub(super) tls_min_version: TlsVersion,
    /// Demand a client certificate that an authority in this PEM file has signed
    #[arg(long, value_name = "FILE")]
    pub(super) client_ca: Option<PathBuf>,
    /// A name that client certificates may have (common name or DNS name); repeat it for several, without it any may ask
    #[arg(long, requires = "client_ca", value_name = "NAME")]
    pub(super) client_name: Vec<String>,
}

/// Limits.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArguments {
    /// How long to go on answering after SIGTERM, for the API server to notice, in seconds
    #[arg(long, default_value_t = 15, value_name = "SECONDS")]
    drain: u64,
    /// How many connections are open at the same time; for another one, one that no review needs is closed
    #[arg(long, default_value_t = Settings::default().connections, value_name = "COUNT")]
    max_connections: usize,
    /// How many reviews are judged at the same time; more are asked to come again in a second (503)
    #[arg(long, default_value_t = DEFAULT_IN_FLIGHT, value_name = "COUNT")]
    pub(super) max_reviews: usize,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TlsVersion {
    /// TLS 1.2
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3
    #[default]
    #[value(name = "1.3")]
    Tls13,
}

impl From<TlsVersion> for OldestTls {
    fn from(version: TlsVersion) -> Self {
        match version {
            TlsVersion::Tls12 => Self::Tls12,
            TlsVersion::Tls13 => Self::Tls13,
        }
    }
}

impl LimitArguments {
    pub(super) fn settings(&self) -> Settings {
        Settings {
            drain: Duration::from_secs(self.drain),
            connections: self.max_connections,
            ..Settings::default()
        }
    }
}
