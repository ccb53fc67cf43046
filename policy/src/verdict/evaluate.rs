//! Judges fronts and Services of a world: findings with their modes, and what cannot be told.

use super::{Exempted, Judged, Unresolved, Verdict};
use crate::confidence::Confidence;
use crate::configuration::{Configuration, Date, Likely};
use crate::fronts::{self, Making};
use crate::gateways::service::{Behind, reach_from};
use crate::inventory::World;
use crate::objects::{Facts, Object};
use crate::paths::{self, FrontPaths};
use crate::rules::{self, Finding, GatewayService, Mode};

/// Judges every object of a world, on this day (UTC).
#[must_use]
pub fn evaluate(world: &World<'_>, configuration: &Configuration, today: Date) -> Verdict {
    let mut verdict = Verdict::default();
    for object in world.objects() {
        of_object(world, configuration, object, &mut verdict);
    }
    verdict.apply_exemptions(configuration, today);
    verdict.sort();
    verdict
}

/// Judges one object as a front and as a gateway's Service, and adds what is found.
pub(super) fn of_object(
    world: &World<'_>,
    configuration: &Configuration,
    object: &Object,
    verdict: &mut Verdict,
) {
    if let Some(front) = fronts::of_object(world, &configuration.aws, object) {
        let paths = paths::of_front(world, &configuration.istio, front);
        if !world.take(paths.steps()) {
            return;
        }
        verdict.unresolved.extend(unresolved(&paths));
        let findings = rules::of_front(&paths);
        verdict.add(configuration, findings);
    } else if let Some(service) = gateway_service(world, configuration, object) {
        verdict.add(configuration, rules::of_service(&service));
    }
}

impl Verdict {
    fn add(&mut self, configuration: &Configuration, findings: Vec<Finding>) {
        for finding in findings {
            let severity = severity(configuration, &finding);
            if severity != Mode::Off {
                self.findings.push(Judged {
                    finding,
                    severity,
                    is_existing: false,
                });
            }
        }
    }

    /// Moves the findings that an exemption covers out of the findings; the first exemption that does is named.
    pub(super) fn apply_exemptions(&mut self, configuration: &Configuration, today: Date) {
        let exemptions = &configuration.exemptions;
        if exemptions.is_empty() {
            return;
        }
        for judged in std::mem::take(&mut self.findings) {
            let finding = &judged.finding;
            match exemptions
                .iter()
                .find(|exemption| exemption.covers(finding, today))
            {
                Some(exemption) => self.exempt.push(Exempted {
                    finding: judged.finding,
                    exemption: exemption.name.clone(),
                    expires: exemption.expires,
                }),
                None => self.findings.push(judged),
            }
        }
    }
}

/// What a finding does: its mode, tempered where it is only likely.
fn severity(configuration: &Configuration, finding: &Finding) -> Mode {
    let mode = configuration.modes.of(finding);
    let is_tempered =
        finding.confidence == Confidence::Likely && configuration.likely == Likely::Warn;
    if mode == Mode::Deny && is_tempered {
        Mode::Warn
    } else {
        mode
    }
}

/// The Service's part in the rules about its own load balancer, if it asks for one and fronts a gateway.
fn gateway_service<'a>(
    world: &World<'_>,
    configuration: &Configuration,
    object: &'a Object,
) -> Option<GatewayService<'a>> {
    let Facts::Service(service) = &object.facts else {
        return None;
    };
    let request = service.load_balancer.as_deref()?;
    let reach = reach_from(world, &configuration.istio, object.key.clone());
    let confidence = reach.confidence()?;
    Some(GatewayService {
        object,
        service,
        request,
        reach,
        confidence,
    })
}

/// What cannot be told of a front: one end is in sight, the other cannot be judged.
fn unresolved(paths: &FrontPaths<'_>) -> Vec<Unresolved> {
    let object = paths.front.object;
    let open = |field: &str, reason: String| Unresolved {
        object: object.key.clone(),
        api_version: object.api_version,
        field: field.to_owned(),
        reason,
    };
    let legs = paths.legs.iter();
    let described = legs.filter_map(|leg| {
        let service = leg.reach.first_service();
        match (&paths.front.making, &leg.reach.behind) {
            (Making::Alb(_), Behind::Unknown(reason)) => Some(open(
                &leg.field,
                format!("makes an ALB route to {service}: {reason}"),
            )),
            (Making::Unknown(reason), _) if leg.reach.confidence().is_some() => Some(open(
                &leg.field,
                format!("routes to {service} of an Istio ingress gateway: {reason}"),
            )),
            _ => None,
        }
    });
    described.collect()
}
