//! The rules: one file each, named after its code, whose module text is also the rule's page.
//!
//! A rule sees either a front with all its paths ([`FrontPaths`]) or a gateway's Service ([`GatewayService`]) and makes
//! findings of it. What a finding *does* (deny, warn, nothing) is the verdict's business.

mod catalogue;
mod finding;
mod l7g001_alb_ingress;
mod l7g002_alb_route;
mod l7g003_alb_target_group;
mod l7g004_alb_requested_by_service;
mod l7g101_classic_elb_http;
mod l7g102_tls_terminated_early;
mod l7g103_target_group_unknown;
mod l7g104_health_check_conflict;
mod l7g105_external_target_group;
mod l7g106_unreadable_action;
pub mod load_balancer;
pub mod remedy;

pub(crate) use catalogue::WayOut;
use catalogue::{Check, TWO_ROUTERS};
pub use catalogue::{Mode, Rule, RuleCode};
pub use finding::{Finding, Hop, HopRole, PathId};
pub use load_balancer::GatewayService;

use crate::objects::Object;
use crate::paths::FrontPaths;
use crate::paths::network_gateway::TlsLeg;

/// The findings of every rule that looks at fronts.
#[must_use]
pub fn of_front(paths: &FrontPaths<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in Rule::all() {
        if let Check::Front(check) = rule.check {
            check(paths, &mut findings);
        }
    }
    findings
}

/// The findings about listeners that end TLS, of a Gateway or ListenerSet.
#[must_use]
pub fn of_tls_legs(object: &Object, legs: Vec<TlsLeg>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for leg in legs {
        l7g102_tls_terminated_early::check_listener(object, leg, &mut findings);
    }
    findings
}

/// The findings of every rule that looks at the load balancer of a gateway's Service.
#[must_use]
pub fn of_service(service: &GatewayService<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in Rule::all() {
        if let Check::Service(check) = rule.check {
            check(service, &mut findings);
        }
    }
    findings
}
