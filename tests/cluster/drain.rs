//! The end of `l7guard serve`: SIGTERM loses no review.

use std::process::ExitStatus;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use control_plane::ControlPlane;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Case;
use crate::kubectl::kubectl_with_input;
use crate::scene::Scene;
use crate::serve::Serve;
use crate::webhook::{Installation, Namespaces};
use control_plane::until;

/// Where this trial's own webhook is, and whose objects it is asked about.
pub(crate) const NAMESPACE: &str = "draining";

pub(crate) const CASES: &[Case] = &[(
    "SIGTERM ends serve with status 0 and every review is answered until its port is closed",
    nothing_is_lost,
)];

/// Long enough for a few writes on a busy machine.
const DRAIN: Duration = Duration::from_secs(3);

/// Many, so that a write goes on while the server changes from one state to the next.
const SERVICES_IN_A_WRITE: usize = 20;

/// How many write at the same time.
const WRITERS: usize = 2;

fn nothing_is_lost(scene: &Scene) -> Result<(), Failed> {
    let installation = Installation {
        namespace: NAMESPACE,
        certified_for: "l7guard.draining.svc",
        reviews: Namespaces::Only(NAMESPACE),
        probed_in: NAMESPACE,
        drain: DRAIN,
    };
    let mut serve = installation.install(&scene.cluster, scene.logs())?.serve;
    let (cluster, answered) = (&scene.cluster, &AtomicUsize::new(0));
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| scope.spawn(move || write_until_it_fails(cluster, answered)))
            .collect();
        let (status, while_draining) = terminate_amid_writes(&mut serve, answered)?;
        for writer in writers {
            assert_that_nobody_listened(&writer.join().map_err(|_| "a writer panicked")??);
        }
        // One a writer may have begun before.
        assert!(while_draining > WRITERS, "{while_draining} writes");
        assert_eq!(status.code(), Some(0));
        Ok(())
    })
}

/// How the process ended that got SIGTERM after the first writes, and how many were answered while it drained.
fn terminate_amid_writes(
    serve: &mut Serve,
    answered: &AtomicUsize,
) -> Result<(ExitStatus, usize), Failed> {
    until("a first write is answered", || {
        Ok((answered.load(Ordering::SeqCst) > 0).then_some(()))
    })?;
    serve.terminate()?;
    until("l7guard drains", || {
        Ok(serve.log()?.contains("draining").then_some(()))
    })?;
    let before = answered.load(Ordering::SeqCst);
    let status = serve.ended()?;
    Ok((status, answered.load(Ordering::SeqCst) - before))
}

/// What `kubectl` says about the first write that fails. Counts the others.
fn write_until_it_fails(cluster: &ControlPlane, answered: &AtomicUsize) -> Result<String, Failed> {
    let services: Vec<Value> = (0..SERVICES_IN_A_WRITE).map(service).collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": services}).to_string();
    until("a write fails", || {
        let create = ["create", "--dry-run=server", "--filename", "-"];
        let outcome = kubectl_with_input(cluster, &create, &list)?;
        if !outcome.status.success() {
            return Ok(Some(outcome.stderr));
        }
        answered.fetch_add(1, Ordering::SeqCst);
        Ok(None)
    })
}

fn service(number: usize) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": NAMESPACE, "name": format!("web-{number}")},
        "spec": {"ports": [{"port": 80}]},
    })
}

/// A review that got onto a connection and no answer would be another error: EOF, a reset, a time-out.
fn assert_that_nobody_listened(errors: &str) {
    for error in errors.lines() {
        assert!(
            error.contains("failed calling webhook \"l7guard.draining.svc\"")
                && error.ends_with("connect: connection refused"),
            "a review was lost: {error}"
        );
    }
}
