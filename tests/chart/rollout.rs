//! Replicas behind the Service of the installed chart, while users write: a rolling update and a rotation of the authority refuse
//! nothing that should pass, and let nothing pass that should be refused.
//!
//! `L7GUARD_ROTATIONS=N` runs the long form, of two minutes a rotation: authorities that live 90 seconds take their course N
//! times, under a rolling update each, and a replica lags behind until its certificate is about to expire.

use std::net::SocketAddrV4;
use std::thread;

use control_plane::{Forwarder, until};
use libtest_mimic::Failed;
use serde_json::json;

use crate::Installed;
use crate::ca_bundle::{trusted, until_bundled};
use crate::cluster::{Cluster, install, succeeded};
use crate::load::{Answered, under_load};
use crate::render::RELEASE;
use crate::replica::Replica;
use crate::say;

pub(crate) const CASES: &[Installed] = &[
    (
        "two replicas that start at once make one authority; rolling update and rotation answer every write as before",
        nothing_is_lost,
    ),
    (
        "authorities that expire rotate under rolling updates, and a lagging replica is not ready before its certificate ends",
        rotations,
    ),
];

/// The chart's replicas and drain, but so that a trial is short.
const SHORT: &[&str] = &["enforcement=enforce", "replicas=2", "drainSeconds=1"];

/// An authority lives 90 seconds, its certificates 32, and a new one is trusted for five before it signs. A replica that lags
/// behind has four seconds between the end of its readiness and that of its certificate.
const LIFETIMES: &str = r"extraArguments={--certificate-lifetimes=90\,32\,5}";

/// How many writes of each sort tell that all is well.
const SOME: usize = 10;

/// The account of a replica that lags behind: it has the same roles as the others, and loses them.
const BEHIND: &str = "behind";

/// The Service, and the replicas that get its connections.
struct Replicas<'a> {
    cluster: &'a Cluster,
    service: Forwarder,
    running: Vec<(Replica, SocketAddrV4)>,
    started: usize,
}

impl<'a> Replicas<'a> {
    /// As many as the Deployment says, at once. The authority is made anew.
    fn start(cluster: &'a Cluster) -> Result<Self, Failed> {
        cluster.forget_authority()?;
        let service = cluster.get("service", RELEASE)?;
        let address = service["spec"]["clusterIP"].as_str().ok_or("no address")?;
        let address = format!("{address}:{}", service["spec"]["ports"][0]["port"]);
        let mut replicas = Self {
            cluster,
            service: Forwarder::listen(address.parse()?)?,
            running: Vec::new(),
            started: 0,
        };
        let count = cluster.get("deployment", RELEASE)?["spec"]["replicas"].clone();
        let names: Vec<String> = (0..count.as_u64().ok_or("no number")?)
            .map(|_| replicas.name())
            .collect();
        thread::scope(|scope| {
            let start = |name| scope.spawn(move || Replica::start_beside(cluster, name));
            let started: Vec<_> = names.iter().map(|name| start(name.as_str())).collect();
            for replica in started {
                replicas.add(replica.join().map_err(|_| "panicked")??)?;
            }
            Ok::<_, Failed>(())
        })?;
        replicas.running[0].0.wait_until_asked(cluster)?;
        Ok(replicas)
    }

    fn name(&mut self) -> String {
        self.started += 1;
        format!("rollout-{}", self.started)
    }

    fn add(&mut self, mut replica: Replica) -> Result<(), Failed> {
        let address = replica.listens_at()?;
        self.service.add(address);
        self.running.push((replica, address));
        Ok(())
    }

    /// What the Deployment's controller does of an upgrade: `maxSurge: 1`, `maxUnavailable: 0`.
    fn roll(&mut self) -> Result<(), Failed> {
        for _ in 0..self.running.len() {
            let name = self.name();
            self.add(Replica::start_beside(self.cluster, &name)?)?;
            let (old, address) = self.running.remove(0);
            self.end(old, address)?;
        }
        Ok(())
    }

    /// The endpoint goes a little later than the process is told, as in a cluster.
    fn end(&self, mut replica: Replica, address: SocketAddrV4) -> Result<(), Failed> {
        replica.terminate()?;
        until("it drains", || {
            Ok(replica.log()?.contains("draining").then_some(()))
        })?;
        self.service.remove(address);
        assert_eq!(replica.ended()?.code(), Some(0), "{}", replica.log()?);
        Ok(())
    }

    /// How often each replica has logged this.
    fn logged(&self, text: &str) -> Result<Vec<usize>, Failed> {
        let count = |(replica, _): &(Replica, SocketAddrV4)| {
            Ok::<_, Failed>(replica.log()?.matches(text).count())
        };
        self.running.iter().map(count).collect()
    }

    /// By deleting the Secret, as docs/operations.md says. Returns when every replica has a certificate of the new one.
    fn rotate(&self) -> Result<(), Failed> {
        let (issued, before) = (self.logged(ISSUED)?, trusted(self.cluster)?);
        let named = ["delete", "secret", "l7guard-ca", "--namespace", RELEASE];
        self.cluster.kubectl(&named)?;
        until(
            "every replica has a certificate of the new authority",
            || {
                let mut pairs = issued.iter().zip(self.logged(ISSUED)?);
                Ok(pairs.all(|(before, now)| now > *before).then_some(()))
            },
        )?;
        let after = trusted(self.cluster)?;
        assert!(before.iter().all(|authority| after.contains(authority)));
        assert_eq!(after.len(), before.len() + 1);
        Ok(())
    }
}

/// What a replica logs that has got a certificate.
const ISSUED: &str = "certificate issued";

fn nothing_is_lost(cluster: &Cluster) -> Result<(), Failed> {
    cluster.installed(SHORT, |cluster| {
        let mut replicas = Replicas::start(cluster)?;
        let made: usize = replicas
            .logged("certificate authorities written")?
            .iter()
            .sum();
        assert_eq!(made, 1);
        until_bundled(cluster)?;
        assert_eq!(trusted(cluster)?.len(), 1);
        let writes = under_load(cluster, |answered| {
            answered.until_more(SOME)?;
            install(
                &cluster.helms.four,
                &[SHORT, &["podLabels.update=one"]].concat(),
            )?;
            replicas.roll()?;
            replicas.rotate()?;
            answered.until_more(SOME)?;
            lags(&replicas, answered)
        })?;
        // Not asserted: how many there are says how busy the machine is.
        say(&format!(
            "writes that passed, and that were refused: {writes:?}"
        ));
        Ok(())
    })
}

/// A replica that does not hear of a rotation is still believed: all reviews go to it.
fn lags(replicas: &Replicas, answered: &Answered) -> Result<(), Failed> {
    let cluster = replicas.cluster;
    grant(cluster)?;
    let mut behind = Replica::start_beside_as(cluster, BEHIND, BEHIND)?;
    let address = behind.listens_at()?;
    revoke(cluster)?;
    let issued = behind.log()?.matches(ISSUED).count();
    replicas.service.add(address);
    for (_, other) in &replicas.running {
        replicas.service.remove(*other);
    }
    // The API server opens new connections when it hears of a new caBundle.
    replicas.rotate()?;
    until("it is told that it may not read the Secret", || {
        Ok(behind.log()?.contains("cannot get Secret").then_some(()))
    })?;
    let asked = behind.reviews()?;
    until("it is asked", || {
        answered.until_more(SOME)?;
        Ok((behind.reviews()? > asked).then_some(()))
    })?;
    assert_eq!(behind.log()?.matches(ISSUED).count(), issued);
    grant(cluster)?;
    until("it has caught up", || {
        Ok((behind.log()?.matches(ISSUED).count() > issued).then_some(()))
    })?;
    answered.until_more(SOME)?;
    for (_, other) in &replicas.running {
        replicas.service.add(*other);
    }
    replicas.end(behind, address)
}

/// The long form.
fn rotations(cluster: &Cluster) -> Result<(), Failed> {
    let Ok(rotations) = std::env::var("L7GUARD_ROTATIONS") else {
        return Ok(());
    };
    let rotations: usize = rotations.parse()?;
    let values = [SHORT, &[LIFETIMES]].concat();
    cluster.installed(&values, |cluster| {
        let mut replicas = Replicas::start(cluster)?;
        let writes = under_load(cluster, |answered| {
            for _ in 0..rotations {
                let first = trusted(cluster)?;
                until("another authority", || {
                    Ok((trusted(cluster)? != first).then_some(()))
                })?;
                replicas.roll()?;
                until("the first authority is gone", || {
                    answered.until_more(SOME)?;
                    let now = trusted(cluster)?;
                    Ok((!first.iter().any(|old| now.contains(old))).then_some(()))
                })?;
            }
            lags_to_the_end(&replicas, answered)
        })?;
        say(&format!(
            "writes that passed, and that were refused: {writes:?}"
        ));
        Ok(())
    })
}

/// It gets no new certificate, and is not ready before the one that it has expires.
fn lags_to_the_end(replicas: &Replicas, answered: &Answered) -> Result<(), Failed> {
    let cluster = replicas.cluster;
    grant(cluster)?;
    let mut behind = Replica::start_beside_as(cluster, BEHIND, BEHIND)?;
    let address = behind.listens_at()?;
    replicas.service.add(address);
    revoke(cluster)?;
    until("it is not ready", || {
        let readiness = behind.readiness()?;
        Ok(readiness
            .contains("is about to expire: cannot get Secret")
            .then_some(()))
    })?;
    replicas.service.remove(address);
    answered.until_more(SOME)?;
    grant(cluster)?;
    until("it is ready", || {
        Ok(behind
            .readiness()?
            .starts_with("HTTP/1.1 200")
            .then_some(()))
    })
}

/// Gives the account that lags behind the roles of the chart.
fn grant(cluster: &Cluster) -> Result<(), Failed> {
    let binding = |kind: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": format!("{kind}Binding"),
            "metadata": {"name": BEHIND, "namespace": RELEASE},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": RELEASE},
            "subjects": [{"kind": "ServiceAccount", "name": BEHIND, "namespace": RELEASE}],
        })
    };
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": BEHIND, "namespace": RELEASE},
    });
    let mut of_cluster = binding("ClusterRole");
    of_cluster["metadata"] = json!({"name": BEHIND});
    let objects = [account, binding("Role"), of_cluster].map(|object| object.to_string());
    succeeded(&cluster.plane.apply(&objects.join("\n---\n"))?)
}

/// Takes away what the Role grants: a watch that stands goes on, but nothing can be read any more.
fn revoke(cluster: &Cluster) -> Result<(), Failed> {
    let named = ["delete", "rolebinding", BEHIND, "--namespace", RELEASE];
    cluster.kubectl(&named).map(drop)
}
