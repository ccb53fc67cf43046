//! Judges a further copy of an object, as files hold several: one repository, several clusters.

use super::evaluate::of_object;
use super::{Judged, Verdict};
use crate::configuration::{Configuration, Date};
use crate::inventory::{Inventory, Overlay, World};
use crate::objects::Object;
use crate::paths::affected::Affected;

/// How many fronts and Services may be judged for copies of other objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance(usize);

impl Allowance {
    /// So many.
    #[must_use]
    pub fn new(fronts: usize) -> Self {
        Self(fronts)
    }

    /// Takes so many of it; false where it does not hold so many.
    fn take(&mut self, fronts: usize) -> bool {
        let left = self.0.checked_sub(fronts);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// The copy joins more fronts than are left of the allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many fronts would have to be judged again")]
pub struct AllowanceExceeded;

/// Judges a copy as a front and as a gateway's Service, laid over the last copies of all objects.
#[must_use]
pub fn evaluate_copy(
    inventory: &Inventory,
    configuration: &Configuration,
    copy: &Object,
    today: Date,
) -> Verdict {
    let overlay = Overlay::new().under(copy.clone());
    let world = World::with_overlay(inventory, &overlay);
    let mut verdict = Verdict::default();
    of_object(&world, configuration, copy, &mut verdict);
    verdict.apply_exemptions(configuration, today);
    verdict.sort();
    verdict
}

/// Judges the other objects that a copy has part in: a Service's fronts, an IngressClass's Ingresses.
///
/// # Errors
///
/// There are more of them than the allowance holds: nothing is judged.
pub fn evaluate_around_copy(
    inventory: &Inventory,
    configuration: &Configuration,
    copy: &Object,
    today: Date,
    allowance: &mut Allowance,
) -> Result<Verdict, AllowanceExceeded> {
    let overlay = Overlay::new().under(copy.clone());
    let world = World::with_overlay(inventory, &overlay);
    let mut affected = Affected::default();
    affected.add(&world, copy);
    let others = affected.fronts.iter().chain(&affected.services);
    if !allowance.take(affected.fronts.len() + affected.services.len()) {
        return Err(AllowanceExceeded);
    }
    let mut verdict = Verdict::default();
    for other in others.filter(|other| **other != copy.key) {
        if let Some(object) = world.get(other) {
            of_object(&world, configuration, object, &mut verdict);
        }
    }
    let has_part = |judged: &Judged| judged.finding.participants.contains(&copy.key);
    verdict.findings.retain(has_part);
    verdict.apply_exemptions(configuration, today);
    verdict.sort();
    Ok(verdict)
}
