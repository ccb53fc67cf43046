//! HTTP 503 with `Retry-After`: the API server asks again, and the user notices nothing but the wait.

use std::sync::Arc;
use std::thread;

use control_plane::WebhookCertificate;
use l7guard::judge::PolicyJudge;
use l7guard::judge::metrics::ReviewMetrics;
use l7guard::live::{Live, LiveConfiguration};
use l7guard::operations::{NeededFor, Readiness};
use l7guard::pki::crypto;
use l7guard::pki::{certificate_files::CertificateFiles, served};
use l7guard::server::{OldestTls, Server, Settings, stop, tls_config};
use l7guard::webhook::{AdmissionLimiter, router};
use l7guard::world::ManifestWorld;
use libtest_mimic::Failed;
use serde_json::json;

use crate::Case;
use crate::kubectl::kubectl_with_input;
use crate::scene::{Scene, WORLD, root};
use crate::webhook::{Installation, Namespaces};
use control_plane::until;

/// Where this trial's own webhook is, and whose objects it is asked about.
pub(crate) const NAMESPACE: &str = "come-again";

pub(crate) const CASES: &[Case] = &[(
    "a write during which l7guard becomes ready is answered, as the API server comes again after 503",
    the_api_server_comes_again,
)];

/// The webhook is in this process, so that the trial can hold its readiness.
fn the_api_server_comes_again(scene: &Scene) -> Result<(), Failed> {
    let installation = Installation {
        namespace: NAMESPACE,
        certified_for: "l7guard.come-again.svc",
        reviews: Namespaces::Only(NAMESPACE),
        probed_in: NAMESPACE,
        drain: std::time::Duration::ZERO,
    };
    let cluster = &scene.cluster;
    let address = cluster.create_webhook_service(NAMESPACE, "l7guard")?;
    let folder = tempfile::tempdir()?;
    let certificate = WebhookCertificate::write_into(folder.path(), installation.certified_for)?;
    let (metrics, readiness) = (ReviewMetrics::new(), Readiness::new());
    let world = readiness.condition("world", NeededFor::Verdicts, "not yet");
    let runtime = tokio::runtime::Runtime::new()?;
    let (_handle, stop) = stop();
    let server = {
        let (chain, key) = (certificate.chain.clone(), certificate.key.clone());
        let (publisher, resolver) = served::channel(&metrics);
        CertificateFiles::load(chain, key, publisher, &metrics)?;
        let oldest = OldestTls::default();
        let tls = tls_config(crypto::install(), Arc::new(resolver), oldest, None)?;
        let inventory = ManifestWorld::read(&[root().join(WORLD)], "default").into_cluster();
        let configuration = LiveConfiguration::default();
        let judge = PolicyJudge::new(Live::new(inventory), configuration);
        let gate = AdmissionLimiter::new(readiness.clone(), metrics.clone(), 9);
        let router = router(Arc::new(judge), gate);
        runtime.block_on(Server::bind(
            address.into(),
            tls,
            router,
            Settings::default(),
        ))?
    };
    runtime.spawn(server.run(stop));
    world.holds();
    installation.register(cluster, &certificate.authority)?;
    world.fails("held back by the trial");
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": NAMESPACE, "name": "web"},
        "spec": {"ports": [{"port": 80}]},
    });
    thread::scope(|scope| {
        let write = scope.spawn(|| {
            let create = ["create", "--dry-run=server", "--filename", "-"];
            kubectl_with_input(cluster, &create, &service.to_string())
        });
        let asked_twice = "l7guard_admission_shed_total{reason=\"not_ready\"} 2\n";
        until("the API server has been sent away twice", || {
            Ok(metrics.encode()?.contains(asked_twice).then_some(()))
        })?;
        assert!(!write.is_finished());
        world.holds();
        let outcome = write.join().map_err(|_| "the writer panicked")??;
        assert!(outcome.status.success(), "{}", outcome.stderr);
        assert_eq!(outcome.stderr, "");
        Ok(())
    })
}
