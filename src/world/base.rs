//! Files laid over a cluster: what the files do not hold is what the cluster holds.

use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::inventory::{Inventory, Origin, World};
use l7guard_policy::verdict::{self, Verdict};

use super::ManifestWorld;
use crate::snapshot::BaseWorld;

/// The cluster below the files.
#[derive(Debug)]
pub(super) struct Base {
    inventory: Inventory,
    /// Whether what was there before is reported as well.
    reports_all: bool,
}

impl ManifestWorld {
    /// Lays what was read over a cluster. From then on only what the files add to it is reported, or everything if
    /// `reports_all`.
    pub fn lay_over(&mut self, base: BaseWorld, reports_all: bool) {
        let files = std::mem::take(&mut self.inventory);
        let mut both = base.inventory.clone().with_origin(Origin::FilesOverCluster);
        for object in files.objects() {
            both.apply(object.clone());
        }
        self.inventory = both;
        self.whole.lay_over(base.whole);
        self.base = Some(Base {
            inventory: base.inventory,
            reports_all,
        });
    }
}

/// Takes out of verdicts what was there before the files.
pub(super) struct Before(Option<Verdict>);

impl Before {
    /// What was there; nothing without a cluster, or where everything is reported.
    pub(super) fn of(base: Option<&Base>, configuration: &Configuration, today: Date) -> Self {
        let base = base.filter(|base| !base.reports_all);
        Self(base.map(|base| verdict::evaluate(&World::new(&base.inventory), configuration, today)))
    }

    /// What the files add.
    pub(super) fn added(&self, verdict: Verdict) -> Verdict {
        match &self.0 {
            Some(before) => verdict.without(before),
            None => verdict,
        }
    }
}
