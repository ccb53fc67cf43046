//! What the API server answers to a write that l7guard refuses, and to one that it does not.

use control_plane::Outcome;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::cluster::{Cluster, NAMESPACE};

fn ingress(service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"namespace": NAMESPACE, "name": "shop"},
        "spec": {
            "ingressClassName": "alb",
            "defaultBackend": {"service": {"name": service, "port": {"number": 80}}},
        },
    })
}

/// What an ALB in front of a gateway, and of an application, gets: as `kubectl create` says it.
pub(crate) struct Tried {
    pub(crate) bad: Outcome,
    pub(crate) good: Outcome,
}

pub(crate) fn tried(cluster: &Cluster, dry_run: &str) -> Result<Tried, Failed> {
    let create = |service: &str| -> Result<Outcome, Failed> {
        let arguments = ["create", "--filename", "-", dry_run];
        let outcome = cluster
            .plane
            .run_kubectl_with(&arguments, &ingress(service).to_string())?;
        let delete = [
            "delete",
            "ingress",
            "shop",
            "--namespace",
            NAMESPACE,
            "--ignore-not-found",
        ];
        cluster.kubectl(&delete)?;
        Ok(outcome)
    };
    Ok(Tried {
        bad: create("istio-ingressgateway")?,
        good: create("web")?,
    })
}

pub(crate) fn assert_refuses(cluster: &Cluster) -> Result<(), Failed> {
    for dry_run in ["--dry-run=none", "--dry-run=server"] {
        let Tried { bad, good } = tried(cluster, dry_run)?;
        assert!(
            bad.stderr.contains("ingresses.admission.l7guard"),
            "{}",
            bad.stderr
        );
        assert!(
            bad.stderr.contains("L7G001") && !bad.status.success(),
            "{}",
            bad.stderr
        );
        assert!(good.status.success(), "{}", good.stderr);
    }
    Ok(())
}

/// Nothing is refused or said; a dry run on the server is the preview of what would be.
pub(crate) fn assert_audits(cluster: &Cluster) -> Result<(), Failed> {
    let Tried { bad, good } = tried(cluster, "--dry-run=none")?;
    for outcome in [bad, good] {
        assert!(
            outcome.status.success() && outcome.stderr.is_empty(),
            "{outcome:?}"
        );
    }
    let Tried { bad, good } = tried(cluster, "--dry-run=server")?;
    assert!(
        bad.status.success() && bad.stderr.contains("L7G001"),
        "{bad:?}"
    );
    assert!(good.status.success() && good.stderr.is_empty(), "{good:?}");
    Ok(())
}
