//! What the trials share: a control plane with all CRDs, l7guard behind a gate, and hands that write objects.

use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control_plane::{
    AWS_CRDS, Binaries, ControlPlane, Options, Outcome, WEBHOOK_PORT, WebhookCertificate,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use l7guard::cluster::ClusterWorld;
use l7guard::judge::ClusterView;
use l7guard::judge::metrics::ReviewMetrics;
use l7guard::live::Live;
use l7guard::operations::Readiness;
use l7guard_policy::configuration::{Configuration, Date, Exemption, Matcher, NamePattern};
use l7guard_policy::identity::{Kind, ObjectKey};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::gate::{Gate, Passes, until};
use crate::scenery::{Hand, namespace};

/// The namespace of l7guard's Service, whose objects nobody reviews.
const HOME: &str = "l7guard";

/// Everything that the trials share.
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    pub(crate) cluster: ControlPlane,
    /// Writes as administrator, past the gate.
    pub(crate) hand: Hand,
    pub(crate) gate: Gate,
    pub(crate) world: ClusterWorld,
    pub(crate) readiness: Readiness,
    /// What l7guard says of its world.
    pub(crate) metrics: ReviewMetrics,
    namespaces: AtomicUsize,
    _files: TempDir,
}

impl Stage {
    /// Starts everything, and returns when the API server asks l7guard and l7guard is ready.
    pub(crate) fn set(
        binaries: &Binaries,
        crds: &[PathBuf],
        runtime: Runtime,
    ) -> Result<Self, Failed> {
        let cluster = ControlPlane::start(binaries, &Options::default())?;
        for crd in crds {
            let file = crd.display().to_string();
            let apply = ["apply", "--server-side", "--filename", &file];
            done(&cluster.run_kubectl(&apply)?)?;
        }
        done(&cluster.apply(AWS_CRDS)?)?;
        let address = cluster.create_webhook_service(HOME, "l7guard")?;
        let files = tempfile::tempdir()?;
        let certificate = WebhookCertificate::write_into(files.path(), "l7guard.l7guard.svc")?;
        let metrics = ReviewMetrics::new();
        let (client, gate, world, readiness) = runtime.block_on(async {
            let client = client(&cluster.kubeconfig().to_owned()).await?;
            let gate = Gate::open(client.clone()).await?;
            let readiness = Readiness::new();
            let world = ClusterWorld::new(gate.client()?, &metrics, &readiness);
            tokio::spawn(world.keep_watching());
            until("l7guard knows the cluster", || readiness.is_ready()).await?;
            serve(address, &certificate, world.clone(), readiness.clone()).await?;
            Ok::<_, Failed>((client, gate, world, readiness))
        })?;
        done(&cluster.apply(&configuration(&certificate.authority).to_string())?)?;
        Ok(Self {
            runtime,
            cluster,
            hand: Hand::new(client),
            gate,
            world,
            readiness,
            metrics,
            namespaces: AtomicUsize::new(0),
            _files: files,
        })
    }

    /// Runs a trial in a namespace of its own, whose name is in the names of cluster-scoped objects too. Whatever it left
    /// shut is opened afterwards.
    pub(crate) fn play<T>(
        &self,
        trial: impl AsyncFnOnce(&Self, &str) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let number = self.namespaces.fetch_add(1, Ordering::Relaxed);
        let name = format!("trial-{number}");
        self.runtime.block_on(async {
            self.hand.create(&namespace(&name)).await?.accepted()?;
            let played = trial(self, &name).await;
            self.gate.let_pass(Passes::Everything);
            played
        })
    }

    /// Writes objects that l7guard then knows.
    pub(crate) async fn know(&self, objects: &[Value]) -> Result<(), Failed> {
        for object in objects {
            self.hand.create(object).await?.accepted()?;
        }
        for object in objects {
            let key = key(object)?;
            if key.kind != Kind::Pod {
                until(&format!("l7guard knows {key}"), || self.knows(&key)).await?;
            }
        }
        Ok(())
    }

    pub(crate) fn knows(&self, key: &ObjectKey) -> bool {
        self.world
            .with_inventory(|inventory| inventory.get(key).is_some())
    }
}

/// What a metric says of a kind; `None`: nothing.
pub(crate) fn metric_of(metrics: &ReviewMetrics, name: &str, kind: Kind) -> Option<u64> {
    let text = metrics.encode().ok()?;
    let line = format!("l7guard_{name}{{kind=\"{}\"}} ", kind.label());
    text.lines()
        .find_map(|each| each.strip_prefix(&line)?.parse().ok())
}

/// A `kubectl` that had to succeed did.
pub(crate) fn done(outcome: &Outcome) -> Result<(), Failed> {
    if outcome.status.success() {
        return Ok(());
    }
    Err(outcome.stderr.clone().into())
}

/// The key of an object that the policy reads.
pub(crate) fn key(object: &Value) -> Result<ObjectKey, Failed> {
    let text = |pointer: &str| {
        let text = object.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let (kind, _) = Kind::of(&text("/apiVersion"), &text("/kind")).ok_or("no such kind")?;
    Ok(ObjectKey::new(
        kind,
        text("/metadata/namespace"),
        text("/metadata/name"),
    ))
}

/// A client by a kubeconfig.
pub(crate) async fn client(kubeconfig: &PathBuf) -> Result<Client, Failed> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

/// Serves the webhook from a task of its own.
async fn serve(
    address: SocketAddrV4,
    certificate: &WebhookCertificate,
    world: ClusterWorld,
    readiness: Readiness,
) -> Result<(), Failed> {
    let metrics = ReviewMetrics::new();
    let loaded = l7guard::pki::files::load(&certificate.chain, &certificate.key)?;
    let resolver = rustls::sign::SingleCertAndKey::from(Arc::new(loaded.certificate));
    let tls = l7guard::server::tls_config(
        l7guard::pki::crypto::install(),
        Arc::new(resolver),
        l7guard::server::OldestTls::default(),
        None,
    )?;
    let judge = l7guard::judge::PolicyJudge::new(world, Live::new(configuration_in_force()?));
    let router = l7guard::webhook::router(
        Arc::new(judge),
        l7guard::webhook::AdmissionLimiter::new(
            readiness,
            metrics,
            l7guard::webhook::DEFAULT_IN_FLIGHT,
        ),
    );
    let settings = l7guard::server::Settings::default();
    let server = l7guard::server::Server::bind(address.into(), tls, router, settings).await?;
    let (handle, stop) = l7guard::server::stop();
    tokio::spawn(async move {
        server.run(stop).await;
        drop(handle);
    });
    Ok(())
}

/// The name that an object has to have for an exemption to cover it.
pub(crate) const EXEMPT: &str = "exempt";

/// The default configuration, and an exemption by name.
fn configuration_in_force() -> Result<Configuration, Failed> {
    let covers = Matcher {
        names: vec![NamePattern::parse(EXEMPT)?],
        ..Matcher::default()
    };
    let exemption = Exemption {
        name: "by-name".into(),
        reason: "a trial of exemptions".into(),
        owner: "trials".into(),
        ticket: None,
        expires: Date::MAX,
        covers,
    };
    Ok(Configuration {
        exemptions: vec![exemption],
        ..Configuration::default()
    })
}

fn configuration(authority: &str) -> Value {
    let rule = |group: &str, resources: &[&str]| {
        json!({
            "apiGroups": [group], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE", "DELETE"], "resources": resources,
        })
    };
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": HOME},
        "webhooks": [{
            "name": "l7guard.l7guard.svc",
            "clientConfig": {
                "service": {"namespace": HOME, "name": "l7guard", "path": "/validate", "port": WEBHOOK_PORT},
                "caBundle": STANDARD.encode(authority),
            },
            "rules": [
                rule("networking.k8s.io", &["ingresses", "ingressclasses"]),
                rule("", &["services"]),
                rule("gateway.networking.k8s.io", &["gateways", "gatewayclasses", "listenersets", "httproutes", "grpcroutes"]),
                rule("elbv2.k8s.aws", &["targetgroupbindings"]),
            ],
            "namespaceSelector": {"matchExpressions": [
                {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [HOME]},
            ]},
            "failurePolicy": "Fail",
            "matchPolicy": "Equivalent",
            "sideEffects": "None",
            "timeoutSeconds": 10,
            "admissionReviewVersions": ["v1"],
        }],
    })
}
