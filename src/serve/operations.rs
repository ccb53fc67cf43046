//! The operations port of a server.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::metrics::Registry;
use crate::operations::{self, Readiness};
use crate::server::{self, Server, Settings};

/// How many connections the operations port has. Kubelet and a few Prometheus servers need less, but a flood of new ones has to
/// be slower to fill them than a probe is to be answered.
const CONNECTIONS: usize = 128;

/// How long a connection to the operations port may be silent: nobody loses anything by calling again, and silent connections
/// are not to keep kubelet out.
const IDLE: Duration = Duration::from_secs(15);

/// The limits of the operations port.
pub(super) fn settings() -> Settings {
    Settings {
        connections: CONNECTIONS,
        idle: IDLE,
        ..Settings::default()
    }
}

/// Takes the address.
pub(super) async fn bind(
    address: SocketAddr,
    readiness: Readiness,
    metrics: &Registry,
) -> Result<Server> {
    let router = operations::router(readiness, metrics.clone());
    let server = Server::bind_plain(address, router, settings()).await;
    server.context("the operations port (--operations-listen)")
}

/// Serves to the end of the process: probes are answered also while the webhook drains.
pub(super) async fn serve(server: Server) {
    // Nobody pulls this handle.
    let (_handle, never) = server::stop();
    server.run(never).await;
}
