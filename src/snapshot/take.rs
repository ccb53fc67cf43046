//! A snapshot of a live cluster: every kind listed once, each object reduced as it comes and dropped.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::{Mutex, PoisonError};

use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::objects::{Facts, Object};
use serde_json::Value;

use super::reduce;
use super::write::Lines;
use crate::cluster::{ClusterWorld, DiscoveryError, ListError, Listed};

/// What became of a snapshot.
#[derive(Debug, Default)]
pub struct Taken {
    /// How many objects were written.
    pub objects: usize,
    /// Kinds that could not be listed.
    pub unlisted: Vec<ListError>,
    /// Objects that are left out: their facts cannot be read, or not be written.
    pub left_out: usize,
    /// Why nothing more was written.
    pub failure: Option<io::Error>,
}

/// Takes a snapshot. `listed` hears of each page how many objects it had.
///
/// # Errors
/// When it cannot be found out what is served.
pub async fn take(
    world: &ClusterWorld,
    lines: &mut impl Lines,
    listed: &(dyn Fn(usize) + Sync),
) -> Result<Taken, DiscoveryError> {
    let taking = Mutex::new(Taking {
        lines,
        taken: Taken::default(),
        named: HashSet::new(),
        shapes: HashSet::new(),
        hasher: RandomState::new(),
    });
    let visit = |objects: Listed<'_>| {
        let mut taking = taking.lock().unwrap_or_else(PoisonError::into_inner);
        taking.take(objects);
    };
    let unlisted = world.list_whole(&visit, listed).await?;
    let taking = taking.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Taken {
        unlisted,
        ..taking.taken
    })
}

struct Taking<'a, L> {
    lines: &'a mut L,
    taken: Taken,
    /// Pods that EndpointSlices name, which are listed before them.
    named: HashSet<ObjectKey>,
    /// Hashes of what Pods show that were written: of Pods that are alike one is enough.
    shapes: HashSet<u64>,
    hasher: RandomState,
}

impl<L: Lines> Taking<'_, L> {
    fn take(&mut self, listed: Listed<'_>) {
        let reduced = match listed {
            Listed::Known(object, whole) if self.is_needed(object) => {
                reduce::reduced(object, whole)
            }
            Listed::Known(..) => return,
            Listed::Other(api_version, kind, whole) => {
                Some(reduce::reduced_other(api_version, kind, whole))
            }
            Listed::Unreadable => None,
        };
        match reduced {
            Some(reduced) => self.put(reduced),
            None => self.taken.left_out += 1,
        }
    }

    fn is_needed(&mut self, object: &Object) -> bool {
        match &object.facts {
            Facts::Endpoints(list) => {
                self.named.extend(list.pod_keys());
                true
            }
            Facts::Workload(pod) if object.key.kind == Kind::Pod => {
                let shape = (&object.key.namespace, &pod.labels, &pod.proxy);
                let is_new = self.shapes.insert(self.hasher.hash_one(shape));
                is_new || self.named.contains(&object.key)
            }
            _ => true,
        }
    }

    fn put(&mut self, reduced: Value) {
        if self.taken.failure.is_some() {
            return;
        }
        match self.lines.put(reduced) {
            Ok(()) => self.taken.objects += 1,
            Err(error) => self.taken.failure = Some(error),
        }
    }
}
