//! `l7guard serve`: the admission webhook.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use rustls::server::ResolvesServerCert;
use rustls::server::danger::ClientCertVerifier;
use tokio::time::interval;

use super::serve_arguments::TlsArguments;
use super::serving::{DevelopmentCertificate, Serving, Tls};
use super::{ExitStatus, demo_reviews, file_limit, logging, reloading};
use crate::clock;
use crate::configuration::exemption_states;
use crate::judge::PolicyJudge;
use crate::live::LiveConfiguration;
use crate::metrics::Metrics;
use crate::operations::{self, Condition, NeededFor, Readiness};
use crate::pki::clients::ClientCertificates;
use crate::pki::development;
use crate::pki::files::Validness;
use crate::pki::rotating::RotatingCertificate;
use crate::reload::{self, follow};
use crate::server::{self, Server, Settings, Stop, stop_on_signals};
use crate::webhook::Gate;

pub(super) use super::serve_arguments::Arguments;

/// How often what depends on the clock is looked at: the states of exemptions, the certificate's end.
const CLOCKWORK: Duration = Duration::from_secs(10);

/// How many connections the operations port has. Kubelet and a few Prometheus servers need less, but a flood of new ones has to
/// be slower to fill them than a probe is to be answered.
const OPERATIONS_CONNECTIONS: usize = 128;

/// How long a connection to the operations port may be silent: nobody loses anything by calling again, and silent connections
/// are not to keep kubelet out.
const OPERATIONS_IDLE: Duration = Duration::from_secs(15);

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let metrics = Metrics::new();
    let log = logging::start(arguments.log_format, &metrics)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(serve(arguments, metrics));
    // Whatever still reads a file must not hold the end.
    runtime.shutdown_background();
    let status = ended.unwrap_or_else(|error| {
        log.failure(&error);
        ExitStatus::Error
    });
    log.end();
    Ok(status)
}

async fn serve(arguments: &Arguments, metrics: Metrics) -> Result<ExitStatus> {
    let limits = &arguments.limits;
    file_limit::ensure(&[&limits.settings(), &operations_settings()])?;
    let readiness = Readiness::new();
    // The first condition, or the process would be ready as long as no other one is known.
    let serving_condition = readiness.condition("serving", NeededFor::NewCallers, "not yet");
    let configuration = reloading::configuration(&arguments.configuration, &metrics)?;
    tokio::spawn(tell_exemptions(configuration.clone(), metrics.clone()));
    let world = arguments.world.open(&metrics, &readiness).await?;
    let judged_in = world.describe();
    let (tls, mut development) = certificates(&arguments.tls, &metrics, &readiness)?;
    let stop = stop_on_signals()?;
    tokio::spawn(reload::log_hangups());
    let serving = Serving::bind(
        arguments.listen,
        PolicyJudge::new(world, configuration, metrics.clone()),
        Gate::new(readiness.clone(), metrics.clone(), limits.max_reviews),
        tls,
        limits.settings(),
        metrics.clone(),
    )
    .await?;
    let operations = operations(arguments.operations_listen, readiness, metrics).await?;
    let addresses = (serving.local_addr(), operations.local_addr());
    let greeting = greeting(&judged_in, addresses, development.as_mut())?;
    if let Err(error) = io::stdout().write_all(greeting.as_bytes()) {
        tracing::debug!(%error, "cannot write to standard output");
    }
    serving_condition.holds();
    tokio::spawn(tell_drain(stop.clone(), serving_condition));
    // Probes are answered to the end: nobody pulls this handle.
    let (_handle, never) = server::stop();
    tokio::select! {
        _ = serving.run(stop) => {}
        _ = operations.run(never) => {}
    }
    Ok(ExitStatus::Success)
}

/// The certificates of both sides, followed; a development certificate where the user brought none.
fn certificates(
    arguments: &TlsArguments,
    metrics: &Metrics,
    readiness: &Readiness,
) -> Result<(Tls, Option<DevelopmentCertificate>)> {
    let (resolver, development): (Arc<dyn ResolvesServerCert>, _) =
        if let (Some(certificate), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
            let rotating =
                RotatingCertificate::load(certificate.clone(), key.clone(), metrics.clone());
            let (rotating, contents) = rotating?;
            let rotating = Arc::new(rotating);
            tokio::spawn(follow(Arc::clone(&rotating), contents, metrics.clone()));
            let missing = "not looked at yet";
            let condition = readiness.condition("certificate", NeededFor::NewCallers, missing);
            tokio::spawn(tell_validity(Arc::clone(&rotating), condition));
            (rotating, None)
        } else {
            let development = DevelopmentCertificate::generate(&[])?;
            metrics.certificate_expiry(SystemTime::now() + development::VALIDITY);
            (development.resolver(), Some(development))
        };
    let tls = Tls {
        resolver,
        oldest: arguments.tls_min_version.into(),
        clients: clients(arguments, metrics)?,
    };
    Ok((tls, development))
}

fn clients(
    arguments: &TlsArguments,
    metrics: &Metrics,
) -> Result<Option<Arc<dyn ClientCertVerifier>>> {
    let Some(file) = &arguments.client_ca else {
        return Ok(None);
    };
    let names = arguments.client_name.clone();
    let (clients, contents) = ClientCertificates::load(file.clone(), names, metrics)?;
    let clients = Arc::new(clients);
    tokio::spawn(follow(Arc::clone(&clients), contents, metrics.clone()));
    Ok(Some(clients))
}

async fn operations(address: SocketAddr, readiness: Readiness, metrics: Metrics) -> Result<Server> {
    let router = operations::router(readiness, metrics);
    let server = Server::bind_plain(address, router, operations_settings()).await;
    server.context("the operations port (--operations-listen)")
}

/// The limits of the operations port.
pub(super) fn operations_settings() -> Settings {
    Settings {
        connections: OPERATIONS_CONNECTIONS,
        idle: OPERATIONS_IDLE,
        ..Settings::default()
    }
}

/// Where it serves, and how to try it.
fn greeting(
    judged_in: &str,
    addresses: (SocketAddr, SocketAddr),
    development: Option<&mut DevelopmentCertificate>,
) -> Result<String> {
    let (address, operations) = addresses;
    let mut text = format!(
        "l7guard serves https://{address}/validate {judged_in}\n\
         Probes and metrics: http://{operations}/livez, /readyz, /metrics\n"
    );
    if let Some(certificate) = development {
        let review = serde_json::to_vec_pretty(&demo_reviews::review(&demo_reviews::STEPS[0])?)?;
        writeln!(
            text,
            "The certificate is for development: made in memory, known to nobody. Try it:\n\n  {}\n",
            certificate.curl(address, &review)?
        )?;
    }
    Ok(text)
}

/// A server that is asked to stop answers whoever comes, but nobody is to be sent to it any more.
async fn tell_drain(stop: Stop, condition: Condition) {
    stop.requested().await;
    condition.ends("asked to stop");
}

/// Tells in readiness whether clients can accept the certificate that is served.
async fn tell_validity(certificate: Arc<RotatingCertificate>, condition: Condition) {
    let mut ticks = interval(CLOCKWORK);
    loop {
        ticks.tick().await;
        match certificate.validity().at(SystemTime::now()) {
            Validness::Valid(_) => condition.holds(),
            Validness::Expired(_) => condition.fails("the certificate has expired"),
            Validness::NotYet(_) => condition.fails("the certificate is not valid yet"),
        }
    }
}

async fn tell_exemptions(configuration: LiveConfiguration, metrics: Metrics) {
    let mut ticks = interval(CLOCKWORK);
    loop {
        ticks.tick().await;
        metrics.exemptions(exemption_states(&configuration.current(), clock::today()));
    }
}
