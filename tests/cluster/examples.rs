//! What happens to the three manifests of the quick start.

use control_plane::Outcome;
use libtest_mimic::Failed;

use crate::Case;
use crate::kubectl::{assert_shown, silent_success};
use crate::scene::Scene;

pub(crate) const CASES: &[Case] = &[
    (
        "an ALB Ingress to the Istio gateway is refused with the message that is kept as a snapshot",
        alb_to_gateway_is_refused,
    ),
    (
        "a dry run on the server is refused with the same words",
        dry_run_is_refused_alike,
    ),
    (
        "a refusal is 403 Forbidden and names rule and field for machines",
        refusal_is_forbidden,
    ),
    (
        "the Service that asks for an NLB for the gateway is accepted without a word",
        nlb_for_gateway_is_accepted,
    ),
    (
        "an ALB Ingress to an application is accepted without a word",
        alb_to_application_is_accepted,
    ),
    (
        "an IngressClass is reviewed and accepted without a word",
        ingress_class_is_accepted,
    ),
];
