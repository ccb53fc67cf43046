//! A list of changes held against everything that it must be.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::apply::{Applied, apply};
use crate::change::Change;
use crate::fault::Faults;
use crate::gateway::Gateway;
use crate::manifests::{Identity, Manifests, elements, fields, text};
use crate::reach::{self, Reached};
use crate::report::{self, Finding, Report};
use crate::subject::Subject;
use crate::{effects, exposure, routes, scope, untouched};

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
        if is_of_listener(finding) && finding.list().is_empty() {
            faults.require(
                reason.contains("TLSRoute") && reason.contains(&finding.field),
                "a listener without changes, and no way out",
                &place,
            );
        }
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

    /// Whether there must be changes: the path is in sight, and nobody who is not in sight restores the object, as a
    /// controller does its binding.
    pub(crate) fn must_be_repaired(&self, finding: &Finding) -> bool {
        let object = self.world.get(&finding.object);
        let is_foreign = object.is_some_and(|object| {
            object["kind"] != "Service"
                && (!elements(&object["metadata"]["ownerReferences"]).is_empty()
                    || fields(&object["metadata"]["labels"])
                        .any(|(key, _)| key.contains("k8s.aws") && key.contains("/stack")))
        });
        REPAIRED.contains(&finding.rule.as_str())
            && self.is_in_sight(finding)
            && !is_foreign
            && (!is_of_listener(finding) || self.is_handed_on_by_tcp(finding))
    }

    /// Whether TCPRoutes alone lead the finding's listeners on, each to a port of the gateway's TLS: what a TCP listener does
    /// as well.
    fn is_handed_on_by_tcp(&self, finding: &Finding) -> bool {
        let is_attached = |route: &&Value| {
            elements(&route["spec"]["parentRefs"])
                .iter()
                .any(|parent| parent["name"] == *finding.object.name)
        };
        let mut tls = self.world.of_kind("TLSRoute").filter(is_attached);
        let mut tcp = self
            .world
            .of_kind("TCPRoute")
            .filter(is_attached)
            .peekable();
        let service = finding.gateway_service();
        let is_tls = service
            .and_then(|service| self.world.get(&service))
            .is_some_and(|service| {
                elements(&service["spec"]["ports"]).iter().any(|port| {
                    port["port"] == 443
                        && (port["targetPort"] == 8443 || port["targetPort"] == "https")
                })
            });
        let speaks_tls = |route: &Value| {
            let backends = elements(&route["spec"]["rules"])
                .iter()
                .flat_map(|rule| elements(&rule["backendRefs"]));
            backends.clone().count() == 1
                && backends.into_iter().all(|backend| backend["port"] == 443)
        };
        is_tls && tls.next().is_none() && tcp.peek().is_some() && tcp.all(speaks_tls)
    }

    /// Applies a list and compares the worlds before and after.
    pub(crate) fn list(&self, about: &[&Finding], changes: &[Change]) -> Result<Faults, Failed> {
        let Applied { world, mut faults } = apply(&self.world, changes);
        let subjects: Vec<Subject<'_>> = about
            .iter()
            .map(|finding| Subject::of(finding, &self.world))
            .collect();
        faults.extend(exposure::faults(&self.world, &world, &subjects));
        for subject in &subjects {
            if ["L7G105", "L7G106"].contains(&&*subject.finding.rule) {
                // Where they lead is not known.
                continue;
            }
            let reached = Reached::of(subject, &self.world);
            faults.extend(reach::faults(subject, &reached, &world, changes));
            faults.extend(reach::doubled(subject, &subjects, &self.world, changes));
        }
        let objects: BTreeSet<&Identity> = about.iter().map(|finding| &finding.object).collect();
        for object in objects {
            let ways = self.ways(object);
            faults.extend(routes::faults(object, &self.world, &world, &ways));
        }
        faults.extend(untouched::faults(&self.world, &world));
        faults.extend(scope::faults(&subjects, &self.world, changes));
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
        let of_front = self.report.findings.iter();
        for finding in of_front.filter(|finding| finding.object == *front) {
            let action = finding
                .field
                .rsplit_once("/actions.")
                .or_else(|| finding.field.rsplit_once("~1actions."));
            ways.extend(action.map(|(_, name)| format!("action {name}")));
        }
        for binding in self.world.of_kind("TargetGroupBinding") {
            let spec = &binding["spec"];
            if ways.contains(text(&spec["serviceRef"]["name"])) {
                for field in ["targetGroupARN", "targetGroupName"] {
                    ways.insert(routes::target_group(text(&spec[field])).to_owned());
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

/// Whether it is about a listener of a Gateway that ends TLS, whose way out is said in words alone.
fn is_of_listener(finding: &Finding) -> bool {
    finding.rule == "L7G102" && finding.field.starts_with("/spec/listeners/")
}
