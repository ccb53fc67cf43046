//! A list of changes held against everything that it must be.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::apply::{Applied, apply};
use crate::change::{Action, Change};
use crate::fault::Faults;
use crate::front::Front;
use crate::gateway::{Gateway, OF_CONTROLLERS};
use crate::manifests::{Identity, Manifests, elements, fields, text};
use crate::ownership::restored_by;
use crate::reach::{self, Reached};
use crate::report::{self, Finding, Report};
use crate::{effects, exposure, routes};

/// Rules whose findings have changes whenever their path is in sight.
pub(crate) const REPAIRED: [&str; 7] = [
    "L7G001", "L7G002", "L7G003", "L7G004", "L7G101", "L7G102", "L7G104",
];

/// A world and what `check` says of it.
pub(crate) struct Judged<'a> {
    pub(crate) world: Manifests,
    pub(crate) report: Report,
    /// Arguments of `check` beside the objects.
    pub(crate) arguments: Vec<&'a OsStr>,
}

impl<'a> Judged<'a> {
    pub(crate) fn new(world: Manifests, arguments: Vec<&'a OsStr>) -> Result<Self, Failed> {
        let report = report::of(&world, &arguments)?;
        Ok(Self {
            world,
            report,
            arguments,
        })
    }

    /// Every finding's list for itself, and the list for all of them.
    pub(crate) fn faults(&self) -> Result<Faults, Failed> {
        let mut faults = Faults::default();
        for finding in &self.report.findings {
            faults.extend(self.of_finding(finding)?);
        }
        faults.extend(self.of_all()?);
        Ok(faults)
    }

    /// Whether every finding says what it has to.
    pub(crate) fn forms(&self) -> Faults {
        let mut faults = Faults::default();
        for finding in &self.report.findings {
            faults.extend(self.form(finding));
        }
        faults
    }

    pub(crate) fn of_finding(&self, finding: &Finding) -> Result<Faults, Failed> {
        let mut faults = self.form(finding);
        if let Ok(changes) = &finding.changes
            && !changes.is_empty()
        {
            faults.extend(self.list(&[finding], changes)?);
        }
        Ok(faults)
    }

    /// The report's own list repairs every finding that has one.
    pub(crate) fn of_all(&self) -> Result<Faults, Failed> {
        let mut faults = Faults::default();
        let repaired: Vec<&Finding> = self
            .report
            .findings
            .iter()
            .filter(|finding| !finding.list().is_empty())
            .collect();
        match &self.report.changes {
            Err(error) => faults.add("changes that cannot be read", error),
            Ok(changes) if !repaired.is_empty() => {
                let of_list = self.list(&repaired, changes)?;
                for mut fault in of_list.0 {
                    fault.detail = format!("{} (all together)", fault.detail);
                    faults.0.push(fault);
                }
            }
            Ok(changes) => {
                faults.require(changes.is_empty(), "changes of no finding", changes.len());
            }
        }
        Ok(faults)
    }

    /// Whether a finding says what it has to.
    fn form(&self, finding: &Finding) -> Faults {
        let mut faults = Faults::default();
        let place = format!("{} {}", finding.rule, finding.object);
        if let Err(error) = &finding.changes {
            faults.add("changes that cannot be read", error);
            return faults;
        }
        let reason = finding.no_changes.as_deref().unwrap_or_default().trim();
        faults.require(
            finding.list().is_empty() != reason.is_empty(),
            "changes and a reason for none, or neither",
            &place,
        );
        faults.require(
            !finding.remedy.contains("kubectl patch"),
            "a kubectl line for a file",
            &place,
        );
        if self.must_be_repaired(finding) {
            faults.require(
                !finding.list().is_empty(),
                "no changes though the path is in sight",
                format!("{place}: {reason}"),
            );
        }
        if self.is_in_sight(finding) {
            let mut changes = finding.list().iter().flat_map(Change::with_effect);
            faults.require(
                changes.all(|change| change.placeholders.is_empty()),
                "a placeholder though the path is in sight",
                &place,
            );
        }
        faults
    }

    pub(crate) fn is_in_sight(&self, finding: &Finding) -> bool {
        Gateway::of(finding, &self.world).is_in_sight && self.world.get(&finding.object).is_some()
    }

    /// Whether there must be changes: the path is in sight, and nobody who is not in sight restores the object.
    pub(crate) fn must_be_repaired(&self, finding: &Finding) -> bool {
        let object = self.world.get(&finding.object);
        let is_foreign = object.is_some_and(|object| {
            object["kind"] != "Service"
                && !elements(&object["metadata"]["ownerReferences"]).is_empty()
        });
        REPAIRED.contains(&finding.rule.as_str()) && self.is_in_sight(finding) && !is_foreign
    }

    /// Applies a list and compares the worlds before and after.
    pub(crate) fn list(&self, about: &[&Finding], changes: &[Change]) -> Result<Faults, Failed> {
        let Applied { world, mut faults } = apply(&self.world, changes);
        let fronts: Vec<Front> = about
            .iter()
            .filter_map(|finding| Some(Front::of(self.world.get(&finding.object)?, &self.world)))
            .collect();
        let gateways: Vec<Gateway> = about
            .iter()
            .map(|finding| Gateway::of(finding, &self.world))
            .collect();
        // A Service is no front: it opens nothing but its own load balancer.
        let opened: Vec<Front> = about
            .iter()
            .zip(&fronts)
            .filter(|(finding, _)| finding.object.kind != "Service")
            .map(|(_, front)| front.clone())
            .collect();
        faults.extend(exposure::faults(&self.world, &world, &opened, &gateways));
        for ((finding, front), gateway) in about.iter().zip(&fronts).zip(&gateways) {
            if finding.rule == "L7G105" || finding.rule == "L7G106" {
                continue;
            }
            let reached = Reached::of(finding, front, &self.world);
            faults.extend(reach::faults(finding, &reached, gateway, &world, changes));
            faults.extend(reach::doubled(
                finding,
                &reached,
                front,
                gateway,
                &self.world,
                changes,
            ));
            let is_auto_mode = front.is_auto_mode;
            faults.extend(created(changes, gateway, is_auto_mode));
        }
        let objects: BTreeSet<&Identity> = about.iter().map(|finding| &finding.object).collect();
        for object in objects {
            let ways = self.ways(object);
            faults.extend(routes::faults(object, &self.world, &world, &ways));
        }
        faults.extend(deletions(&self.world, changes));
        faults.extend(effects::faults(&self.world, &world, changes));
        faults.extend(self.judge_again(&world, about, changes)?);
        Ok(faults)
    }

    /// Services and target groups by which a front leads to gateways.
    fn ways(&self, front: &Identity) -> BTreeSet<String> {
        let findings = self.report.findings.iter();
        let mut ways: BTreeSet<String> = findings
            .filter(|finding| finding.object == *front)
            .flat_map(|finding| finding.hops.iter())
            .filter(|hop| hop.part != "front")
            .map(|hop| hop.name.clone())
            .collect();
        for binding in self.world.of_kind("TargetGroupBinding") {
            let spec = &binding["spec"];
            if ways.contains(text(&spec["serviceRef"]["name"])) {
                for field in ["targetGroupARN", "targetGroupName"] {
                    ways.insert(text(&spec[field]).to_owned());
                }
            }
        }
        ways
    }

    /// The findings are gone, and no others have come that no reason names.
    fn judge_again(
        &self,
        after: &Manifests,
        about: &[&Finding],
        changes: &[Change],
    ) -> Result<Faults, Failed> {
        let mut faults = Faults::default();
        let report = report::of(after, &self.arguments)?;
        faults.require(
            self.report.has_errors || !report.has_errors,
            "an object that cannot be read",
            "afterwards",
        );
        let keys: BTreeSet<_> = self.report.findings.iter().map(Finding::key).collect();
        for finding in &report.findings {
            let key = finding.key();
            let place = || format!("{} {}", finding.rule, finding.object);
            if about.iter().any(|about| about.key() == key) {
                faults.add("a finding that is still there", place());
            } else if !keys.contains(&key) {
                let is_named = changes
                    .iter()
                    .any(|change| change.why.contains(&finding.rule));
                faults.require(is_named, "a finding that has come", place());
            }
        }
        Ok(faults)
    }
}

/// What is created selects by nothing that a controller adds, stands where the gateway is, and is built by who builds there.
fn created(changes: &[Change], gateway: &Gateway, is_auto_mode: bool) -> Faults {
    let mut faults = Faults::default();
    for change in changes.iter().flat_map(Change::with_effect) {
        let target = change.target.identity();
        let Some(object) = change.object.as_ref().filter(|_| target.kind == "Service") else {
            continue;
        };
        let selector = &object["spec"]["selector"];
        let is_clean = fields(selector).all(|(key, _)| !OF_CONTROLLERS.contains(&key.as_str()));
        faults.require(is_clean, "a label of a controller in a selector", &target);
        let is_home = gateway
            .namespace
            .as_ref()
            .is_none_or(|namespace| *namespace == target.namespace);
        faults.require(is_home, "a Service in another namespace", &target);
        let is_gateways = change.action != Action::Create || gateway.is_served_by(object);
        faults.require(is_gateways, "a Service of other Pods", &target);
        let class = text(&object["spec"]["loadBalancerClass"]);
        let is_right = !is_auto_mode || class == "eks.amazonaws.com/nlb";
        faults.require(is_right, "a load balancer that nobody builds", &target);
    }
    faults
}

/// Only what is at fault is deleted: fronts, bindings and Services.
fn deletions(before: &Manifests, changes: &[Change]) -> Faults {
    let mut faults = Faults::default();
    for change in changes
        .iter()
        .filter(|change| change.action == Action::Delete)
    {
        let target = change.target.identity();
        let may_go = [
            "Ingress",
            "HTTPRoute",
            "GRPCRoute",
            "TargetGroupBinding",
            "Service",
            "Gateway",
        ];
        faults.require(
            may_go.contains(&target.kind.as_str()),
            "a deletion of something else",
            &target,
        );
        let owner = before
            .get(&target)
            .and_then(|object: &Value| restored_by(before, object));
        faults.require(owner.is_none(), "a deletion of what comes back", &target);
    }
    faults
}
