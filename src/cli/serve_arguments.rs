//! The arguments of `l7guard serve`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::config::ConfigurationFile;
use super::installation_arguments::InstallationArguments;
use crate::logging::LogFormat;
use crate::serve::{self, CertificateSource, TlsSettings, WorldSource};
use crate::server::{OldestTls, Settings};
use crate::webhook::DEFAULT_IN_FLIGHT;

/// What stands below the options.
const AFTER_HELP: &str = "\
Files are read again when what they hold changes (looked at every 2 seconds): certificate and key, client authorities, \
configuration, manifests; at once after SIGHUP. What cannot be used is logged and counted, and what was read before stays in force.

The operations port answers /livez, /readyz (with what is missing) and /metrics over plain HTTP. See docs/operations.md.

SIGTERM drains: reviews are answered, each with `Connection: close`, for the time of --drain; then nothing more is \
accepted. A second SIGTERM ends at once. RUST_LOG chooses what is logged (info; l7guard=debug adds what was allowed).

Examples:
  l7guard serve --manifests examples/quickstart/world --listen 127.0.0.1:8443
  l7guard serve --context my-cluster --config l7guard.yaml
  l7guard serve --tls-cert /certs/tls.crt --tls-key /certs/tls.key    (in a Pod: its own cluster)
  l7guard serve --service l7guard/l7guard --managed-certificates      (in a Pod: nothing else to bring)";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "0.0.0.0:8443", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    /// Answer no reviews: only audit what exists in the cluster. No certificate is needed
    #[arg(long, conflicts_with = "manifests")]
    no_webhook: bool,
    /// The address for probes and metrics, plain HTTP; port 0 takes a free one
    #[arg(long, default_value = "0.0.0.0:9090", value_name = "ADDRESS:PORT")]
    operations_listen: SocketAddr,
    #[command(flatten)]
    world: WorldArguments,
    #[command(flatten)]
    configuration: ConfigurationFile,
    #[command(flatten)]
    tls: TlsArguments,
    #[command(flatten)]
    installation: InstallationArguments,
    #[command(flatten)]
    limits: LimitArguments,
    /// How lines of the log are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log_format: LogFormatArgument,
}

/// The world.
#[derive(Debug, clap::Args)]
#[group(multiple = true)]
struct WorldArguments {
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

/// TLS.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "TLS")]
struct TlsArguments {
    /// The server's certificate chain, PEM; without it a development certificate is made in memory
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert, PEM
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// The oldest version of TLS to speak
    #[arg(long, value_enum, default_value_t, value_name = "VERSION")]
    tls_min_version: TlsVersion,
    /// Demand a client certificate that an authority in this PEM file has signed
    #[arg(long, value_name = "FILE")]
    client_ca: Option<PathBuf>,
    /// A name that client certificates may have (common name or DNS name); repeat it for several, without it any may ask
    #[arg(long, requires = "client_ca", value_name = "NAME")]
    client_name: Vec<String>,
}

/// Limits.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct LimitArguments {
    /// How long to go on answering after SIGTERM, for the API server to notice, in seconds
    #[arg(long, default_value_t = 15, value_name = "SECONDS")]
    drain: u64,
    /// How many connections are open at the same time; for another one, one that no review needs is closed
    #[arg(long, default_value_t = Settings::default().connections, value_name = "COUNT")]
    max_connections: usize,
    /// How many reviews are judged at the same time; more are asked to come again in a second (503)
    #[arg(long, default_value_t = DEFAULT_IN_FLIGHT, value_name = "COUNT")]
    max_reviews: usize,
}

/// How lines of the log are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum LogFormatArgument {
    /// For people
    #[default]
    Text,
    /// For machines: one JSON object a line
    Json,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum TlsVersion {
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

impl From<LogFormatArgument> for LogFormat {
    fn from(format: LogFormatArgument) -> Self {
        match format {
            LogFormatArgument::Text => Self::Text,
            LogFormatArgument::Json => Self::Json,
        }
    }
}

impl From<WorldArguments> for WorldSource {
    fn from(arguments: WorldArguments) -> Self {
        let (file, context) = (arguments.kubeconfig, arguments.context);
        match arguments.manifests {
            Some(directory) => Self::Manifests(directory),
            None if file.is_some() || context.is_some() => Self::Kubeconfig { file, context },
            None => Self::OwnCluster,
        }
    }
}

impl TlsArguments {
    fn settings(self, managed: Option<CertificateSource>) -> TlsSettings {
        let files = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(CertificateSource::Files { certificate, key }),
            _ => None,
        };
        TlsSettings {
            certificate: managed.or(files).unwrap_or(CertificateSource::Development),
            oldest: self.tls_min_version.into(),
            client_ca: self.client_ca,
            client_names: self.client_name,
        }
    }
}

impl From<&LimitArguments> for Settings {
    fn from(arguments: &LimitArguments) -> Self {
        Self {
            drain: Duration::from_secs(arguments.drain),
            connections: arguments.max_connections,
            ..Self::default()
        }
    }
}

impl From<Arguments> for serve::Settings {
    fn from(arguments: Arguments) -> Self {
        let managed = arguments.installation.certificate_source();
        Self {
            webhook: !arguments.no_webhook,
            listen: arguments.listen,
            operations_listen: arguments.operations_listen,
            world: arguments.world.into(),
            configuration: arguments.configuration.path().map(Path::to_owned),
            tls: arguments.tls.settings(managed),
            installation: arguments.installation.installation(),
            limits: (&arguments.limits).into(),
            max_reviews: arguments.limits.max_reviews,
            log_format: arguments.log_format.into(),
        }
    }
}
