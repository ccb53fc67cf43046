//! Two replicas behind a Service: neither a rolling restart nor a new certificate loses a write.

use std::net::{SocketAddr, SocketAddrV4, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use control_plane::{ControlPlane, Forwarder, WebhookCertificate};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Case;
use crate::kubectl::kubectl_with_input;
use crate::scene::Scene;
use crate::serve::Serve;
use crate::webhook::{Installation, Namespaces};
use control_plane::until;

/// Where this trial's own webhook is, and whose objects it is asked about.
pub(crate) const NAMESPACE: &str = "replicas";

pub(crate) const CASES: &[Case] = &[(
    "rolling restarts and new certificates of two replicas lose no write under failurePolicy Fail",
    nothing_is_lost,
)];

/// How many restarts, and as many new certificates; `L7GUARD_ROLLOUTS` sets another number.
const ROLLOUTS: usize = 20;

/// Long enough for a few writes on a busy machine.
const DRAIN: Duration = Duration::from_secs(2);

/// Many, so that a write goes on at every moment.
const SERVICES_IN_A_WRITE: usize = 20;

/// How many write at the same time.
const WRITERS: usize = 2;

struct Replica {
    serve: Serve,
    endpoint: SocketAddrV4,
}

fn nothing_is_lost(scene: &Scene) -> Result<(), Failed> {
    let installation = Installation {
        namespace: NAMESPACE,
        certified_for: "l7guard.replicas.svc",
        reviews: Namespaces::Only(NAMESPACE),
        probed_in: NAMESPACE,
        drain: DRAIN,
    };
    let cluster = &scene.cluster;
    let service = Forwarder::listen(cluster.create_webhook_service(NAMESPACE, "l7guard")?)?;
    let folder = tempfile::tempdir()?;
    let certificate = WebhookCertificate::write_into(folder.path(), installation.certified_for)?;
    let mut replicas = Vec::new();
    for number in 0..2 {
        replicas.push(start(scene, &service, &certificate, number)?);
    }
    installation.register(cluster, &certificate.authority)?;
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (stop, answered) = (&stop, &answered);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| scope.spawn(move || write_until(cluster, stop, answered)))
            .collect();
        let rolled = roll_out(scene, &service, &certificate, &mut replicas, answered);
        stop.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.join().map_err(|_| "a writer panicked")??;
        }
        rolled
    })
}

/// Starts a replica and sends connections to it.
fn start(
    scene: &Scene,
    service: &Forwarder,
    certificate: &WebhookCertificate,
    number: usize,
) -> Result<Replica, Failed> {
    let SocketAddr::V4(endpoint) = TcpListener::bind("127.0.0.1:0")?.local_addr()? else {
        return Err("no IPv4 address".into());
    };
    let log = scene.logs().join(format!("{NAMESPACE}-{number}.log"));
    let serve = Serve::start(endpoint, certificate, DRAIN, &log)?;
    service.add(endpoint);
    Ok(Replica { serve, endpoint })
}

/// Renews the certificate of both replicas and then replaces the older one by a new one, again and again.
fn roll_out(
    scene: &Scene,
    service: &Forwarder,
    certificate: &WebhookCertificate,
    replicas: &mut Vec<Replica>,
    answered: &AtomicUsize,
) -> Result<(), Failed> {
    let rollouts = std::env::var("L7GUARD_ROLLOUTS").ok();
    let rollouts = rollouts.map_or(Ok(ROLLOUTS), |number| number.parse())?;
    for rollout in 0..rollouts {
        let before = answered.load(Ordering::SeqCst);
        renew(certificate, replicas)?;
        replicas.push(start(scene, service, certificate, rollout + 2)?);
        let mut old = replicas.remove(0);
        old.serve.terminate()?;
        // The endpoint goes a little later than the process is told, as in a cluster.
        until("l7guard drains", || {
            Ok(old.serve.log()?.contains("draining").then_some(()))
        })?;
        service.remove(old.endpoint);
        assert_eq!(old.serve.ended()?.code(), Some(0));
        let written = answered.load(Ordering::SeqCst) - before;
        assert!(written > WRITERS, "{written} writes in rollout {rollout}");
    }
    Ok(())
}

fn renew(certificate: &WebhookCertificate, replicas: &[Replica]) -> Result<(), Failed> {
    let in_force = |replica: &Replica| -> Result<usize, Failed> {
        Ok(replica
            .serve
            .log()?
            .matches("changed files are in force")
            .count())
    };
    let before: Vec<usize> = replicas.iter().map(in_force).collect::<Result<_, _>>()?;
    certificate.renew()?;
    for (replica, before) in replicas.iter().zip(before) {
        until("the new certificate is in force", || {
            Ok((in_force(replica)? > before).then_some(()))
        })?;
    }
    Ok(())
}

/// Writes until it is told to stop; the first write that fails is an error.
fn write_until(
    cluster: &ControlPlane,
    stop: &AtomicBool,
    answered: &AtomicUsize,
) -> Result<(), Failed> {
    let services: Vec<Value> = (0..SERVICES_IN_A_WRITE).map(service).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": services}).to_string();
    while !stop.load(Ordering::SeqCst) {
        let create = ["create", "--dry-run=server", "--filename", "-"];
        let outcome = kubectl_with_input(cluster, &create, &list)?;
        if !outcome.status.success() {
            return Err(format!("a write was lost: {}", outcome.stderr).into());
        }
        answered.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

fn service(number: usize) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": NAMESPACE, "name": format!("web-{number}")},
        "spec": {"ports": [{"port": 80}]},
    })
}
