//! The rules: one file each, named after its code, whose module text is also the rule's page.
//!
//! A rule sees either a front with all its paths ([`FrontPaths`]) or a gateway's Service ([`GatewayService`]) and makes
//! findings of it. What a finding *does* (deny, warn, nothing) is the verdict's business.

mod catalogue;
mod finding;
pub mod l7g001_alb_ingress;
pub mod l7g002_alb_route;
pub mod l7g003_alb_target_group;
pub mod l7g004_alb_requested_by_service;
pub mod l7g101_classic_elb_http;
pub mod l7g102_tls_terminated_early;
pub mod l7g103_target_group_unknown;
pub mod l7g104_health_check_conflict;
pub mod l7g105_external_target_group;
pub mod l7g106_unreadable_action;
pub mod load_balancer;
pub mod remedy;

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
    l7g001_alb_ingress::check(paths, &mut findings);
    l7g002_alb_route::check(paths, &mut findings);
    l7g003_alb_target_group::check(paths, &mut findings);
    l7g103_target_group_unknown::check(paths, &mut findings);
    l7g105_external_target_group::check(paths, &mut findings);
    l7g106_unreadable_action::check(paths, &mut findings);
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
    l7g004_alb_requested_by_service::check(service, &mut findings);
    l7g101_classic_elb_http::check(service, &mut findings);
    l7g102_tls_terminated_early::check(service, &mut findings);
    l7g104_health_check_conflict::check(service, &mut findings);
    findings
}
