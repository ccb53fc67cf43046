//! Trials of who writes: replicas that come and go, and others who write what we do.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::guard::{Guard, soon, until};
use crate::stage::{Stage, ingress};
use crate::trials::{CONFIRMED, Case, FULL_PASSES, LEADER, WRITTEN, violation};

pub(crate) const CASES: &[Case] = &[
    (
        "what others write under the name of our reports stays theirs, and ours is written back",
        others_who_write,
    ),
    (
        "a namespace that is going is left alone, and that is no failure to speak of",
        namespace_that_is_going,
    ),
    (
        "of two replicas one writes, and the other takes over without saying anything twice",
        takeover,
    ),
];

fn others_who_write(stage: &Stage) -> Result<(), Failed> {
    let (ours, theirs) = ("ours", "theirs");
    let of_another_tool = json!({
        "apiVersion": "openreports.io/v1alpha1", "kind": "Report",
        "metadata": {"namespace": theirs, "name": "l7guard", "labels": {"of": "another-tool"}},
        "source": "another tool",
    });
    stage.write(&violation(ours))?;
    stage.write(&violation(theirs))?;
    stage.write(std::slice::from_ref(&of_another_tool))?;
    let get = ["reports", "l7guard", "--namespace", theirs];
    let before = stage.get(&get)?;
    let guard = stage.start("others")?;
    let found = stage.found_after_start(&guard, ours, "web")?;
    until("both are counted", || {
        Ok((guard.metric(CONFIRMED)? == 2).then_some(()))
    })?;
    let patch = r#"{"metadata": {"labels": null}, "results": [], "summary": {"fail": 7}}"#;
    stage.kubectl(&[
        "patch",
        "reports",
        "l7guard",
        "--namespace",
        ours,
        "--type=merge",
        "--patch",
        patch,
    ])?;
    until("what was taken out by hand is written back", || {
        let written = stage.get(&["reports", "l7guard", "--namespace", ours])?;
        let is_back = written["results"] == json!([found])
            && written["summary"]["fail"] == 1
            && written["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "l7guard";
        Ok(is_back.then_some(()))
    })?;
    assert_eq!(stage.get(&get)?, before);
    let log = guard.log()?;
    assert_eq!(log.matches("is not ours").count(), 1, "{log}");
    for at in [ours, theirs] {
        stage.kubectl(&["delete", "ingress", "--namespace", at, "--all"])?;
    }
    soon("ours is removed, and theirs is left", || {
        let reports = stage.get(&["reports,clusterreports", "-A"])?;
        Ok((reports["items"] == json!([before])).then_some(()))
    })?;
    stage.kubectl(&["delete", "reports", "--namespace", theirs, "--all"])
}

fn namespace_that_is_going(stage: &Stage) -> Result<(), Failed> {
    let at = "going";
    stage.write(&violation(at))?;
    // Nobody here ends the namespace: it goes on for as long as the trial lasts.
    stage.kubectl(&["delete", "namespace", at, "--wait=false"])?;
    let guard = stage.start("going")?;
    let failed = r#"l7guard_audit_writes_total{object="report",result="failed"}"#;
    until("a report is refused", || {
        Ok((guard.metric(failed)? > 0).then_some(()))
    })?;
    let passes = guard.metric(FULL_PASSES)?;
    until("another full pass", || {
        Ok((guard.metric(FULL_PASSES)? > passes).then_some(()))
    })?;
    assert!(guard.metric(failed)? <= 2);
    let log = guard.log()?;
    let is_warning = |line: &&str| line.contains(" WARN ") && !line.contains("new finding");
    assert_eq!(log.lines().find(is_warning), None);
    stage.kubectl(&["delete", "ingress", "--namespace", at, "--all"])
}

fn takeover(stage: &Stage) -> Result<(), Failed> {
    stage.write(&violation("shared"))?;
    let mut one = stage.start("one")?;
    until("the first replica leads", || is_leader(&one))?;
    let mut two = stage.start("two")?;
    stage.found("shared", "web")?;
    until("the second replica counts as well", || {
        Ok((two.metric(CONFIRMED)? == 1).then_some(()))
    })?;
    assert_eq!(two.metric(LEADER)?, 0);
    assert_eq!(two.metric(WRITTEN)?, 0);
    let first = stage.results("reports", "shared", "web")?;
    halted_leader(stage, &one, &two)?;
    two.signal("KILL")?;
    two.ended()?;
    until("the first replica leads again", || is_leader(&one))?;
    stage.write(&violation("later"))?;
    stage.found("later", "web")?;
    let events = stage.events("later", "web", "L7GuardFinding")?;
    assert_eq!(events[0]["reportingInstance"], "one");
    let events = stage.events("shared", "web", "L7GuardFinding")?;
    assert_eq!(events.len(), 1, "{events:?}");
    // Since when it is known has survived.
    assert_eq!(stage.results("reports", "shared", "web")?, first);
    one.signal("TERM")?;
    assert_eq!(one.ended()?, Some(0));
    let lease = stage.get(&["lease", "l7guard", "--namespace", "l7guard"])?;
    assert_eq!(lease["spec"]["holderIdentity"], Value::Null, "{lease}");
    Ok(())
}

/// The leader does not run for longer than its Lease lasts, with a finding to write that is mended meanwhile.
fn halted_leader(stage: &Stage, old: &Guard, new: &Guard) -> Result<(), Failed> {
    let at = "meanwhile";
    stage.write(&violation(at))?;
    old.signal("STOP")?;
    until("the other replica leads", || is_leader(new))?;
    stage.found(at, "web")?;
    stage.write(&[ingress(at, "web", "elsewhere")])?;
    stage.gone(at, "web")?;
    let reports = stage.get(&["reports,clusterreports", "-A"])?;
    old.signal("CONT")?;
    until("the old one has seen that it leads no more", || {
        Ok((old.metric(LEADER)? == 0).then_some(()))
    })?;
    let passes = old.metric(FULL_PASSES)?;
    until("it goes on judging", || {
        Ok((old.metric(FULL_PASSES)? > passes).then_some(()))
    })?;
    assert_eq!((old.metric(LEADER)?, new.metric(LEADER)?), (0, 1));
    assert_eq!(stage.get(&["reports,clusterreports", "-A"])?, reports);
    for reason in ["L7GuardFinding", "L7GuardFindingGone"] {
        let events = stage.events(at, "web", reason)?;
        assert_eq!(events.len(), 1, "{events:?}");
    }
    Ok(())
}

fn is_leader(replica: &Guard) -> Result<Option<()>, Failed> {
    Ok((replica.metric(LEADER)? > 0).then_some(()))
}
