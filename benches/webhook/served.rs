//! The servers that are measured, each in a process of its own: *bare*, and l7guard in a world that is made here.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use l7guard::admission::{Answer, Review};
use l7guard::judge::PolicyJudge;
use l7guard::judge::metrics::ReviewMetrics;
use l7guard::judge::{ClusterView, ReadFailure};
use l7guard::live::Live;
use l7guard::operations::Readiness;
use l7guard::pki;
use l7guard::server::{OldestTls, Server, Settings, stop, tls_config};
use l7guard::shares::ReadAllowance;
use l7guard::webhook::{AdmissionLimiter, DEFAULT_IN_FLIGHT, VALIDATE_PATH, router};
use l7guard_policy::confirmation::{self, LiveQuery};
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::{self, Naming, Source};
use tracing_subscriber::EnvFilter;

use crate::objects::world;

/// What is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// The same server; decodes the envelope of a review and says yes.
    Bare,
    /// l7guard in a world that is all there is.
    Manifests,
    /// l7guard in a world that says of itself that it is a copy of a cluster. Nobody can be asked: a review that needs a
    /// live read fails.
    Copy,
}

/// The hidden command line of a server.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to serve
    pub(crate) role: Role,
    /// How many objects there are in its world
    pub(crate) objects: usize,
    pub(crate) address: SocketAddr,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Serves until standard input ends, so that a server never outlives the benchmark. Prints its address when it listens.
pub(crate) fn serve(arguments: &Arguments) {
    // As `l7guard serve` logs: a refusal writes its line.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter(EnvFilter::new("info"))
        .init();
    let metrics = ReviewMetrics::new();
    let router = match arguments.role {
        Role::Bare => bare(),
        Role::Manifests => judging(Live::new(inventory(arguments.objects)), &metrics),
        Role::Copy => judging(ClusterCopy(inventory(arguments.objects)), &metrics),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let loaded = pki::files::load(&arguments.certificate, &arguments.key).unwrap();
        let resolver = rustls::sign::SingleCertAndKey::from(Arc::new(loaded.certificate));
        let tls = tls_config(
            pki::crypto::install(),
            Arc::new(resolver),
            OldestTls::Tls13,
            None,
        )
        .unwrap();
        let server = Server::bind(arguments.address, tls, router, Settings::default())
            .await
            .unwrap();
        println!("{}", server.local_addr());
        std::io::stdout().flush().unwrap();
        let (_handle, never) = stop();
        let owner_is_gone =
            tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        tokio::select! {
            _ = server.counted(&metrics).run(never) => {}
            _ = owner_is_gone => {}
        }
    });
}

fn bare() -> Router {
    async fn yes(body: Bytes) -> Response {
        let review = Review::decode_envelope(&body).unwrap();
        let json = Answer::allow().to_json(&review.uid).unwrap();
        ([(CONTENT_TYPE, "application/json")], json).into_response()
    }
    Router::new().route(VALIDATE_PATH, post(yes))
}

fn judging(world: impl ClusterView, metrics: &ReviewMetrics) -> Router {
    let judge = PolicyJudge::new(world, Live::default());
    let gate = AdmissionLimiter::new(Readiness::new(), metrics.clone(), DEFAULT_IN_FLIGHT);
    router(Arc::new(judge), gate)
}

/// Objects are read from text one by one, as from a watch: what is left in memory is what a server keeps.
fn inventory(size: usize) -> Inventory {
    let mut inventory = Inventory::new();
    for object in world(size) {
        let text = object.to_string();
        let naming = Naming {
            api_version: object["apiVersion"].as_str().unwrap(),
            kind: object["kind"].as_str().unwrap(),
            default_namespace: "",
            default_name: "",
        };
        inventory.apply(objects::read(naming, Source::Json(&text)).unwrap().unwrap());
    }
    inventory
}

/// A copy of a cluster that cannot be asked anything.
struct ClusterCopy(Inventory);

impl ClusterView for ClusterCopy {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&self.0)
    }

    fn age(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    async fn read(
        &self,
        queries: BTreeSet<LiveQuery>,
        _allowance: &ReadAllowance,
    ) -> Result<Vec<confirmation::LiveRead>, ReadFailure> {
        Err(format!("nothing was to be read, but it asks for {queries:?}").into())
    }
}
