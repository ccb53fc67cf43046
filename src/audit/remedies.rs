//! What repairs the findings of a live cluster. A remedy patches whole objects, and the inventory keeps facts alone: so the
//! objects that it asks for are read, those of the findings that are published and no others.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use futures_util::stream::{self, StreamExt};
use l7guard_policy::configuration::Configuration;
use l7guard_policy::confirmation::LiveQuery;
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::{Inventory, Overlay, World};
use l7guard_policy::remedy::{DocumentKey, Documents, Remedies, Remedy};
use l7guard_policy::rules::Finding;
use l7guard_policy::verdict::Judged;
use serde_json::Value;

use crate::cluster::ClusterWorld;
use crate::judge::ClusterView;
use crate::shares::{Flow, ReadAllowance, off_workers};

/// How many whole objects are read at most: a few for each of a thousand findings. The others count as not in sight.
const MOST: usize = 5_000;

/// How often whole objects may lead to further ones: front, Gateway, its class, the configuration that it refers to.
const ROUNDS: usize = 8;

/// How many are read at the same time.
const AT_ONCE: usize = 8;

/// What repairs findings.
#[derive(Debug, Default)]
pub struct Repairs {
    /// Each by itself, in the order of the findings.
    pub each: Vec<Remedy>,
    /// All together.
    pub all: Remedy,
    /// What could not be read, once each.
    pub errors: BTreeSet<String>,
}

/// Works out what repairs these findings of a cluster.
pub async fn repairs(
    world: &ClusterWorld,
    configuration: &Configuration,
    findings: &[Judged],
) -> Repairs {
    let mut errors = BTreeSet::new();
    let overlay = pods(world, findings, &mut errors).await;
    let mut whole = WholeObjects::default();
    for judged in findings {
        for key in &judged.finding.participants {
            whole.missed.get_mut().insert(key.into());
        }
    }
    for _ in 0..ROUNDS {
        let missed = std::mem::take(whole.missed.get_mut());
        if missed.is_empty() {
            break;
        }
        whole.read(world, missed, &mut errors).await;
        // Only to hear what it asks for.
        let _ = off_workers(|| worked_out(world, configuration, &overlay, &whole, findings));
    }
    let (each, all) = off_workers(|| worked_out(world, configuration, &overlay, &whole, findings));
    Repairs { each, all, errors }
}

fn worked_out(
    world: &ClusterWorld,
    configuration: &Configuration,
    overlay: &Overlay,
    whole: &WholeObjects,
    findings: &[Judged],
) -> (Vec<Remedy>, Remedy) {
    world.with_inventory_at_length(|inventory: &Inventory| {
        let world = World::with_overlay(inventory, overlay);
        let remedies = Remedies::new(&world, configuration, whole);
        let findings = || findings.iter().map(|judged| &judged.finding);
        (remedies.of_each(findings()), remedies.of_all(findings()))
    })
}

/// The Pods and Namespaces that findings rest on, which the inventory does not have.
async fn pods(world: &ClusterWorld, findings: &[Judged], errors: &mut BTreeSet<String>) -> Overlay {
    let is_unwatched = |key: &&ObjectKey| matches!(key.kind, Kind::Pod | Kind::Namespace);
    let of = |finding: &Finding| {
        let keys = finding.participants.iter().filter(is_unwatched);
        keys.cloned().map(LiveQuery::Object).collect::<Vec<_>>()
    };
    let queries: BTreeSet<LiveQuery> = findings
        .iter()
        .flat_map(|judged| of(&judged.finding))
        .take(MOST)
        .collect();
    let mut overlay = Overlay::new();
    let allowance = ReadAllowance::new(Flow::of_audit());
    match world.read(queries, &allowance).await {
        Ok(results) => {
            for (_, result) in results {
                for object in result.objects() {
                    overlay.put(object.clone());
                }
            }
        }
        Err(error) => {
            errors.insert(error.to_string());
        }
    }
    overlay
}

/// Whole objects that were read, and those that were asked for in vain.
#[derive(Default)]
struct WholeObjects {
    read: HashMap<DocumentKey, Option<Value>>,
    missed: RefCell<BTreeSet<DocumentKey>>,
}

impl WholeObjects {
    async fn read(
        &mut self,
        world: &ClusterWorld,
        keys: BTreeSet<DocumentKey>,
        errors: &mut BTreeSet<String>,
    ) {
        let left = MOST.saturating_sub(self.read.len());
        let reads = keys.into_iter().take(left).map(|key| async move {
            let read = world.whole(&key).await;
            (key, read)
        });
        let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
        while let Some((key, read)) = reads.next().await {
            let value = read.unwrap_or_else(|error| {
                errors.insert(error.to_string());
                None
            });
            self.read.insert(key, value);
        }
    }
}

impl Documents for WholeObjects {
    fn get(&self, key: &DocumentKey) -> Option<Value> {
        if let Some(value) = self.read.get(key) {
            return value.clone();
        }
        self.missed.borrow_mut().insert(key.clone());
        None
    }
}
