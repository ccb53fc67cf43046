//! What happens to the three manifests of the quick start.

use libtest_mimic::Failed;

use crate::Case;
use crate::audit_log::{annotation, event};
use crate::kubectl::{assert_shown, silent_success};
use crate::scene::{Scene, WEBHOOK};

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

const ALB_TO_GATEWAY: &str = "examples/quickstart/alb-to-gateway.yaml";
const ALB_TO_APPLICATION: &str = "examples/quickstart/alb-to-application.yaml";
const NLB_FOR_GATEWAY: &str = "examples/quickstart/nlb-for-gateway.yaml";

fn alb_to_gateway_is_refused(scene: &Scene) -> Result<(), Failed> {
    let arguments = ["apply", "--filename", ALB_TO_GATEWAY];
    assert_shown("alb-to-gateway", &arguments, &scene.kubectl(&arguments)?);
    let edge = ["get", "ingress", "edge", "--namespace", "istio-system"];
    assert!(!scene.kubectl(&edge)?.status.success());
    Ok(())
}

fn dry_run_is_refused_alike(scene: &Scene) -> Result<(), Failed> {
    let dry_run = scene.kubectl(&["apply", "--dry-run=server", "--filename", ALB_TO_GATEWAY])?;
    let real = scene.kubectl(&["apply", "--filename", ALB_TO_GATEWAY])?;
    assert_eq!(dry_run.status.code(), Some(1));
    assert_eq!(dry_run.stderr, real.stderr);
    Ok(())
}

fn refusal_is_forbidden(scene: &Scene) -> Result<(), Failed> {
    scene.kubectl(&["apply", "--filename", ALB_TO_GATEWAY])?;
    let event = event(&scene.cluster, "create", "edge")?;
    let answer = &event["responseStatus"];
    assert_eq!(answer["code"], 403);
    assert_eq!(answer["reason"], "Forbidden");
    let causes = &answer["details"]["causes"];
    assert_eq!(causes[0]["reason"], "L7G001", "{answer}");
    assert_eq!(
        causes[0]["field"],
        "/spec/rules/0/http/paths/0/backend/service/name"
    );
    Ok(())
}

/// The gateway's Service stands there with an address of the cluster alone; in the end it does so again.
fn nlb_for_gateway_is_accepted(scene: &Scene) -> Result<(), Failed> {
    let applied = scene.kubectl(&["apply", "--filename", NLB_FOR_GATEWAY])?;
    assert_eq!(
        silent_success(&applied)?,
        "service/istio-ingressgateway configured\n"
    );
    let world = scene.kubectl(&["apply", "--filename", "examples/quickstart/world"])?;
    silent_success(&world)?;
    Ok(())
}

fn alb_to_application_is_accepted(scene: &Scene) -> Result<(), Failed> {
    let applied = scene.kubectl(&["apply", "--filename", ALB_TO_APPLICATION])?;
    assert_eq!(
        silent_success(&applied)?,
        "ingress.networking.k8s.io/shop created\n"
    );
    silent_success(&scene.kubectl(&["delete", "--filename", ALB_TO_APPLICATION])?)?;
    Ok(())
}

fn ingress_class_is_accepted(scene: &Scene) -> Result<(), Failed> {
    silent_success(&scene.apply(
        "{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: internal}, spec: {controller: ingress.k8s.aws/alb}}",
    )?)?;
    let event = event(&scene.cluster, "create", "internal")?;
    assert_eq!(annotation(&event, WEBHOOK, "decision"), "allow");
    silent_success(&scene.kubectl(&["delete", "ingressclass", "internal"])?)?;
    Ok(())
}
