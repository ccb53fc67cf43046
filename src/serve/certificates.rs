//! TLS of a server: which source its certificate has, and who may ask.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use rustls::server::danger::ClientCertVerifier;
use tokio::time::interval;

use super::development::DevelopmentCertificate;
use super::settings::{CertificateSource, TlsSettings};
use super::webhook_server::Tls;
use super::{followed_files, tasks};
use crate::metrics::Registry;
use crate::operations::{Condition, NeededFor, Readiness};
use crate::pki::certificate_files::CertificateFiles;
use crate::pki::clients::ClientCertificates;
use crate::pki::served::{self, ServedCertificate};
use crate::supervisor::Supervisor;

/// How often it is looked whether the certificate is valid.
const INTERVAL: Duration = Duration::from_secs(10);

/// The certificates of both sides, followed; a development certificate where the user brought none.
pub(super) fn tls(
    settings: TlsSettings,
    registry: &Registry,
    readiness: &Readiness,
    supervisor: &mut Supervisor,
) -> Result<(Tls, Option<DevelopmentCertificate>)> {
    let (publisher, served) = served::channel(registry);
    let development = match settings.certificate {
        CertificateSource::Files { certificate, key } => {
            let loaded = CertificateFiles::load(certificate, key, publisher, registry)?;
            let (files, contents) = (Arc::new(loaded.0), loaded.1);
            followed_files::supervise(supervisor, &tasks::CERTIFICATE, files, contents, registry);
            let missing = "not looked at yet";
            let condition = readiness.condition("certificate", NeededFor::NewCallers, missing);
            let told = Arc::new((served.clone(), condition));
            supervisor.spawn(&tasks::CERTIFICATE_VALIDITY, move || {
                tell_validity(Arc::clone(&told))
            });
            None
        }
        CertificateSource::Managed => bail!("--managed-certificates is not available yet"),
        CertificateSource::Development => Some(DevelopmentCertificate::generate(&[], &publisher)?),
    };
    let clients = match settings.client_ca {
        Some(file) => Some(clients(file, settings.client_names, registry, supervisor)?),
        None => None,
    };
    let tls = Tls {
        resolver: Arc::new(served),
        oldest: settings.oldest,
        clients,
    };
    Ok((tls, development))
}

fn clients(
    file: PathBuf,
    names: Vec<String>,
    registry: &Registry,
    supervisor: &mut Supervisor,
) -> Result<Arc<dyn ClientCertVerifier>> {
    let (clients, contents) = ClientCertificates::load(file, names, registry)?;
    let clients = Arc::new(clients);
    let (rule, followed) = (&tasks::CLIENT_AUTHORITY, Arc::clone(&clients));
    followed_files::supervise(supervisor, rule, followed, contents, registry);
    Ok(clients)
}

/// Tells in readiness whether clients can accept the certificate that is served.
async fn tell_validity(told: Arc<(ServedCertificate, Condition)>) {
    let (served, condition) = &*told;
    let mut ticks = interval(INTERVAL);
    loop {
        ticks.tick().await;
        match served.trouble(SystemTime::now()) {
            None => condition.holds(),
            Some(trouble) => condition.fails(trouble),
        }
    }
}
