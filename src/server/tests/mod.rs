//! The whole server on a loopback port, asked by a real client.

mod serving;
mod stopping;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use rustls::version::TLS13;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::test_client::{TestClient, post as request, says_close, tls};
use crate::metrics::Registry;

use super::{BindError, OldestTls, Server, Settings, StopHandle, Stopped, stop};

/// For tests that never reach it.
const FOREVER: Duration = Duration::from_mins(10);

/// A server on a free loopback port.
struct Running {
    address: SocketAddr,
    client: TestClient,
    handle: StopHandle,
    server: JoinHandle<Stopped>,
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn echo() -> Router {
    Router::new().route("/echo", post(|body: String| async { body }))
}

/// `/wait` is answered once `release` is notified; `begun` is notified when it begins.
fn waiting(begun: &Arc<Notify>, release: &Arc<Notify>) -> Router {
    let (begun, release) = (Arc::clone(begun), Arc::clone(release));
    echo().route(
        "/wait",
        post(move || async move {
            begun.notify_one();
            release.notified().await;
            "done"
        }),
    )
}

async fn run(router: Router, settings: Settings) -> Running {
    let (tls, client) = tls(OldestTls::Tls13, &TLS13);
    let server = Server::bind(loopback(), tls, router, settings)
        .await
        .unwrap();
    let (handle, stop) = stop();
    Running {
        address: server.local_addr(),
        client,
        handle,
        server: tokio::spawn(server.run(stop)),
    }
}

fn draining_for(drain: Duration) -> Settings {
    Settings {
        drain,
        ..Settings::default()
    }
}

/// Waits until so many tasks are alive, the server's own included.
async fn until_tasks(count: usize) {
    let metrics = Handle::current().metrics();
    timeout(FOREVER, async {
        while metrics.num_alive_tasks() != count {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}
