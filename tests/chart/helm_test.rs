//! `helm test`. No kubelet runs here: the Pod's command is run as a process with the token of the Pod's service account, and what
//! came of it is written into the Pod's status.

use std::fs;
use std::process::Command;
use std::thread;

use control_plane::Outcome;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Installed;
use crate::cluster::{Cluster, succeeded};
use crate::render::RELEASE;
use crate::replica::{Replica, kubeconfig_of, mounted};
use control_plane::until;

pub(crate) const CASES: &[Installed] = &[(
    "helm test passes in audit, warn and enforce with a replica, and fails without",
    passes_with_a_replica,
)];

/// The test's Pod, and its service account.
const POD: &str = "l7guard-test";

fn passes_with_a_replica(cluster: &Cluster) -> Result<(), Failed> {
    for enforcement in ["audit", "warn", "enforce"] {
        let value = format!("enforcement={enforcement}");
        cluster.installed(&[&value], |cluster| {
            let replica = Replica::start(cluster, enforcement)?;
            succeeded(&cluster.plane.apply(&endpoints().to_string())?)?;
            let (helm, doctor) = helm_test(cluster)?;
            assert!(
                helm.status.success(),
                "{enforcement}: {}{}{}",
                helm.stdout,
                helm.stderr,
                doctor.stdout
            );
            // Both objects were judged, in a namespace that is not excluded.
            let refused = if enforcement == "enforce" {
                "in namespace default that routes to Service istio-ingressgateway (dry run) was refused"
            } else {
                "in namespace default that routes to Service istio-ingressgateway (dry run) was allowed with a warning"
            };
            for said in [refused, "with a Service that is no gateway's was let through"] {
                assert!(doctor.stdout.contains(said), "{said}: {}", doctor.stdout);
            }
            drop(replica);
            if enforcement == "warn" {
                // As in audit.
                return Ok(());
            }
            cluster.kubectl(&["delete", "endpointslice", RELEASE, "--namespace", RELEASE])?;
            let (helm, doctor) = helm_test(cluster)?;
            assert!(!helm.status.success(), "{enforcement}: {}", doctor.stdout);
            assert!(
                doctor.stdout.contains("reachability"),
                "{enforcement}: {}{}",
                doctor.stdout,
                doctor.stderr
            );
            Ok(())
        })?;
    }
    Ok(())
}

/// What the endpoint controller would write of a Pod that is ready. Its address is one that nobody has.
fn endpoints() -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "namespace": RELEASE, "name": RELEASE, "labels": {"kubernetes.io/service-name": RELEASE},
        },
        "endpoints": [{"addresses": ["192.0.2.1"], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "port": 8443, "protocol": "TCP"}],
    })
}

/// What Helm said, and what the Pod's command said.
fn helm_test(cluster: &Cluster) -> Result<(Outcome, Outcome), Failed> {
    thread::scope(|scope| {
        let helm = scope.spawn(|| {
            cluster
                .helms
                .four
                .run(&["test", RELEASE, "--namespace", RELEASE, "--timeout", "2m"])
        });
        let pod = until("helm makes the Pod", || {
            let pod = cluster.get("pod", POD).ok();
            Ok(pod.filter(|pod| pod["status"]["phase"] == "Pending"))
        })?;
        let doctor = run(cluster, &pod)?;
        let phase = if doctor.status.success() {
            "Succeeded"
        } else {
            "Failed"
        };
        let status = json!({"status": {"phase": phase}}).to_string();
        cluster.kubectl(&[
            "patch",
            "pod",
            POD,
            "--namespace",
            RELEASE,
            "--subresource=status",
            "--type=merge",
            "--patch",
            &status,
        ])?;
        let helm = helm.join().map_err(|_| "helm panicked")??;
        Ok((helm, doctor))
    })
}

fn run(cluster: &Cluster, pod: &Value) -> Result<Outcome, Failed> {
    let folder = cluster.file("helm-test");
    fs::create_dir_all(&folder)?;
    let container = &pod["spec"]["containers"][0];
    let account = pod["spec"]["serviceAccountName"]
        .as_str()
        .ok_or("no service account")?;
    let output = Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .args(mounted(cluster, container, &folder)?)
        .arg("--kubeconfig")
        .arg(kubeconfig_of(cluster, account, &folder)?)
        .output()?;
    Ok(output.into())
}
