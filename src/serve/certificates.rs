//! TLS of a server: which source its certificate has, and who may ask.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use kube::Client;
use rustls::server::danger::ClientCertVerifier;
use tokio::time::interval;

use super::development::DevelopmentCertificate;
use super::settings::{CertificateSource, TlsSettings};
use super::webhook_server::Tls;
use super::{followed_files, tasks};
use crate::installation::{CertificateKeeper, Installation};
use crate::metrics::Registry;
use crate::operations::{Condition, NeededFor, Readiness};
use crate::pki::authority_set::Lifetimes;
use crate::pki::certificate_files::CertificateFiles;
use crate::pki::clients::ClientCertificates;
use crate::pki::served::{self, CertificatePublisher, ServedCertificate};
use crate::supervisor::Supervisor;

/// How often it is looked whether the certificate is valid.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long before its end a certificate is not good enough to be sent new callers: kubelet looks every ten seconds, and the
/// third failure counts.
const MARGIN: Duration = Duration::from_mins(1);

/// What is told in readiness of the certificate.
struct Validity {
    served: ServedCertificate,
    margin: Duration,
    condition: Condition,
    /// Who knows why there is none.
    keeper: Option<Arc<CertificateKeeper>>,
}

/// What certificates are made of.
pub(super) struct Parts<'a> {
    /// The cluster that is watched, if one is.
    pub(super) cluster: Option<Client>,
    pub(super) registry: &'a Registry,
    pub(super) readiness: &'a Readiness,
    pub(super) supervisor: &'a mut Supervisor,
}

/// The certificates of both sides, followed; a development certificate where the user brought none.
pub(super) fn tls(
    settings: TlsSettings,
    mut parts: Parts<'_>,
) -> Result<(Tls, Option<DevelopmentCertificate>)> {
    let registry = parts.registry;
    let (publisher, served) = served::channel(registry);
    let development = match settings.certificate {
        CertificateSource::Files { certificate, key } => {
            let loaded = CertificateFiles::load(certificate, key, publisher, registry)?;
            let (files, contents) = (Arc::new(loaded.0), loaded.1);
            let supervisor = &mut *parts.supervisor;
            followed_files::supervise(supervisor, &tasks::CERTIFICATE, files, contents, registry);
            parts.tell(served.clone(), MARGIN, None);
            None
        }
        CertificateSource::Managed {
            installation,
            lifetimes,
        } => {
            let keeper = Arc::new(parts.keeper(installation, lifetimes, publisher)?);
            let margin = MARGIN.min(lifetimes.leaf / 8);
            parts.tell(served.clone(), margin, Some(Arc::clone(&keeper)));
            let rule = &tasks::CERTIFICATE_KEEPER;
            parts
                .supervisor
                .spawn(rule, move || Arc::clone(&keeper).keep());
            None
        }
        CertificateSource::Development => Some(DevelopmentCertificate::generate(&[], &publisher)?),
    };
    let names = settings.client_names;
    let clients = match settings.client_ca {
        Some(file) => Some(clients(file, names, registry, parts.supervisor)?),
        None => None,
    };
    let tls = Tls {
        served,
        oldest: settings.oldest,
        clients,
    };
    Ok((tls, development))
}

impl Parts<'_> {
    fn keeper(
        &mut self,
        installation: Installation,
        lifetimes: Lifetimes,
        publisher: CertificatePublisher,
    ) -> Result<CertificateKeeper> {
        let cluster = self.cluster.take();
        let client = cluster.context("--managed-certificates needs a live cluster")?;
        Ok(CertificateKeeper::new(
            client,
            installation,
            lifetimes,
            publisher,
            self.readiness,
            self.registry,
        ))
    }

    /// Has readiness tell of the certificate that is served.
    fn tell(
        &mut self,
        served: ServedCertificate,
        margin: Duration,
        keeper: Option<Arc<CertificateKeeper>>,
    ) {
        let (name, missing) = ("certificate", "not looked at yet");
        let validity = Arc::new(Validity {
            served,
            margin,
            condition: self
                .readiness
                .condition(name, NeededFor::NewCallers, missing),
            keeper,
        });
        self.supervisor
            .spawn(&tasks::CERTIFICATE_VALIDITY, move || {
                tell_validity(Arc::clone(&validity))
            });
    }
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
async fn tell_validity(validity: Arc<Validity>) {
    let mut ticks = interval(INTERVAL);
    loop {
        ticks.tick().await;
        let trouble = validity.served.trouble(SystemTime::now(), validity.margin);
        let Some(trouble) = trouble else {
            validity.condition.holds();
            continue;
        };
        let reason = validity.keeper.as_ref().and_then(|keeper| keeper.trouble());
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        validity.condition.fails(format!("{trouble}{reason}"));
    }
}
