//! Judges what files hold: every copy of every object, each finding at its own place.

use std::collections::{BTreeSet, HashSet};

use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::inventory::{Overlay, World};
use l7guard_policy::remedy::{Remedies, Remedy};
use l7guard_policy::rules::{Finding, PathId};
use l7guard_policy::verdict::{
    self, Allowance, Unresolved, Verdict, evaluate_around_copy, evaluate_copy,
};

use super::base::Before;
use super::copies::Copy;
use super::documents::Over;
use super::{ManifestWorld, locate};
use crate::report::{Location, ReportedError, ReportedExemption, ReportedFinding};
use l7guard_manifests::Locator;

/// Fronts and Services that may be judged again for copies of other objects: so many for each object, and so many besides.
/// Without a bound the time would grow with the copies of an IngressClass times its Ingresses.
const ALLOWANCE_EACH: usize = 32;
const ALLOWANCE_BESIDES: usize = 100_000;

/// What is found in files.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Findings in the order of a verdict; of one object, those of its copies in the order of reading, the last copy first.
    pub findings: Vec<ReportedFinding>,
    /// What cannot be told.
    pub unresolved: Vec<Unresolved>,
    /// What exemptions cover.
    pub exempt: Vec<ReportedExemption>,
    /// Copies that were not judged.
    pub errors: Vec<ReportedError>,
    /// What repairs all findings of the last copies together.
    pub remedy: Remedy,
}

impl ManifestWorld {
    /// Judges every object on this day (UTC), and every further copy of one laid over the last copies of the others.
    #[must_use]
    pub fn judge(&self, configuration: &Configuration, today: Date) -> Judgement {
        let each = self.objects.saturating_mul(ALLOWANCE_EACH);
        let allowance = Allowance::new(each.saturating_add(ALLOWANCE_BESIDES));
        self.judge_within(allowance, configuration, today)
    }

    /// The same within an allowance.
    pub(super) fn judge_within(
        &self,
        allowance: Allowance,
        configuration: &Configuration,
        today: Date,
    ) -> Judgement {
        let before = Before::of(self.base.as_ref(), configuration, today);
        let verdict = verdict::evaluate(&World::new(&self.inventory), configuration, today);
        let verdict = before.added(verdict);
        let mut judging = Judging {
            world: self,
            known: Known::default(),
            locator: Locator::default(),
            judgement: Judgement::default(),
            configuration,
            before,
        };
        if !self.copies.is_empty() {
            judging.known.add(&verdict);
        }
        judging.judgement.remedy = judging.repair_all(&verdict);
        judging.take(verdict, None, None);
        judging.judge_copies(allowance, configuration, today);
        let mut judgement = judging.judgement;
        let findings = &mut judgement.findings;
        findings.sort_by(|one, other| one.judged.order(&other.judged));
        judgement.unresolved.sort();
        judgement.unresolved.dedup();
        judgement
    }
}

/// A judgement in the making.
struct Judging<'a> {
    world: &'a ManifestWorld,
    configuration: &'a Configuration,
    known: Known,
    locator: Locator,
    judgement: Judgement,
    before: Before,
}

/// The paths of findings that are reported at the last copies of their objects, and whether they are exempt.
#[derive(Default)]
struct Known(HashSet<(bool, BTreeSet<PathId>)>);

impl Known {
    fn add(&mut self, verdict: &Verdict) {
        let findings = verdict.findings.iter();
        for judged in findings {
            self.is_new(false, &judged.finding);
        }
        for exempted in &verdict.exempt {
            self.is_new(true, &exempted.finding);
        }
    }

    /// Whether the finding is not known yet; from now on it is.
    fn is_new(&mut self, is_exempt: bool, finding: &Finding) -> bool {
        self.0.insert((is_exempt, finding.identity.clone()))
    }
}

impl Judging<'_> {
    fn judge_copies(
        &mut self,
        mut allowance: Allowance,
        configuration: &Configuration,
        today: Date,
    ) {
        let world = self.world;
        let mut is_exceeded = false;
        for copy in &world.copies {
            let inventory = &world.inventory;
            let own = evaluate_copy(inventory, configuration, &copy.object, today);
            let own = self.before.added(own);
            self.take(own, Some(copy), Some(copy));
            // What a copy says as the last one does, it does to others as that one.
            let last = inventory.get(&copy.object.key);
            if is_exceeded || last.is_some_and(|last| last.facts == copy.object.facts) {
                continue;
            }
            let around = evaluate_around_copy(
                inventory,
                configuration,
                &copy.object,
                today,
                &mut allowance,
            );
            let Ok(verdict) = around else {
                is_exceeded = true;
                self.judgement.errors.push(too_many(copy));
                continue;
            };
            let mut verdict = self.before.added(verdict);
            let known = &mut self.known;
            verdict
                .findings
                .retain(|judged| known.is_new(false, &judged.finding));
            verdict
                .exempt
                .retain(|exempted| known.is_new(true, &exempted.finding));
            self.take(verdict, None, Some(copy));
        }
    }

    /// What repairs all findings of a verdict together.
    fn repair_all(&self, verdict: &Verdict) -> Remedy {
        let world = World::new(&self.world.inventory);
        let documents = Over {
            whole: &self.world.whole,
            copy: None,
        };
        let remedies = Remedies::new(&world, self.configuration, &documents);
        remedies.of_all(verdict.findings.iter().map(|judged| &judged.finding))
    }

    /// Takes what was found with a copy laid over the world; findings of `copy` itself stand where it stands.
    fn take(&mut self, verdict: Verdict, copy: Option<&Copy>, over: Option<&Copy>) {
        let world = self.world;
        let overlay = over.map_or_else(Overlay::new, |copy| {
            Overlay::new().under(copy.object.clone())
        });
        let judged_in = World::with_overlay(&world.inventory, &overlay);
        let documents = Over {
            whole: &world.whole,
            copy: over,
        };
        let remedies = Remedies::new(&judged_in, self.configuration, &documents);
        let each = remedies.of_each(verdict.findings.iter().map(|judged| &judged.finding));
        for (judged, remedy) in verdict.findings.into_iter().zip(each) {
            let location = self.location(copy, &judged.finding);
            self.judgement.findings.push(ReportedFinding {
                judged,
                location,
                remedy,
                cluster: None,
                is_new: None,
            });
        }
        self.judgement.unresolved.extend(verdict.unresolved);
        for exempted in verdict.exempt {
            let location = self.location(copy, &exempted.finding);
            self.judgement
                .exempt
                .push(ReportedExemption { exempted, location });
        }
    }

    /// Where a finding stands: in `copy`, or in the last copy of its object.
    fn location(&mut self, copy: Option<&Copy>, finding: &Finding) -> Option<Location> {
        let address = match copy {
            Some(copy) => Some(&copy.address),
            None => self.world.places.get(&finding.object),
        };
        address.map(|address| locate(&mut self.locator, address, &finding.field))
    }
}

fn too_many(copy: &Copy) -> ReportedError {
    let place = copy.address.place();
    ReportedError {
        file: copy.address.source().name().to_owned(),
        line: Some(place.line),
        column: Some(place.column),
        message: format!(
            "{} has too many different copies: what this one and later ones do to other objects was not judged. Check the files of each cluster by themselves",
            copy.object.key
        ),
    }
}
