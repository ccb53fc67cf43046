//! No replica is there at all: what passes, what is refused, and the way out.

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Installed;
use crate::cluster::{Cluster, ENFORCE, install};
use crate::render::RELEASE;
use crate::targets::{Target, targets};
use control_plane::until;

pub(crate) const CASES: &[Installed] = &[
    (
        "audit without a replica: every write of every kind passes",
        audit_lets_everything_pass,
    ),
    (
        "warn without a replica: every write of every kind passes",
        warn_lets_everything_pass,
    ),
    (
        "enforce without a replica: no-ops, finalizers, status and checkpoints pass, changes do not",
        enforce,
    ),
    (
        "break-glass: one kubectl command lets everything pass, and a Helm upgrade restores enforcement",
        break_glass,
    ),
];

fn audit_lets_everything_pass(cluster: &Cluster) -> Result<(), Failed> {
    cluster.installed(&[], |cluster| everything_passes(cluster, "audit"))
}

fn warn_lets_everything_pass(cluster: &Cluster) -> Result<(), Failed> {
    cluster.installed(&["enforcement=warn"], |cluster| {
        everything_passes(cluster, "warn")
    })
}

fn everything_passes(cluster: &Cluster, name: &str) -> Result<(), Failed> {
    for target in targets(name) {
        write(cluster, &target, &Write::Create)?;
        for patch in [idle(), checkpoint(), change()] {
            write(cluster, &target, &Write::Patch(patch))?;
        }
        write(cluster, &target, &Write::Delete)?;
    }
    Ok(())
}

fn idle() -> Value {
    json!({"metadata": {"finalizers": ["example.com/keep"]}})
}

fn idle_again() -> Value {
    json!({"metadata": {"finalizers": null}})
}

fn checkpoint() -> Value {
    json!({"metadata": {"annotations": {"elbv2.k8s.aws/checkpoint": "2"}, "finalizers": null}})
}

fn change() -> Value {
    json!({"metadata": {"labels": {"team": "shop"}}})
}

/// The objects are older than the installation, as in a cluster into which it comes.
fn enforce(cluster: &Cluster) -> Result<(), Failed> {
    let targets = targets("outage");
    for target in &targets {
        write(cluster, target, &Write::Create)?;
    }
    cluster.installed(ENFORCE, |cluster| {
        until_enforced(cluster)?;
        for target in &targets {
            let what = &target.object["kind"];
            for patch in [json!({}), idle(), idle_again(), json!({"status": {}})] {
                write(cluster, target, &Write::Patch(patch))?;
            }
            if target.is_binding {
                write(cluster, target, &Write::Patch(checkpoint()))?;
            }
            // Those of Services are `Ignore` by default.
            let refused = write(cluster, target, &Write::Patch(change()));
            let fails = target.entry != "services";
            let message = refused
                .err()
                .and_then(|error| error.message().map(str::to_owned))
                .unwrap_or_default();
            assert_eq!(
                message.contains("failed calling webhook"),
                fails,
                "{what}: {message}"
            );
            write(cluster, target, &Write::Delete)?;
        }
        Ok(())
    })
}

/// The API server takes note of a configuration a moment after it is written.
fn until_enforced(cluster: &Cluster) -> Result<(), Failed> {
    let probes = targets("probe");
    until("the API server enforces", || {
        let is_refused = |probe: &Target| dry_run(cluster, probe).is_err();
        let fails = |probe: &&Target| probe.entry != "services";
        Ok(probes.iter().filter(fails).all(is_refused).then_some(()))
    })
}

fn break_glass(cluster: &Cluster) -> Result<(), Failed> {
    cluster.installed(ENFORCE, |cluster| {
        until_enforced(cluster)?;
        // The words of docs/install.md and of NOTES.txt.
        cluster.kubectl(&["delete", "validatingwebhookconfiguration", RELEASE])?;
        let [probe, ..] = &targets("glass")[..] else {
            return Err("no kind".into());
        };
        until("the glass is broken", || {
            Ok(dry_run(cluster, probe).is_ok().then_some(()))
        })?;
        everything_passes(cluster, "glass")?;
        install(&cluster.helms.four, ENFORCE)?;
        until_enforced(cluster)
    })
}

enum Write {
    Create,
    Patch(Value),
    Delete,
}

fn write(cluster: &Cluster, target: &Target, write: &Write) -> Result<(), Failed> {
    let object = &target.object;
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let api = cluster.api(object);
    cluster.runtime.block_on(async {
        match write {
            Write::Create => {
                let object: DynamicObject = serde_json::from_value(object.clone())?;
                api.create(&PostParams::default(), &object)
                    .await
                    .map(drop)?;
            }
            Write::Patch(patch) => {
                let patch = Patch::Merge(patch);
                api.patch(name, &PatchParams::default(), &patch)
                    .await
                    .map(drop)?;
            }
            Write::Delete => api.delete(name, &DeleteParams::default()).await.map(drop)?,
        }
        Ok(())
    })
}

fn dry_run(cluster: &Cluster, target: &Target) -> Result<(), Failed> {
    let object: DynamicObject = serde_json::from_value(target.object.clone())?;
    let parameters = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let api = cluster.api(&target.object);
    Ok(cluster
        .runtime
        .block_on(api.create(&parameters, &object))
        .map(drop)?)
}
