//! The webhook as `serve` and `demo` run it: certificate, judge, router and server put together.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use rustls::server::danger::ClientCertVerifier;

use crate::judge::Judge;
use crate::metrics::Registry;
use crate::pki::crypto;
use crate::pki::served::ServedCertificate;
use crate::server::{OldestTls, Server, Settings, Stop, Stopped, tls_config};
use crate::webhook::{AdmissionLimiter, router};

/// Who is served, and how.
pub(crate) struct Tls {
    pub(crate) served: ServedCertificate,
    pub(crate) oldest: OldestTls,
    pub(crate) clients: Option<Arc<dyn ClientCertVerifier>>,
}

/// A webhook that has taken its address.
pub(crate) struct WebhookServer(Server);

impl WebhookServer {
    /// Takes the address.
    pub(crate) async fn bind<J: Judge>(
        address: SocketAddr,
        judge: J,
        gate: AdmissionLimiter,
        tls: Tls,
        settings: Settings,
        metrics: &Registry,
    ) -> Result<Self> {
        let tls = tls_config(
            crypto::install(),
            Arc::new(tls.served),
            tls.oldest,
            tls.clients,
        )?;
        let router = router(Arc::new(judge), gate);
        let server = Server::bind(address, tls, router, settings).await?;
        Ok(Self(server.counted(metrics)))
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.0.local_addr()
    }

    /// Serves until it is asked to stop.
    pub(crate) async fn run(self, stop: Stop) -> Stopped {
        self.0.run(stop).await
    }
}
