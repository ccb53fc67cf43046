//! What the API server's audit log says about a review.

use control_plane::ControlPlane;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use crate::kubectl::silent_success;
use crate::scene::{Scene, WEBHOOK};

pub(crate) const CASES: &[Case] = &[
    (
        "the audit log tells of a refusal with decision and rule",
        refusal_is_audited,
    ),
    (
        "the audit log tells of an accepted object with decision alone",
        acceptance_is_audited,
    ),
];

fn refusal_is_audited(scene: &Scene) -> Result<(), Failed> {
    let refused = scene.apply(
        "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {namespace: istio-system, name: audited-refusal}
spec:
  ingressClassName: public
  defaultBackend: {service: {name: istio-ingressgateway, port: {number: 80}}}
",
    )?;
    assert!(!refused.status.success());
    let event = event(&scene.cluster, "create", "audited-refusal")?;
    assert_eq!(annotation(&event, WEBHOOK, "decision"), "deny");
    assert_eq!(annotation(&event, WEBHOOK, "rules"), "L7G001");
    Ok(())
}

fn acceptance_is_audited(scene: &Scene) -> Result<(), Failed> {
    silent_success(&scene.apply(
        "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {namespace: shop, name: audited-acceptance}
spec:
  ingressClassName: public
  defaultBackend: {service: {name: shop, port: {number: 80}}}
",
    )?)?;
    let event = event(&scene.cluster, "create", "audited-acceptance")?;
    assert_eq!(annotation(&event, WEBHOOK, "decision"), "allow");
    assert_eq!(annotation(&event, WEBHOOK, "rules"), &Value::Null);
    Ok(())
}

/// The first event in which an object of that name was written with that verb, and not as a dry run.
pub(crate) fn event(cluster: &ControlPlane, verb: &str, name: &str) -> Result<Value, Failed> {
    Ok(cluster.audit_event_where(|event| {
        let is_dry_run = event["requestURI"]
            .as_str()
            .is_some_and(|uri| uri.contains("dryRun=All"));
        event["verb"] == verb && event["objectRef"]["name"] == name && !is_dry_run
    })?)
}

/// What a webhook has noted in an event; null where it has noted nothing.
pub(crate) fn annotation<'a>(event: &'a Value, webhook: &str, key: &str) -> &'a Value {
    &event["annotations"][format!("{webhook}/{key}")]
}
