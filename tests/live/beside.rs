//! Pods beside an application: a Service selects an ordinary Deployment and, with the same label, Pods that it did not make.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Case;
use crate::gate::{Passes, until};
use crate::scenery::{
    ALB, Write, binding, deployment, gateway, gateway_class, ingress, ingress_class, pod, route,
    service, target_group, workload,
};
use crate::stage::{Stage, done};

/// What stands beside the application.
struct Beside {
    name: &'static str,
    /// Writes it in a namespace, as a gateway or as an application.
    write: fn(&Scene, bool) -> Result<(), Failed>,
}

/// Where it is written.
struct Scene<'a> {
    stage: &'a Stage,
    at: &'a str,
}

const BESIDE: &[Beside] = &[
    Beside {
        name: "a bare Pod",
        write: |scene, is_gateway| scene.pod(is_gateway, None, &json!({})),
    },
    Beside {
        name: "a Pod of a Job",
        write: |scene, is_gateway| {
            let job = json!({
                "apiVersion": "batch/v1", "kind": "Job",
                "metadata": {"namespace": scene.at, "name": "job"},
                "spec": {"template": {"spec": {
                    "restartPolicy": "Never", "containers": [{"name": "main", "image": "registry.example/main:1"}],
                }}},
            });
            let owner = scene.write(&job)?;
            scene.pod(is_gateway, Some(&owner), &json!({}))
        },
    },
    Beside {
        name: "a Pod of a ReplicationController",
        write: |scene, is_gateway| {
            let pod = pod(scene.at, "web", is_gateway);
            let controller = json!({
                "apiVersion": "v1", "kind": "ReplicationController",
                "metadata": {"namespace": scene.at, "name": "controller"},
                "spec": {"selector": {"app": "web"}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod["spec"]}},
            });
            let owner = scene.write(&controller)?;
            scene.pod(is_gateway, Some(&owner), &json!({}))
        },
    },
    Beside {
        name: "a Pod of an old ReplicaSet of a Deployment that is paused",
        write: |scene, is_gateway| {
            scene.patch("deployment/web", &json!({"spec": {"paused": true}}))?;
            scene.old_revision(is_gateway)
        },
    },
    Beside {
        name: "a Pod of an old ReplicaSet of a Deployment whose roll-out is stuck",
        write: |scene, is_gateway| scene.old_revision(is_gateway),
    },
    Beside {
        name: "a Pod of a StatefulSet with OnDelete",
        write: |scene, is_gateway| scene.on_delete("StatefulSet", is_gateway),
    },
    Beside {
        name: "a Pod of a DaemonSet with OnDelete",
        write: |scene, is_gateway| scene.on_delete("DaemonSet", is_gateway),
    },
    Beside {
        name: "a Pod of a StatefulSet whose roll-out is stuck",
        write: |scene, is_gateway| {
            let set = workload("StatefulSet", scene.at, "set", false);
            scene.set(set, is_gateway, "old")
        },
    },
    Beside {
        name: "six Pods that nothing controls",
        write: |scene, is_gateway| {
            for number in 0..6 {
                let mut pod = pod(scene.at, "web", is_gateway && number == 5);
                pod["metadata"]["name"] = json!(format!("bare-{number}"));
                scene.write(&pod)?;
            }
            Ok(())
        },
    },
];

impl Scene<'_> {
    /// Writes an object. Returns what an owner reference to it says.
    fn write(&self, object: &Value) -> Result<Value, Failed> {
        let create = ["create", "--output", "json", "--filename", "-"];
        let outcome = self
            .stage
            .cluster
            .run_kubectl_with(&create, &object.to_string())?;
        done(&outcome)?;
        let written: Value = serde_json::from_str(&outcome.stdout)?;
        Ok(json!({
            "apiVersion": written["apiVersion"], "kind": written["kind"], "controller": true,
            "name": written["metadata"]["name"], "uid": written["metadata"]["uid"],
        }))
    }

    fn patch(&self, object: &str, patch: &Value) -> Result<(), Failed> {
        let patch = patch.to_string();
        let command = [
            "patch",
            object,
            "--namespace",
            self.at,
            "--type=merge",
            "--patch",
            &patch,
        ];
        done(&self.stage.cluster.run_kubectl(&command)?)
    }

    fn owner(&self, kind: &str, name: &str) -> Result<Value, Failed> {
        let owner: Value = self
            .stage
            .cluster
            .get_json(&[kind, name, "--namespace", self.at])?;
        Ok(json!({
            "apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
            "name": name, "uid": owner["metadata"]["uid"],
        }))
    }

    /// A Pod with the application's label.
    fn pod(&self, is_gateway: bool, owner: Option<&Value>, labels: &Value) -> Result<(), Failed> {
        let mut pod = pod(self.at, "web", is_gateway);
        pod["metadata"]["name"] = json!("beside");
        if let Some(owner) = owner {
            pod["metadata"]["ownerReferences"] = json!([owner]);
        }
        for (key, value) in labels.as_object().into_iter().flatten() {
            pod["metadata"]["labels"][key] = value.clone();
        }
        self.write(&pod).map(drop)
    }

    fn revision(&self, name: &str, is_gateway: bool) -> Result<Value, Failed> {
        let mut revision = workload("ReplicaSet", self.at, "web", is_gateway);
        revision["metadata"]["name"] = json!(name);
        revision["metadata"]["ownerReferences"] = json!([self.owner("deployment", "web")?]);
        self.write(&revision)
    }

    fn old_revision(&self, is_gateway: bool) -> Result<(), Failed> {
        let old = self.revision("web-old", is_gateway)?;
        self.pod(is_gateway, Some(&old), &json!({}))
    }

    fn on_delete(&self, kind: &str, is_gateway: bool) -> Result<(), Failed> {
        let mut set = workload(kind, self.at, "set", false);
        set["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
        self.set(set, is_gateway, "new")
    }

    /// A StatefulSet or DaemonSet of an application with a Pod of this revision; its controller says that all are new.
    fn set(&self, mut set: Value, is_gateway: bool, revision: &str) -> Result<(), Failed> {
        set["spec"]["template"]["metadata"]["labels"]["app"] = json!("web");
        set["spec"]["selector"]["matchLabels"]["app"] = json!("web");
        let kind = set["kind"].as_str().unwrap_or_default().to_lowercase();
        let owner = self.write(&set)?;
        let status = json!({"status": {
            "observedGeneration": 1, "replicas": 1, "updateRevision": "new", "currentNumberScheduled": 1,
            "numberMisscheduled": 0, "desiredNumberScheduled": 1, "numberReady": 1, "updatedNumberScheduled": 1,
        }});
        let status = status.to_string();
        let object = format!("{kind}/set");
        let command = [
            "patch",
            &object,
            "--namespace",
            self.at,
            "--subresource=status",
            "--type=merge",
            "--patch",
            &status,
        ];
        done(&self.stage.cluster.run_kubectl(&command)?)?;
        self.pod(
            is_gateway,
            Some(&owner),
            &json!({"controller-revision-hash": revision}),
        )
    }

    /// The application, one Pod of it, and what fronts need.
    async fn prepare(&self) -> Result<(), Failed> {
        let at = self.at;
        let known = [
            deployment(at, "web", false),
            service(at, "shop", "web"),
            ingress_class(at, ALB),
            gateway_class(at),
            gateway(at, "public", at),
        ];
        self.stage.know(&known).await?;
        let new = self.revision("web-new", false)?;
        let mut pod = pod(at, "web", false);
        pod["metadata"]["ownerReferences"] = json!([new]);
        self.write(&pod).map(drop)
    }

    /// Waits until the API server's cache has so many Pods of the application.
    async fn cached(&self, count: usize) -> Result<(), Failed> {
        let list = format!(
            "/api/v1/namespaces/{}/pods?labelSelector=app%3Dweb&resourceVersion=0",
            self.at
        );
        until("the cache has the Pods", || {
            let listed = self.stage.cluster.run_kubectl(&["get", "--raw", &list]);
            let listed = listed
                .ok()
                .and_then(|listed| serde_json::from_str::<Value>(&listed.stdout).ok());
            listed.is_some_and(|listed| {
                listed["items"]
                    .as_array()
                    .is_some_and(|pods| pods.len() >= count)
            })
        })
        .await
    }
}

fn fronts(at: &str, service: &str) -> [Value; 3] {
    let name = |kind: &str| format!("{kind}-{service}");
    let mut binding = binding(at, &name("binding"), service);
    binding["spec"]["targetGroupARN"] = json!(target_group(&format!("{at}-{service}")));
    [
        ingress(at, &name("ingress"), Some(at), service),
        route(at, &name("route"), "public", service),
        binding,
    ]
}

fn play(stage: &Stage, beside: &Beside, is_gateway: bool) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        let scene = Scene { stage, at };
        scene.prepare().await?;
        (beside.write)(&scene, is_gateway)?;
        scene
            .cached(if beside.name.starts_with("six") { 7 } else { 2 })
            .await?;
        let judged = async |write: Value| {
            let written = stage.hand.write(&Write::Create(write)).await?;
            if is_gateway {
                written.refused().map(drop)
            } else {
                written.accepted()
            }
        };
        for front in fronts(at, "shop") {
            judged(front).await?;
        }
        // The Service last, with a front that is known, and with one that was written a moment ago.
        for (number, front) in fronts(at, "late").into_iter().enumerate() {
            let late = format!("late-{number}");
            let front = front
                .to_string()
                .replace("\"late\"", &format!("\"{late}\""));
            stage.know(&[serde_json::from_str(&front)?]).await?;
            judged(service(at, &late, "web")).await?;
            stage.gate.let_pass(Passes::NoWatchEvents);
            let soon = format!("soon-{number}");
            let front = front.replace("late", "soon");
            stage
                .hand
                .create(&serde_json::from_str(&front)?)
                .await?
                .accepted()?;
            judged(service(at, &soon, "web")).await?;
            stage.gate.let_pass(Passes::Everything);
        }
        Ok(())
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let cases = BESIDE.iter().flat_map(|beside| {
        [
            (true, "a gateway is refused"),
            (false, "an application is accepted"),
        ]
        .map(|(is_gateway, what)| {
            let name = format!("beside an ordinary Deployment {what}: {}", beside.name);
            let case: Case = (name, Box::new(move |stage| play(stage, beside, is_gateway)));
            case
        })
    });
    cases.collect()
}
