//! What a write through the API server takes with l7guard as its webhook, with *bare*, and with none.

use std::net::SocketAddr;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use control_plane::{ControlPlane, WEBHOOK_PORT};
use hyper::Request;
use kube::Client;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Arguments, NETWORKING, client, collection, fill, ready};
use crate::objects::ingress;
use crate::process::{Process, running_time};
use crate::served::Role;
use crate::statistics::median;
use control_plane::WebhookCertificate;

/// Where the webhooks' Services are.
const HOME: &str = "webhooks";

/// How many writes go before those that are measured.
const WARM_UP: u32 = 20;

/// Who is asked about the writes of a namespace; each has its own.
const ASKED: [&str; 3] = ["nobody", "bare", "l7guard"];

/// A kind of write.
#[derive(Clone, Copy)]
struct Write {
    name: &'static str,
    class: &'static str,
    is_update: bool,
    /// Whether the update changes what rules read.
    changes_facts: bool,
}

const WRITES: [Write; 4] = [
    Write {
        name: "nginx Ingress created",
        class: "nginx",
        is_update: false,
        changes_facts: true,
    },
    Write {
        name: "nginx Ingress changed",
        class: "nginx",
        is_update: true,
        changes_facts: true,
    },
    Write {
        name: "ALB Ingress, facts unchanged",
        class: "alb",
        is_update: true,
        changes_facts: false,
    },
    Write {
        name: "ALB Ingress changed",
        class: "alb",
        is_update: true,
        changes_facts: true,
    },
];

/// Measures writes.
pub(super) fn measure(arguments: &Arguments, cluster: &ControlPlane, runtime: &Runtime) {
    let folder = tempfile::tempdir().unwrap();
    let install = |name: &str, start: &dyn Fn(SocketAddr, &WebhookCertificate) -> Process| {
        let address = cluster.create_webhook_service(HOME, name).unwrap();
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let certificate =
            WebhookCertificate::write_into(&folder, &format!("{name}.{HOME}.svc")).unwrap();
        let process = start(address.into(), &certificate);
        let configuration = configuration(name, &certificate.authority).to_string();
        assert!(cluster.apply(&configuration).unwrap().status.success());
        process
    };
    let _bare = install("bare", &|address, certificate| {
        Process::of_this(Role::Bare, 0, address, certificate)
    });
    let l7guard = install("l7guard", &|address, certificate| {
        ready::serve(cluster.kubeconfig(), address, certificate)
    });
    ready::wait_until_ready(&l7guard);
    let client = runtime.block_on(client(cluster));
    for name in ASKED {
        runtime.block_on(fill::namespace(&client, &asks(name), 1));
        runtime.block_on(fill::pods(&client, &asks(name), "app-0", arguments.pods));
    }
    println!(
        "{} Pods of one ReplicaSet behind each Service of an application\n",
        arguments.pods
    );
    println!(
        "| write, one after the other | no webhook, p50 ms | bare | l7guard | l7guard less bare | API server's CPU ms a write, bare | l7guard |\n|---|---|---|---|---|---|---|"
    );
    let api_server = cluster.api_server_id();
    for write in WRITES {
        let took = runtime.block_on(take_turns(&client, write, arguments.writes, api_server));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / f64::from(arguments.writes);
        let [_, bare_used, l7guard_used] = took.each_ref().map(|took| mean(&took.used));
        let [nobody, bare, l7guard] = took.map(|took| median(took.milliseconds));
        println!(
            "| {} | {nobody:.2} | {bare:.2} | {l7guard:.2} | {:+.2} | {bare_used:.2} | {l7guard_used:.2} |",
            write.name,
            l7guard - bare
        );
    }
    println!("\nresident afterwards: {:.1} MiB", l7guard.resident());
}

/// The namespace about whose writes somebody is asked.
fn asks(name: &str) -> String {
    format!("asks-{name}")
}

/// What writes took, and what the API server used for them, each in milliseconds.
#[derive(Default)]
struct Took {
    milliseconds: Vec<f64>,
    used: Vec<f64>,
}

/// Writes in each of the namespaces in turn.
async fn take_turns(client: &Client, write: Write, count: u32, api_server: u32) -> [Took; 3] {
    let mut took: [Took; 3] = Default::default();
    for number in 0..WARM_UP + count {
        for (index, name) in ASKED.iter().enumerate() {
            let (milliseconds, used) = once(client, write, &asks(name), number, api_server).await;
            if number >= WARM_UP {
                took[index].milliseconds.push(milliseconds);
                took[index].used.push(used);
            }
        }
    }
    took
}

/// Creates an Ingress, changes it if that is what is measured, and deletes it.
async fn once(
    client: &Client,
    write: Write,
    namespace: &str,
    number: u32,
    api_server: u32,
) -> (f64, f64) {
    let ingresses = collection(NETWORKING, Some(namespace), "ingresses");
    let mut object = ingress(namespace, write.class, "app-0", "/");
    object["metadata"]["name"] = json!("written");
    let mut used = running_time(api_server);
    let began = Instant::now();
    let mut written = fill::create(client, &ingresses, &object).await;
    let mut took = began.elapsed();
    let path = format!("{ingresses}/written");
    if write.is_update {
        written["metadata"]["annotations"]["example.com/build"] = json!(number.to_string());
        if write.changes_facts {
            written["spec"]["rules"][0]["http"]["paths"][1]["backend"]["service"]["name"] =
                json!("app-0-internal");
        }
        let request = Request::put(&path).header("content-type", "application/json");
        let request = request.body(written.to_string().into_bytes()).unwrap();
        used = running_time(api_server);
        let began = Instant::now();
        client.request::<Value>(request).await.unwrap();
        took = began.elapsed();
    }
    let used = running_time(api_server).saturating_sub(used);
    let request = Request::delete(&path).body(Vec::new()).unwrap();
    client.request::<Value>(request).await.unwrap();
    (took.as_secs_f64() * 1000.0, used.as_secs_f64() * 1000.0)
}

fn configuration(name: &str, authority: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{
            "name": format!("{name}.{HOME}.svc"),
            "clientConfig": {
                "service": {"namespace": HOME, "name": name, "path": "/validate", "port": WEBHOOK_PORT},
                "caBundle": STANDARD.encode(authority),
            },
            "rules": [{
                "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"], "resources": ["ingresses"],
            }],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": asks(name)}},
            "failurePolicy": "Fail",
            "matchPolicy": "Equivalent",
            "sideEffects": "None",
            "timeoutSeconds": 10,
            "admissionReviewVersions": ["v1"],
        }],
    })
}
