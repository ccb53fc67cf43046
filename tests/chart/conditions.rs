//! Which writes the API server asks about. It evaluates the chart's `matchConditions` itself, in front of a webhook that records
//! what it is asked; every entry says `Fail`, so that an expression that fails is a refused write.

use kube::api::{DeleteParams, DynamicObject, PostParams};
use l7guard_policy::objects::{Naming, Source, read};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Installed;
use crate::cluster::Cluster;
use crate::recorder::Recorder;
use crate::targets::{Change, Target, changed, targets};
use crate::writes::fields;

pub(crate) const CASES: &[Installed] = &[
    (
        "a creation is asked about, of each kind, by its own entry alone and once",
        creations,
    ),
    (
        "what no rule reads is not asked about: no-ops, finalizers, owners, checkpoints, status",
        idle_updates,
    ),
    (
        "a change of what rules read is asked about",
        telling_updates,
    ),
    ("every dry run is asked about, also of no change", dry_runs),
    (
        "no update that is not asked about changes what rules read: random fields, absent and null",
        random_updates,
    ),
    ("the largest objects pass the expressions", largest_objects),
    (
        "a kind that is switched off is not asked about",
        switched_off,
    ),
];

/// Everything fails where it can.
const ENFORCED: &[&str] = &[
    "enforcement=enforce",
    "webhook.kinds.services.failurePolicy=Fail",
];

fn recorded(
    cluster: &Cluster,
    values: &[&str],
    trial: impl FnOnce(&Recorder) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let values = [
        &[
            "certificates.mode=files",
            "certificates.files.secretName=brought",
        ],
        values,
    ]
    .concat();
    cluster.installed(&values, |cluster| trial(&Recorder::start(cluster)?))
}

/// A stored object, which is deleted in the end.
struct Stored<'a> {
    cluster: &'a Cluster,
    object: Value,
}

impl<'a> Stored<'a> {
    fn create(cluster: &'a Cluster, object: &Value) -> Result<Self, Failed> {
        let sent: DynamicObject = serde_json::from_value(object.clone())?;
        let (api, parameters) = (cluster.api(object), PostParams::default());
        let object = cluster.runtime.block_on(api.create(&parameters, &sent))?;
        Ok(Self {
            cluster,
            object: serde_json::to_value(object)?,
        })
    }

    /// Replaces it by itself with changes.
    fn update(&mut self, changes: &[Change], is_dry_run: bool) -> Result<(), Failed> {
        let sent: DynamicObject = serde_json::from_value(changed(&self.object, changes))?;
        let name = self.object["metadata"]["name"].as_str().unwrap_or_default();
        let parameters = PostParams {
            dry_run: is_dry_run,
            ..PostParams::default()
        };
        let api = self.cluster.api(&self.object);
        let replaced = api.replace(name, &parameters, &sent);
        let stored = serde_json::to_value(self.cluster.runtime.block_on(replaced)?)?;
        if !is_dry_run {
            self.object = stored;
        }
        Ok(())
    }
}

impl Drop for Stored<'_> {
    fn drop(&mut self) {
        let _ = self.update(&[("/metadata/finalizers", None)], false);
        let name = self.object["metadata"]["name"].as_str().unwrap_or_default();
        let api = self.cluster.api(&self.object);
        let _ = self
            .cluster
            .runtime
            .block_on(api.delete(name, &DeleteParams::default()));
    }
}

fn creations(cluster: &Cluster) -> Result<(), Failed> {
    recorded(cluster, ENFORCED, |recorder| {
        for target in targets("creation") {
            let _stored = Stored::create(cluster, &target.object)?;
            let asked = recorder.take();
            let kinds: Vec<&Value> = asked
                .iter()
                .map(|request| &request["kind"]["kind"])
                .collect();
            assert_eq!(kinds, [&target.object["kind"]], "{}", target.entry);
        }
        Ok(())
    })
}

/// Changes that no rule reads, of any kind.
fn idle() -> Vec<Change<'static>> {
    let owner = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": "0f0f"}]);
    vec![
        ("/nothing", None),
        ("/metadata/finalizers", Some(json!(["example.com/keep"]))),
        ("/metadata/finalizers", None),
        ("/metadata/ownerReferences", Some(owner)),
        ("/metadata/managedFields", None),
        ("/status", Some(json!({}))),
    ]
}

/// What the controller writes of its bindings.
fn idle_of_bindings() -> Vec<Change<'static>> {
    vec![
        (
            "/metadata/annotations/elbv2.k8s.aws~1checkpoint",
            Some(json!("2")),
        ),
        ("/metadata/annotations", None),
        ("/spec/networking", Some(json!({"ingress": []}))),
        ("/spec/ipAddressType", Some(json!("ipv4"))),
        ("/spec/vpcID", Some(json!("vpc-1"))),
        ("/status", Some(json!({"observedGeneration": 1}))),
    ]
}

fn idle_updates(cluster: &Cluster) -> Result<(), Failed> {
    recorded(cluster, ENFORCED, |recorder| {
        for target in targets("idle") {
            let mut stored = Stored::create(cluster, &target.object)?;
            let of_bindings = if target.is_binding {
                idle_of_bindings()
            } else {
                Vec::new()
            };
            recorder.take();
            for change in idle().into_iter().chain(of_bindings) {
                let what = format!("{} {change:?}", target.object["kind"]);
                stored
                    .update(&[change], false)
                    .map_err(|error| format!("{what}: {error:?}"))?;
                assert_eq!(recorder.take(), [] as [Value; 0], "{what}");
            }
        }
        Ok(())
    })
}

/// Changes that rules may read.
fn telling(target: &Target) -> Vec<Change<'static>> {
    let mut changes = vec![
        ("/metadata/labels/team", Some(json!("shop"))),
        ("/metadata/labels/team", None),
        ("/metadata/labels", Some(json!({"a": "b"}))),
    ];
    if target.is_binding {
        changes.extend([
            (
                "/spec/serviceRef",
                Some(json!({"name": "other", "port": 80})),
            ),
            ("/spec/serviceRef/name", None),
            ("/spec/serviceRef", None),
            (
                "/spec/targetGroupARN",
                Some(json!(
                    "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/2"
                )),
            ),
            ("/spec/targetGroupARN", None),
            ("/spec/targetGroupName", Some(json!("web"))),
            ("/spec/targetGroupProtocol", Some(json!("HTTP"))),
            ("/spec/targetGroupProtocol", None),
            ("/spec", Some(Value::Null)),
            ("/spec", Some(json!({"serviceRef": null}))),
            ("/spec/serviceRef", Some(json!(["list"]))),
            ("/spec", None),
        ]);
    } else {
        changes.extend([
            ("/metadata/annotations/note", Some(json!("two"))),
            ("/metadata/annotations", None),
        ]);
    }
    changes
}

fn telling_updates(cluster: &Cluster) -> Result<(), Failed> {
    recorded(cluster, ENFORCED, |recorder| {
        for target in targets("telling") {
            let mut stored = Stored::create(cluster, &target.object)?;
            recorder.take();
            for change in telling(&target) {
                let what = format!("{} {change:?}", target.object["kind"]);
                // What the API server makes of it may be no change: a spec of null that was absent before.
                let before = stored.object.clone();
                stored
                    .update(&[change], false)
                    .map_err(|error| format!("{what}: {error:?}"))?;
                let is_change = ["/spec", "/metadata/labels", "/metadata/annotations"]
                    .iter()
                    .any(|place| before.pointer(place) != stored.object.pointer(place));
                assert!(is_change, "{what} changes nothing");
                assert_eq!(recorder.take().len(), 1, "{what}");
            }
        }
        Ok(())
    })
}

fn dry_runs(cluster: &Cluster) -> Result<(), Failed> {
    recorded(cluster, ENFORCED, |recorder| {
        for target in targets("dry") {
            let mut stored = Stored::create(cluster, &target.object)?;
            recorder.take();
            stored.update(&[], true)?;
            let asked = recorder.take();
            assert_eq!(asked.len(), 1, "{}", target.entry);
            assert_eq!(asked[0]["dryRun"], true);
            stored.update(&[], false)?;
            assert_eq!(recorder.take().len(), 0, "{}", target.entry);
        }
        Ok(())
    })
}

/// How many updates of each kind are tried.
const UPDATES: usize = 150;

fn random_updates(cluster: &Cluster) -> Result<(), Failed> {
    recorded(cluster, ENFORCED, |recorder| {
        let mut random = fastrand::Rng::with_seed(7);
        for target in targets("random") {
            let mut stored = Stored::create(cluster, &target.object)?;
            let (fields, kind) = (fields(&target.object), &target.object["kind"]);
            recorder.take();
            let (mut skipped, mut asked) = (0, 0);
            for _ in 0..UPDATES {
                let changes: Vec<Change> = (0..random.usize(1..=2))
                    .filter_map(|_| {
                        let (pointer, values) = fields.get(random.usize(..fields.len()))?;
                        Some((*pointer, values.get(random.usize(..values.len()))?.clone()))
                    })
                    .collect();
                let before = stored.object.clone();
                // The API server refuses some of them: that says nothing about the expressions, if they do not fail.
                if let Err(error) = stored.update(&changes, false) {
                    let error = error.message().unwrap_or_default().to_owned();
                    assert!(
                        !error.contains("l7guard") && !error.contains("webhook"),
                        "{kind} {changes:?}: {error}"
                    );
                    recorder.take();
                    continue;
                }
                if recorder.take().is_empty() {
                    skipped += 1;
                    assert_eq!(facts(&before), facts(&stored.object), "{kind} {changes:?}");
                } else {
                    asked += 1;
                }
            }
            assert!(
                skipped > 4 && asked > 20,
                "{kind}: {skipped} skipped, {asked} asked about"
            );
        }
        Ok(())
    })
}

/// All that any rule can read of an object. What cannot be read has no path.
fn facts(object: &Value) -> String {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let naming = Naming {
        api_version: text("apiVersion"),
        kind: text("kind"),
        default_namespace: "",
        default_name: "",
    };
    let facts = read(naming, Source::Value(object));
    facts.map_or_else(|_| "unreadable".to_owned(), |facts| format!("{facts:?}"))
}

fn largest_objects(cluster: &Cluster) -> Result<(), Failed> {
    let path = |number: usize| {
        json!({
            "path": format!("/{number}/{}", "x".repeat(40)), "pathType": "Prefix",
            "backend": {"service": {"name": "web", "port": {"number": 80}}},
        })
    };
    recorded(cluster, ENFORCED, |recorder| {
        for mut target in targets("largest") {
            target.object["metadata"]["annotations"]["large"] = json!("y".repeat(250 << 10));
            if target.object["kind"] == "Ingress" {
                // As much as etcd takes.
                let paths: Vec<Value> = (0..4_000).map(path).collect();
                target.object["spec"]["rules"] = json!([{"http": {"paths": paths}}]);
            }
            if target.is_binding {
                let ports: Vec<Value> = (0..20_000).map(|port| json!({"port": port})).collect();
                target.object["spec"]["networking"] = json!({"ingress": [{"ports": ports}]});
            }
            let mut stored = Stored::create(cluster, &target.object)?;
            recorder.take();
            stored.update(
                &[("/metadata/finalizers", Some(json!(["example.com/keep"])))],
                false,
            )?;
            assert_eq!(recorder.take().len(), 0, "{}", target.entry);
            stored.update(&[("/metadata/labels/team", Some(json!("shop")))], false)?;
            assert_eq!(recorder.take().len(), 1, "{}", target.entry);
        }
        Ok(())
    })
}

fn switched_off(cluster: &Cluster) -> Result<(), Failed> {
    let off = [ENFORCED, &["webhook.kinds.routes.enabled=false"]].concat();
    recorded(cluster, &off, |recorder| {
        for target in targets("off") {
            let _stored = Stored::create(cluster, &target.object)?;
            let expected = usize::from(target.entry != "routes");
            assert_eq!(recorder.take().len(), expected, "{}", target.entry);
        }
        Ok(())
    })
}
