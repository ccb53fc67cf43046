//! Judges what a cluster holds: everything, or the objects that a change may have affected.
//!
//! Most objects are judged where they stand, from what the watches have brought. Where Pods decide (behind an ALB front, or
//! a Service that asks for a load balancer of its own) they are read first, a batch of objects at a time, and forgotten with
//! the batch. So memory does not grow with the cluster, and reviews get their turn between the batches.

use std::collections::BTreeSet;

use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::confirmation::{Audit, LiveQuery};
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::verdict::Verdict;

use crate::cluster::ClusterWorld;
use crate::judge::ClusterView;
use crate::shares::{Flow, ReadAllowance, off_workers};

/// How many objects are judged together whose Pods have to be read.
const BATCH: usize = 64;

/// How often answers may lead to further queries: those of a review without its class and Services.
const ROUNDS: usize = 8;

/// Which objects are judged.
#[derive(Clone, Copy, Debug)]
pub enum Selected<'a> {
    /// All that the cluster holds.
    Everything,
    /// These, where they exist. For a change, those of `ChangedObjects::affected`.
    Objects(&'a BTreeSet<ObjectKey>),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Scan {
    /// The verdict on the objects that were judged, in its fixed order: as `check` finds it in a dump of the cluster.
    pub verdict: Verdict,
    /// How many objects were looked at, also of kinds that are no front.
    pub objects: usize,
    /// Objects of which Pods or Namespaces could not be read. What is said of them rests on the rest, so that a finding
    /// holds and its absence proves nothing.
    pub incomplete: BTreeSet<ObjectKey>,
    /// Why, once each.
    pub errors: BTreeSet<String>,
}

/// Judges objects of a cluster of which every kind has been listed (`Readiness::can_judge`). It may be called as often as
/// somebody wants to know, also while others judge reviews in the same world.
pub async fn scan(
    world: &ClusterWorld,
    configuration: &Configuration,
    today: Date,
    selected: Selected<'_>,
) -> Scan {
    let mut scanning = Scanning {
        world,
        configuration,
        today,
        scan: Scan::default(),
    };
    let open = off_workers(|| scanning.judge_what_is_known(selected));
    for batch in open.chunks(BATCH) {
        scanning.judge_batch(batch).await;
    }
    scanning.scan.verdict.sort();
    scanning.scan
}

/// A scan that is under way.
struct Scanning<'a> {
    world: &'a ClusterWorld,
    configuration: &'a Configuration,
    today: Date,
    scan: Scan,
}

impl<'a> Scanning<'a> {
    fn audit(&self) -> Audit<'a> {
        Audit::new(self.configuration, self.today)
    }

    /// Judges what needs no read. Returns the objects that do.
    fn judge_what_is_known(&mut self, selected: Selected<'_>) -> Vec<ObjectKey> {
        let is_selected = |key: &ObjectKey| match selected {
            Selected::Everything => true,
            Selected::Objects(keys) => keys.contains(key),
        };
        let audit = self.audit();
        let scan = &mut self.scan;
        let mut open = Vec::new();
        self.world
            .for_each_in_slices(is_selected, |inventory, object| {
                scan.objects += 1;
                if audit.queries(inventory, object).is_empty() {
                    scan.verdict.merge(audit.verdict(inventory, [object]));
                } else {
                    open.push(object.key.clone());
                }
            });
        open
    }

    /// Reads what decides about the objects of a batch, and judges them.
    async fn judge_batch(&mut self, batch: &[ObjectKey]) {
        let mut audit = self.audit();
        // It lives as long as what is read.
        let allowance = ReadAllowance::new(Flow::of_audit());
        for _ in 0..ROUNDS {
            let queries = off_workers(|| self.queries(&audit, batch));
            if queries.is_empty() {
                break;
            }
            match self.world.read(queries, &allowance).await {
                Ok(results) => audit.take(results),
                Err(error) => {
                    self.scan.errors.insert(error.to_string());
                    break;
                }
            }
        }
        off_workers(|| self.judge(&audit, batch));
    }

    /// What is still to be read before the objects may be judged.
    fn queries(&self, audit: &Audit<'_>, keys: &[ObjectKey]) -> BTreeSet<LiveQuery> {
        self.world.with_inventory_at_length(|inventory| {
            let objects = keys.iter().filter_map(|key| inventory.get(key));
            objects
                .flat_map(|object| audit.queries(inventory, object))
                .collect()
        })
    }

    /// Judges with what was read, as far as that went.
    fn judge(&mut self, audit: &Audit<'_>, keys: &[ObjectKey]) {
        let scan = &mut self.scan;
        self.world.with_inventory_at_length(|inventory| {
            for object in keys.iter().filter_map(|key| inventory.get(key)) {
                if !audit.queries(inventory, object).is_empty() {
                    scan.incomplete.insert(object.key.clone());
                }
                scan.verdict.merge(audit.verdict(inventory, [object]));
            }
        });
    }
}
