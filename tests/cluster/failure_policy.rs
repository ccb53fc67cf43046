//! What cannot be asked is not allowed: with `failurePolicy: Fail` the API server answers with an error.

use std::time::Duration;

use libtest_mimic::Failed;

use crate::Case;
use crate::scene::Scene;
use crate::webhook::{Installation, Namespaces};

/// Where this trial's own webhook is, and whose objects it is asked about.
pub(crate) const NAMESPACE: &str = "mistaken";

pub(crate) const CASES: &[Case] = &[(
    "a certificate for another name is the API server's error and nothing is written",
    other_name_is_an_error,
)];

fn other_name_is_an_error(scene: &Scene) -> Result<(), Failed> {
    let installation = Installation {
        namespace: NAMESPACE,
        certified_for: "l7guard.elsewhere.svc",
        reviews: Namespaces::Only(NAMESPACE),
        probed_in: NAMESPACE,
        drain: Duration::ZERO,
    };
    let _webhook = installation.install(&scene.cluster, scene.logs())?;
    let failed = scene.apply(
        "{apiVersion: v1, kind: Service, metadata: {namespace: mistaken, name: web}, spec: {ports: [{port: 80}]}}",
    )?;
    assert_eq!(failed.status.code(), Some(1));
    for part in [
        "Error from server (InternalError): ",
        "failed calling webhook \"l7guard.mistaken.svc\"",
        "certificate is valid for l7guard.elsewhere.svc, not l7guard.mistaken.svc",
    ] {
        assert!(failed.stderr.contains(part), "{}", failed.stderr);
    }
    let written = scene.kubectl(&["get", "service", "web", "--namespace", NAMESPACE])?;
    assert!(!written.status.success());
    Ok(())
}
