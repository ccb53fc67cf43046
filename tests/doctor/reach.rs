//! Lines about the way from the API server to the replicas.

use std::fs;

use libtest_mimic::Failed;

use crate::Case;
use crate::objects;
use crate::pki::Authority;
use crate::stage::{SERVER_NAME, Stage};

pub(crate) const CASES: &[Case] = &[
    ("all is well, as text without colours too", all_is_well),
    ("endpoints: none is ready", endpoints),
    ("reachability: the API server gets no answer", no_answer),
    (
        "reachability: the webhook is not asked about the namespace",
        not_asked,
    ),
    ("reachability: l7guard only warns", only_warns),
    (
        "trust: another authority in caBundle, which the dry run shows too",
        trust,
    ),
    ("trust: a certificate for another name", name),
    ("certificate: it expires soon", certificate),
];

fn all_is_well(stage: &Stage) -> Result<(), Failed> {
    stage.until_all_is_well()?;
    let text = crate::diagnosis::run(stage.cluster.kubeconfig(), &[])?;
    assert_eq!(text.status, Some(0));
    let expected = "Service l7guard/l7guard, ValidatingWebhookConfiguration l7guard\n\n✔ webhook-configuration: ";
    assert!(text.output.starts_with(expected), "{}", text.output);
    assert!(
        text.output.ends_with("\n\n✔ 18  ‼ 0  ✘ 0  ? 0\n"),
        "{}",
        text.output
    );
    assert!(!text.output.contains('\u{1b}'));
    Ok(())
}

fn endpoints(stage: &Stage) -> Result<(), Failed> {
    stage.put(&objects::slice([false, false]))?;
    stage.expect(
        "endpoints",
        "bad",
        "no endpoint of Service l7guard/l7guard is ready: a, b",
    )
}

/// A process that is stopped answers as one behind a blocked port does.
fn no_answer(stage: &Stage) -> Result<(), Failed> {
    stage.first.signal("STOP")?;
    let found = stage.expect("reachability", "bad", "context deadline exceeded");
    stage.first.signal("CONT")?;
    found
}

fn not_asked(stage: &Stage) -> Result<(), Failed> {
    stage
        .change_webhook(|entry| entry["rules"][0]["operations"] = serde_json::json!(["UPDATE"]))?;
    stage.expect("reachability", "bad", "was allowed")
}

fn only_warns(stage: &Stage) -> Result<(), Failed> {
    let warn = "apiVersion: l7guard/v1\nkind: Configuration\nmode: warn\n";
    fs::write(stage.file("a", "l7guard.yaml"), warn)?;
    stage.expect("reachability", "warning", "allowed with a warning")
}

fn trust(stage: &Stage) -> Result<(), Failed> {
    let other = Authority::new()?.bundle();
    stage.change_webhook(|entry| entry["clientConfig"]["caBundle"] = other.as_str().into())?;
    stage.expect("trust", "bad", "no authority in caBundle has signed")?;
    stage.change_webhook(|entry| entry["clientConfig"]["caBundle"] = other.into())?;
    stage.expect(
        "reachability",
        "bad",
        "certificate signed by unknown authority",
    )
}

fn name(stage: &Stage) -> Result<(), Failed> {
    with_certificate(
        stage,
        "l7guard.elsewhere.svc",
        365,
        "trust",
        "bad",
        "is not for l7guard.l7guard.svc",
    )
}

fn certificate(stage: &Stage) -> Result<(), Failed> {
    with_certificate(
        stage,
        SERVER_NAME,
        5,
        "certificate",
        "warning",
        "certificate of Pod b expires in 4 days",
    )
}

/// Gives the second replica another certificate for as long as the line takes to appear.
fn with_certificate(
    stage: &Stage,
    name: &str,
    days: i64,
    check: &str,
    outcome: &str,
    part: &str,
) -> Result<(), Failed> {
    stage.authority.write(&stage.folder("b"), name, days)?;
    let found = stage.expect(check, outcome, part);
    stage
        .authority
        .write(&stage.folder("b"), SERVER_NAME, 365)?;
    found
}
