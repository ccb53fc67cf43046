//! Users who write all the time: objects that have to pass, and objects that have to be refused.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use control_plane::until;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::cluster::{Cluster, NAMESPACE};

/// How many users write what has to pass, and as many what has to be refused. More than one, so that a write goes on at every
/// moment and the API server opens more than one connection.
const WRITERS: usize = 2;

/// How many writes were answered as they have to be.
#[derive(Default)]
pub(crate) struct Answered {
    passed: AtomicUsize,
    refused: AtomicUsize,
}

impl Answered {
    fn counts(&self) -> [usize; 2] {
        [&self.passed, &self.refused].map(|count| count.load(Ordering::SeqCst))
    }

    /// Returns after so many more writes of each sort.
    pub(crate) fn until_more(&self, more: usize) -> Result<(), Failed> {
        let before = self.counts();
        until("writes are answered", || {
            let now = self.counts();
            let has_more = (0..2).all(|sort| now[sort] >= before[sort] + more);
            Ok(has_more.then_some(()))
        })
    }
}

/// Does something while users write. The first write that is not answered as it has to be is an error: one that should pass and
/// is refused for whatever reason, and one that should be refused and passes, or fails for another reason.
pub(crate) fn under_load(
    cluster: &Cluster,
    act: impl FnOnce(&Answered) -> Result<(), Failed>,
) -> Result<[usize; 2], Failed> {
    let (stop, answered) = (&AtomicBool::new(false), &Answered::default());
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .flat_map(|number| {
                [
                    scope.spawn(move || good_writes(cluster, number, stop, answered)),
                    scope.spawn(move || bad_writes(cluster, number, stop, answered)),
                ]
            })
            .collect();
        let acted = act(answered);
        stop.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.join().map_err(|_| "a writer panicked")??;
        }
        acted
    })?;
    Ok(answered.counts())
}

fn ingress(name: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"namespace": NAMESPACE, "name": name},
        "spec": {
            "ingressClassName": "alb",
            "defaultBackend": {"service": {"name": service, "port": {"number": 80}}},
        },
    })
}

/// One object of one user.
struct Written<'a> {
    cluster: &'a Cluster,
    api: Api<DynamicObject>,
    name: String,
}

impl<'a> Written<'a> {
    fn new(cluster: &'a Cluster, name: String) -> Self {
        let api = cluster.api(&ingress(&name, "web"));
        Self { cluster, api, name }
    }

    fn create(&self, service: &str) -> Result<(), Failed> {
        let object: DynamicObject = serde_json::from_value(ingress(&self.name, service))?;
        let parameters = PostParams::default();
        let created = self.api.create(&parameters, &object);
        Ok(self.cluster.runtime.block_on(created).map(drop)?)
    }

    fn patch(&self, patch: &Value) -> Result<(), Failed> {
        let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
        let patched = self.api.patch(&self.name, &parameters, &patch);
        Ok(self.cluster.runtime.block_on(patched).map(drop)?)
    }

    fn delete(&self) -> Result<(), Failed> {
        let parameters = DeleteParams::default();
        let deleted = self.api.delete(&self.name, &parameters);
        Ok(self.cluster.runtime.block_on(deleted).map(drop)?)
    }
}

fn good_writes(
    cluster: &Cluster,
    number: usize,
    stop: &AtomicBool,
    answered: &Answered,
) -> Result<(), Failed> {
    let written = Written::new(cluster, format!("load-good-{number}"));
    let passes = |write: Result<(), Failed>| {
        write.map_err(|error| {
            let error = error.message().unwrap_or_default().to_owned();
            format!("a write that should pass was refused: {error}")
        })
    };
    while !stop.load(Ordering::SeqCst) {
        passes(written.create("web"))?;
        passes(written.patch(&json!({"metadata": {"labels": {"team": "shop"}}})))?;
        answered.passed.fetch_add(2, Ordering::SeqCst);
        // Nobody is asked about that.
        written.delete()?;
    }
    Ok(())
}

/// Creations, and updates of an object that passed.
fn bad_writes(
    cluster: &Cluster,
    number: usize,
    stop: &AtomicBool,
    answered: &Answered,
) -> Result<(), Failed> {
    let created = Written::new(cluster, format!("load-bad-{number}"));
    let updated = Written::new(cluster, format!("load-turned-{number}"));
    updated.create("web")?;
    let gateway = &ingress("", "istio-ingressgateway")["spec"];
    while !stop.load(Ordering::SeqCst) {
        for write in [
            created.create("istio-ingressgateway"),
            updated.patch(&json!({"spec": gateway})),
        ] {
            is_denied(write)?;
            answered.refused.fetch_add(1, Ordering::SeqCst);
        }
    }
    updated.delete()
}

fn is_denied(write: Result<(), Failed>) -> Result<(), Failed> {
    let Err(error) = write else {
        return Err("a write that should be refused passed".into());
    };
    let error = error.message().unwrap_or_default();
    let is_ours = ["denied the request", "L7G001"]
        .iter()
        .all(|words| error.contains(words));
    if is_ours {
        return Ok(());
    }
    Err(format!("a write was refused for another reason: {error}").into())
}
