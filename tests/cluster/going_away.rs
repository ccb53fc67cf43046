//! Whatever breaks the policy can go away, and what controllers write on the way there passes.

use libtest_mimic::Failed;

use crate::Case;
use crate::audit_log::{annotation, event};
use crate::kubectl::silent_success;
use crate::scene::{Scene, WEBHOOK};

pub(crate) const CASES: &[Case] = &[
    (
        "an Ingress that breaks the policy can be deleted without a word, also where the webhook is asked about it",
        deletion_passes,
    ),
    (
        "a controller can write the status of an Ingress that breaks the policy",
        status_passes,
    ),
    (
        "a finalizer of a terminating Ingress that breaks the policy can be removed",
        finalizer_can_be_removed,
    ),
    (
        "an update of a terminating Ingress may not add a gateway",
        terminating_is_no_excuse,
    ),
];

fn deletion_passes(scene: &Scene) -> Result<(), Failed> {
    silent_success(&scene.kubectl(&ingress("delete", "older-deleted", &[]))?)?;
    let event = event(&scene.cluster, "delete", "older-deleted")?;
    assert_eq!(annotation(&event, WEBHOOK, "decision"), "allow");
    assert_eq!(annotation(&event, WEBHOOK, "mode"), "none");
    Ok(())
}

fn status_passes(scene: &Scene) -> Result<(), Failed> {
    let status = r#"{"status": {"loadBalancer": {"ingress": [{"hostname": "alb.example.com"}]}}}"#;
    let options = [
        "--subresource",
        "status",
        "--type",
        "merge",
        "--patch",
        status,
    ];
    silent_success(&scene.kubectl(&ingress("patch", "older-with-status", &options))?)?;
    let event = event(&scene.cluster, "patch", "older-with-status")?;
    assert_eq!(event["objectRef"]["subresource"], "status");
    assert_eq!(annotation(&event, WEBHOOK, "decision"), "allow");
    Ok(())
}

const NO_FINALIZERS: &str = r#"{"metadata": {"finalizers": null}}"#;

fn finalizer_can_be_removed(scene: &Scene) -> Result<(), Failed> {
    let name = "older-with-finalizer";
    silent_success(&scene.kubectl(&ingress("delete", name, &["--wait=false"]))?)?;
    let removed = scene.kubectl(&ingress("patch", name, &["--patch", NO_FINALIZERS]))?;
    assert!(removed.status.success(), "{}", removed.stderr);
    let event = event(&scene.cluster, "patch", name)?;
    assert_eq!(annotation(&event, WEBHOOK, "decision"), "warn");
    let gone = scene.kubectl(&ingress("get", name, &["--ignore-not-found"]))?;
    assert_eq!(silent_success(&gone)?, "");
    Ok(())
}

fn terminating_is_no_excuse(scene: &Scene) -> Result<(), Failed> {
    let name = "older-terminating";
    silent_success(&scene.kubectl(&ingress("delete", name, &["--wait=false"]))?)?;
    let patch = r#"{"spec": {"defaultBackend": {"service": {"name": "istio-ingress"}}}}"#;
    let refused = scene.kubectl(&ingress("patch", name, &["--patch", patch]))?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.stderr.contains("(Forbidden)") && refused.stderr.contains("[L7G001]"),
        "{}",
        refused.stderr
    );
    let removed = scene.kubectl(&ingress("patch", name, &["--patch", NO_FINALIZERS]))?;
    assert!(removed.status.success(), "{}", removed.stderr);
    Ok(())
}

/// The arguments for a command about an Ingress in the gateway's namespace.
fn ingress<'a>(command: &'a str, name: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let object = [command, "ingress", name, "--namespace", "istio-system"];
    [&object, options].concat()
}
