//! `l7guard serve`: the admission webhook.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::ExitStatus;
use super::config::ConfigurationFile;
use super::demo_reviews;
use super::served_world::WorldArguments;
use super::serving::{Certificate, Serving};
use crate::metrics::Metrics;
use crate::operations::Readiness;
use crate::server::{Settings, stop_on_signals};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, default_value = "0.0.0.0:8443", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,
    #[command(flatten)]
    world: WorldArguments,
    #[command(flatten)]
    configuration: ConfigurationFile,
    /// The server's certificate chain, PEM; without it a development certificate is made in memory
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert, PEM
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// How long to go on answering after SIGTERM, for the API server to notice, in seconds
    #[arg(long, default_value_t = 15, value_name = "SECONDS")]
    drain: u64,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .init();
    tokio::runtime::Runtime::new()?.block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> Result<ExitStatus> {
    let configuration = arguments.configuration.load()?;
    let (metrics, readiness) = (Metrics::new(), Readiness::new());
    let world = arguments.world.open(&metrics, &readiness).await?;
    let mut certificate = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Certificate::from_files(certificate, key)?,
        _ => Certificate::development(&[])?,
    };
    let stop = stop_on_signals()?;
    let settings = Settings {
        drain: Duration::from_secs(arguments.drain),
        ..Settings::default()
    };
    let judged_in = world.describe();
    let serving = Serving::bind(
        arguments.listen,
        world,
        configuration,
        &certificate,
        settings,
    )
    .await?;
    let address = serving.local_addr();
    let mut out = io::stdout();
    writeln!(out, "l7guard serves https://{address}/validate {judged_in}")?;
    if !certificate.authority_pem().is_empty() {
        let review = serde_json::to_vec_pretty(&demo_reviews::review(&demo_reviews::STEPS[0])?)?;
        writeln!(
            out,
            "The certificate is for development: made in memory, known to nobody. Try it:\n\n  {}\n",
            certificate.curl(address, &review)?
        )?;
    }
    serving.run(stop).await;
    Ok(ExitStatus::Success)
}
