//! An installation whose replicas make their certificates themselves, behind one Service.

use std::net::{SocketAddr, SocketAddrV4, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control_plane::{Forwarder, WEBHOOK_PORT, WebhookCertificate};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::kubectl::{kubectl_with_input, silent_success};
use crate::scene::Scene;
use crate::serve::Serve;
use control_plane::until;

/// What stands in the caBundle of an entry that is not ours.
pub(crate) const THEIRS: &str = "not ours";

/// How long a draining replica goes on.
const DRAIN: Duration = Duration::from_secs(1);

/// An installation: its namespace, which is the name of its webhook configuration too, and its Service `guard`.
pub(crate) struct Managed<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) namespace: &'static str,
    pub(crate) service: Forwarder,
    /// Seconds that an authority, a certificate and an overlap last; without them as by default.
    pub(crate) lifetimes: Option<&'static str>,
}

pub(crate) struct Replica {
    pub(crate) serve: Serve,
    pub(crate) endpoint: SocketAddrV4,
}

impl<'a> Managed<'a> {
    /// A Service and a webhook configuration without caBundle.
    pub(crate) fn install(
        scene: &'a Scene,
        namespace: &'static str,
        lifetimes: Option<&'static str>,
    ) -> Result<Self, Failed> {
        let address = scene.cluster.create_webhook_service(namespace, "guard")?;
        let service = Forwarder::listen(address)?;
        silent_success(&scene.apply(&configuration(namespace).to_string())?)?;
        Ok(Self {
            scene,
            namespace,
            service,
            lifetimes,
        })
    }

    /// Starts a replica, to which nothing is sent yet.
    pub(crate) fn start(&self, name: &str, kubeconfig: &Path) -> Result<Replica, Failed> {
        let endpoint = free_endpoint()?;
        let (kubeconfig, service) = (
            kubeconfig.display().to_string(),
            format!("{}/guard", self.namespace),
        );
        let mut options = vec!["--kubeconfig", &kubeconfig, "--service", &service];
        options.extend([
            "--webhook-configuration",
            self.namespace,
            "--managed-certificates",
        ]);
        if let Some(lifetimes) = self.lifetimes {
            options.extend(["--certificate-lifetimes", lifetimes]);
        }
        let log = self.log(name);
        let serve = Serve::start_with(endpoint, &options, DRAIN, &log)?;
        Ok(Replica { serve, endpoint })
    }

    /// Starts a replica with certificates from files.
    pub(crate) fn start_with_files(
        &self,
        name: &str,
        certificate: &WebhookCertificate,
    ) -> Result<Replica, Failed> {
        let endpoint = free_endpoint()?;
        let log = self.log(name);
        let serve = Serve::start(endpoint, certificate, DRAIN, &log)?;
        Ok(Replica { serve, endpoint })
    }

    /// Has our entries trust an authority, as somebody does who brings files.
    pub(crate) fn trust(&self, authority: &str) -> Result<(), Failed> {
        let ca_bundle = STANDARD.encode(authority);
        let add = |entry: usize| {
            let path = format!("/webhooks/{entry}/clientConfig/caBundle");
            json!({"op": "add", "path": path, "value": ca_bundle})
        };
        let patch = json!([add(0), add(2)]).to_string();
        let named = ["patch", "validatingwebhookconfiguration", self.namespace];
        self.kubectl(&[&named[..], &["--type=json", "--patch", &patch]].concat())
    }

    fn log(&self, name: &str) -> PathBuf {
        let name = format!("{}-{name}.log", self.namespace);
        self.scene.logs().join(name)
    }

    /// Starts two replicas at the same time, and returns when both are ready and get connections.
    pub(crate) fn start_two(&self) -> Result<[Replica; 2], Failed> {
        let kubeconfig = self.scene.cluster.kubeconfig();
        let (one, two) = thread::scope(|scope| {
            let one = scope.spawn(|| self.start("one", kubeconfig));
            let two = self.start("two", kubeconfig);
            (one.join(), two)
        });
        let replicas = [one.map_err(|_| "a thread panicked")??, two?];
        for replica in &replicas {
            replica.until_ready()?;
            self.service.add(replica.endpoint);
        }
        Ok(replicas)
    }

    pub(crate) fn configuration(&self) -> Result<Value, Failed> {
        let named = ["validatingwebhookconfiguration", self.namespace];
        Ok(self.scene.cluster.get_json(&named)?)
    }

    pub(crate) fn secret(&self) -> Result<Value, Failed> {
        let named = ["secret", "guard-ca", "--namespace", self.namespace];
        Ok(self.scene.cluster.get_json(&named)?)
    }

    /// The certificates that our entry trusts, PEM; empty without any.
    pub(crate) fn trusted(&self) -> Result<Vec<String>, Failed> {
        certificates(&self.configuration()?["webhooks"][0]["clientConfig"]["caBundle"])
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Result<(), Failed> {
        silent_success(&self.scene.kubectl(arguments)?)?;
        Ok(())
    }

    /// What a user gets to see who writes what is forbidden.
    pub(crate) fn violate(&self) -> Result<String, Failed> {
        Ok(self.create(&violator(self.namespace))?.unwrap_or_default())
    }

    /// Returns when the API server asks a replica and takes its answer.
    pub(crate) fn until_asked(&self) -> Result<(), Failed> {
        until("the API server asks the webhook", || {
            Ok(self.violate()?.contains("denied the request").then_some(()))
        })
    }

    /// Tries to create objects. `Some` has the error.
    fn create(&self, objects: &Value) -> Result<Option<String>, Failed> {
        let create = ["create", "--dry-run=server", "--filename", "-"];
        let outcome = kubectl_with_input(&self.scene.cluster, &create, &objects.to_string())?;
        Ok((!outcome.status.success()).then_some(outcome.stderr))
    }

    /// Does something while one user writes what is allowed and another one what is not. Nothing that should pass is refused,
    /// and nothing that should be refused passes. Returns how many writes there were of each.
    pub(crate) fn under_load(
        &self,
        act: impl FnOnce() -> Result<(), Failed>,
    ) -> Result<[usize; 2], Failed> {
        let (stop, counts) = (
            AtomicBool::new(false),
            [AtomicUsize::new(0), AtomicUsize::new(0)],
        );
        let (stop, counts) = (&stop, &counts);
        thread::scope(|scope| {
            let writers = [0, 1].map(|forbidden| {
                scope.spawn(move || self.write_until(stop, forbidden == 1, &counts[forbidden]))
            });
            let acted = act();
            stop.store(true, Ordering::SeqCst);
            for writer in writers {
                writer.join().map_err(|_| "a writer panicked")??;
            }
            acted
        })?;
        Ok([0, 1].map(|forbidden| counts[forbidden].load(Ordering::SeqCst)))
    }

    fn write_until(
        &self,
        stop: &AtomicBool,
        is_forbidden: bool,
        count: &AtomicUsize,
    ) -> Result<(), Failed> {
        let object = if is_forbidden {
            violator(self.namespace)
        } else {
            services(self.namespace)
        };
        while !stop.load(Ordering::SeqCst) {
            let refused = self.create(&object)?;
            let is_right = match &refused {
                None => !is_forbidden,
                Some(error) => is_forbidden && error.contains("denied the request"),
            };
            if !is_right {
                return Err(format!("forbidden: {is_forbidden}, refused: {refused:?}").into());
            }
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }
}

impl Replica {
    pub(crate) fn is_ready(&self) -> Result<bool, Failed> {
        Ok(self.serve.readiness()?.starts_with("HTTP/1.1 200"))
    }

    pub(crate) fn until_ready(&self) -> Result<(), Failed> {
        until("a replica is ready", || Ok(self.is_ready()?.then_some(())))
    }

    /// Waits until it is not ready for a reason with these words.
    pub(crate) fn until_not_ready(&self, reason: &str) -> Result<(), Failed> {
        until(&format!("not ready: {reason}"), || {
            let readiness = self.serve.readiness()?;
            let is_told = readiness.starts_with("HTTP/1.1 503") && readiness.contains(reason);
            Ok(is_told.then_some(()))
        })
    }

    pub(crate) fn logged(&self, text: &str) -> Result<usize, Failed> {
        Ok(self.serve.log()?.matches(text).count())
    }
}

fn free_endpoint() -> Result<SocketAddrV4, Failed> {
    match TcpListener::bind("127.0.0.1:0")?.local_addr()? {
        SocketAddr::V4(endpoint) => Ok(endpoint),
        SocketAddr::V6(_) => Err("no IPv4 address".into()),
    }
}

/// The certificates of a PEM text in base64.
pub(crate) fn certificates(encoded: &Value) -> Result<Vec<String>, Failed> {
    let pem = STANDARD.decode(encoded.as_str().unwrap_or_default())?;
    let text = String::from_utf8(pem)?;
    let sections = text.split_inclusive("-----END CERTIFICATE-----\n");
    Ok(sections.map(str::to_owned).collect())
}

fn configuration(namespace: &str) -> Value {
    let entry = |name: String, service: Value, rules: Value| {
        json!({
            "name": name,
            "clientConfig": {"service": service},
            "rules": rules,
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "timeoutSeconds": 5,
            "admissionReviewVersions": ["v1"],
        })
    };
    let rule = |group: &str, resource: &str| {
        json!({
            "apiGroups": [group],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": [resource],
        })
    };
    let ours =
        json!({"namespace": namespace, "name": "guard", "path": "/validate", "port": WEBHOOK_PORT});
    let rules = json!([rule("networking.k8s.io", "ingresses"), rule("", "services")]);
    let theirs = json!({"namespace": "elsewhere", "name": "guard"});
    let mut other = entry(
        format!("other.{namespace}.svc"),
        theirs,
        json!([rule("example.com", "nothing")]),
    );
    other["clientConfig"]["caBundle"] = json!(STANDARD.encode(THEIRS));
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": namespace},
        "webhooks": [
            entry(format!("guard.{namespace}.svc"), ours.clone(), rules),
            other,
            entry(format!("last.{namespace}.svc"), ours, json!([rule("example.com", "nothing")])),
        ],
    })
}

fn violator(namespace: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"namespace": namespace, "name": "violator"},
        "spec": {
            "ingressClassName": "public",
            "defaultBackend": {"service": {"name": "istio-ingressgateway", "port": {"number": 80}}},
        },
    })
}

/// Many, so that a write goes on at every moment.
fn services(namespace: &str) -> Value {
    let services = (0..10).map(|number| {
        json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"namespace": namespace, "name": format!("web-{number}")},
            "spec": {"ports": [{"port": 80}]},
        })
    });
    json!({"apiVersion": "v1", "kind": "List", "items": services.collect::<Vec<_>>()})
}
