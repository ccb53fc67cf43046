//! Judges fronts and Services of a world: findings with their modes, and what cannot be told.

use super::{Exempted, Judged, Unresolved, Verdict, WouldBe};
use crate::confidence::Confidence;
use crate::configuration::{Configuration, Date, Likely, UnknownRouter};
use crate::fronts::{self, Provisioning};
use crate::gateways::gateway_class::class_of_gateway;
use crate::gateways::service::{Backends, reach_from, reach_from_made};
use crate::identity::{Kind, ObjectKey, service_object};
use crate::inventory::World;
use crate::objects::gateway_api::Gateway;
use crate::objects::{Facts, Object};
use crate::paths::network_gateway::tls_legs;
use crate::paths::{self, FrontPaths};
use crate::rules::{self, Finding, GatewayService, Mode};
use crate::wording::Wording;

/// Judges every object of a world, on this day (UTC).
#[must_use]
pub fn evaluate(world: &World<'_>, configuration: &Configuration, today: Date) -> Verdict {
    evaluate_each(world, configuration, world.objects(), today)
}

/// Judges these objects of a world. What is found for all objects of a world by parts, and [added up](Verdict::merge), is what
/// [`evaluate`] finds.
#[must_use]
pub fn evaluate_each<'a>(
    world: &World<'a>,
    configuration: &Configuration,
    objects: impl IntoIterator<Item = &'a Object>,
    today: Date,
) -> Verdict {
    let mut verdict = Verdict::default();
    for object in objects {
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
    } else {
        let legs = tls_legs(world, &configuration.istio, object);
        verdict.add(configuration, rules::of_tls_legs(object, legs));
    }
}

impl Verdict {
    fn add(&mut self, configuration: &Configuration, findings: Vec<Finding>) {
        for finding in findings {
            let mode = configuration.modes.of(&finding);
            let severity = tempered(configuration, &finding, mode);
            if severity != Mode::Off {
                let would_be = (severity == Mode::Audit).then(|| would_be(configuration, &finding));
                self.findings.push(Judged {
                    finding,
                    severity,
                    is_existing: false,
                    would_be,
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
                    reason: exemption.reason.clone(),
                    owner: exemption.owner.clone(),
                    ticket: exemption.ticket.clone(),
                    severity: judged.severity,
                }),
                None => self.findings.push(judged),
            }
        }
    }
}

/// What a finding of mode `audit` would do without that.
fn would_be(configuration: &Configuration, finding: &Finding) -> WouldBe {
    let mode = configuration.modes.without_audit(finding);
    match tempered(configuration, finding, mode) {
        Mode::Deny => WouldBe::Deny,
        Mode::Warn | Mode::Audit | Mode::Off => WouldBe::Warn,
    }
}

/// What a finding does in this mode: less where it is only likely, and where nobody knows a proxy's role.
fn tempered(configuration: &Configuration, finding: &Finding, mode: Mode) -> Mode {
    let warns_at_most =
        |mode: UnknownRouter| finding.is_of_unknown_role && mode == UnknownRouter::Warn;
    let is_tempered = (finding.confidence == Confidence::Likely
        && configuration.likely == Likely::Warn)
        || warns_at_most(configuration.istio.unknown_router);
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
    let istio = &configuration.istio;
    let (key, service) = match &object.facts {
        Facts::Service(service) => (object.key.clone(), &**service),
        Facts::Gateway(gateway) => {
            let service = gateway.infrastructure.as_deref()?;
            (
                made_service(world, configuration, object, gateway)?,
                service,
            )
        }
        _ => return None,
    };
    let request = service.load_balancer.as_deref()?;
    let reach = match object.key.kind {
        Kind::Gateway => reach_from_made(world, istio, &object.key, key.clone()),
        _ => reach_from(world, istio, key.clone()),
    };
    let confidence = reach.confidence()?;
    // Nothing that a rule about the Service itself says is true of a proxy that may be a sidecar.
    if reach.is_of_unknown_role() {
        return None;
    }
    Some(GatewayService {
        object,
        key,
        service,
        request,
        reach,
        confidence,
    })
}

/// The Service that istiod will make for a Gateway. One that exists is judged by itself.
fn made_service(
    world: &World<'_>,
    configuration: &Configuration,
    object: &Object,
    gateway: &Gateway,
) -> Option<ObjectKey> {
    let class = class_of_gateway(world, &configuration.istio, &object.key)?;
    let service = service_object(&gateway.made_service(&object.key, class.controller)?);
    world.get(&service).is_none().then_some(service)
}

/// What cannot be told of a front: one end is in sight, the other cannot be judged.
fn unresolved(paths: &FrontPaths<'_>) -> Vec<Unresolved> {
    let object = paths.front.object;
    let open = |field: &str, reason: Wording| Unresolved {
        object: object.key.clone(),
        api_version: object.api_version,
        field: field.to_owned(),
        reason,
    };
    let legs = paths.legs.iter();
    let described = legs.filter_map(|leg| {
        let service = leg.reach.first_service();
        match (&paths.front.provisioning, &leg.reach.backends) {
            (Provisioning::Alb(_), Backends::Unknown(reason)) => Some(open(
                &leg.field,
                Wording::ours("makes an ALB route to ")
                    .and(&service)
                    .then(": ")
                    .and_of(leg.reach.last_service()?, reason),
            )),
            (Provisioning::Unknown(reason), _) if leg.reach.confidence().is_some() => Some(open(
                &leg.field,
                Wording::ours("routes to ")
                    .and(&service)
                    .then(" of an Istio ingress gateway: ")
                    .and(reason),
            )),
            _ => None,
        }
    });
    described.collect()
}
