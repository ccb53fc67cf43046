//! The trials, in an order in which each leaves the cluster for the next.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::crds;
use crate::guard::until;
use crate::stage::{Stage, gateway, gateway_pod, ingress, namespace, service};

/// A sentence of behaviour and what shows it.
pub(crate) type Case = (&'static str, fn(&Stage) -> Result<(), Failed>);

pub(crate) const CASES: &[Case] = &[
    (
        "reports are those of wgpolicyk8s.io until OpenReports is installed, and move there",
        reports_move_to_the_newer_api,
    ),
    (
        "what is older than l7guard is found, shown, and gone when it is mended",
        older_objects,
    ),
    (
        "what no review sees is found when it changes",
        changes_that_no_review_sees,
    ),
    (
        "an object whose name leaves no room for an Event has report and metric",
        longest_name,
    ),
    (
        "a changed configuration tells who is affected",
        another_configuration,
    ),
];

const LIKELY: &str =
    r#"l7guard_findings{rule="L7G001",mode="deny",would_be="none",confidence="likely"}"#;
pub(crate) const CONFIRMED: &str =
    r#"l7guard_findings{rule="L7G001",mode="deny",would_be="none",confidence="confirmed"}"#;
pub(crate) const WRITTEN: &str = r#"l7guard_audit_writes_total{object="report",result="done"}"#;
pub(crate) const LEADER: &str = "l7guard_audit_leader";
pub(crate) const FULL_PASSES: &str = r#"l7guard_audit_pass_duration_seconds_count{pass="full"}"#;

/// A namespace with an Ingress to a gateway.
pub(crate) fn violation(at: &str) -> Vec<Value> {
    let labels = json!({"of": "gateway", "app": at});
    vec![
        namespace(at),
        gateway(at, "gateway", &labels),
        service(at, "front", Some(&json!({"app": at}))),
        ingress(at, "web", "front"),
    ]
}

fn reports_move_to_the_newer_api(stage: &Stage) -> Result<(), Failed> {
    stage.write(&violation("before"))?;
    let guard = stage.start("first")?;
    let old = until("the finding is in a PolicyReport", || {
        let results = stage.results("policyreports.wgpolicyk8s.io", "before", "web");
        Ok(results?.pop())
    })?;
    assert_eq!(old["result"], "fail");
    stage.apply(&crds::reports())?;
    until("the finding is in a Report", || {
        let results = stage.results("reports.openreports.io", "before", "web");
        // It is not served for a moment.
        Ok(results.unwrap_or_default().pop())
    })?;
    until("the PolicyReports are removed", || {
        let get = ["policyreports,clusterpolicyreports", "-A"];
        Ok((stage.get(&get)?["items"] == json!([])).then_some(()))
    })?;
    until("nothing is left of it", || {
        Ok((guard.metric(CONFIRMED)? > 0).then_some(()))
    })?;
    stage.kubectl(&["delete", "ingress", "--namespace", "before", "web"])?;
    until("the finding is gone", || {
        let results = stage.results("reports.openreports.io", "before", "web")?;
        Ok((results.is_empty() && guard.metric(CONFIRMED)? == 0).then_some(()))
    })
}

fn older_objects(stage: &Stage) -> Result<(), Failed> {
    stage.write(&violation("older"))?;
    let guard = stage.start("older")?;
    let result = stage.found_after_start(&guard, "older", "web")?;
    assert_eq!(guard.metric(CONFIRMED)?, 1);
    let ingress_uid = uid(stage, "older", "web")?;
    assert_eq!(result["resources"][0]["uid"], ingress_uid);
    assert_eq!(result["rule"], "L7G001");
    let get = ["reports", "l7guard", "--namespace", "older"];
    let report = stage.get(&get)?;
    assert_eq!(report["metadata"]["ownerReferences"][0]["uid"], ingress_uid);
    let overview = stage.get(&["clusterreports", "l7guard"])?;
    assert_eq!(
        overview["results"][0]["message"],
        "1 findings in 1 namespaces: older (1)"
    );
    let events = stage.events("older", "web", "L7GuardFinding")?;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["action"], "L7G001");
    assert_eq!(events[0]["related"]["name"], "front");
    // A pass without change writes nothing.
    let (written, passes) = (guard.metric(WRITTEN)?, guard.metric(FULL_PASSES)?);
    until("another full pass", || {
        Ok((guard.metric(FULL_PASSES)? > passes + 1).then_some(()))
    })?;
    assert_eq!(guard.metric(WRITTEN)?, written);
    let again = stage.get(&get)?;
    assert_eq!(
        again["metadata"]["resourceVersion"],
        report["metadata"]["resourceVersion"]
    );
    stage.write(&[ingress("older", "web", "elsewhere")])?;
    stage.gone("older", "web")?;
    assert_eq!(guard.metric(CONFIRMED)?, 0);
    let reports = stage.get(&["reports,clusterreports", "-A"])?;
    assert_eq!(reports["items"], json!([]));
    Ok(())
}

fn changes_that_no_review_sees(stage: &Stage) -> Result<(), Failed> {
    let at = "changes";
    stage.write(&[
        namespace(at),
        gateway(at, "gateway", &json!({"of": "gateway", "app": "idle"})),
        service(at, "relabelled", Some(&json!({"app": "relabelled"}))),
        ingress(at, "relabelled", "relabelled"),
        gateway_pod(at, "elsewhere", &json!({"app": "elsewhere"})),
        service(at, "manual", None),
        ingress(at, "manual", "manual"),
        service(at, "programmed", Some(&json!({"app": "programmed"}))),
        ingress(at, "programmed", "programmed"),
        service(at, "bare", Some(&json!({"app": "bare"}))),
        ingress(at, "bare", "bare"),
    ])?;
    let guard = stage.start("changes")?;
    until("a pass of the replica that leads", || {
        let is_steady = guard.metric(FULL_PASSES)? > 0 && guard.metric(LEADER)? > 0;
        Ok(is_steady.then_some(()))
    })?;
    // An Ingress is created while no webhook is asked.
    let relabel = |app: &str| gateway(at, "gateway", &json!({"of": "gateway", "app": app}));
    stage.write(&[
        service(at, "unasked", Some(&json!({"app": "idle"}))),
        ingress(at, "unasked", "unasked"),
    ])?;
    stage.found(at, "unasked")?;
    assert_eq!(guard.metric(CONFIRMED)?, 1);
    stage.kubectl(&["delete", "ingress", "--namespace", at, "unasked"])?;
    stage.gone(at, "unasked")?;
    assert_eq!(guard.metric(CONFIRMED)?, 0);
    // A Deployment is relabelled.
    stage.write(&[relabel("relabelled")])?;
    stage.found(at, "relabelled")?;
    assert_eq!(guard.metric(CONFIRMED)?, 1);
    stage.write(&[relabel("idle")])?;
    stage.gone(at, "relabelled")?;
    // An EndpointSlice is made by hand.
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"namespace": at, "name": "manual", "labels": {"kubernetes.io/service-name": "manual"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.2.3"], "targetRef": {"kind": "Pod", "name": "elsewhere", "namespace": at}}],
        "ports": [{"port": 80}],
    });
    stage.write(&[slice])?;
    stage.found(at, "manual")?;
    assert_eq!(guard.metric(CONFIRMED)?, 1);
    stage.kubectl(&["delete", "endpointslice", "--namespace", at, "manual"])?;
    stage.gone(at, "manual")?;
    // An Istio Gateway programs the Pods of a Service.
    stage.write(&[json!({
        "apiVersion": "networking.istio.io/v1", "kind": "Gateway",
        "metadata": {"namespace": at, "name": "programs"},
        "spec": {
            "selector": {"app": "programmed"},
            "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}],
        },
    })])?;
    stage.found(at, "programmed")?;
    assert_eq!(guard.metric(LIKELY)?, 1);
    stage.kubectl(&[
        "delete",
        "gateways.networking.istio.io",
        "--namespace",
        at,
        "programs",
    ])?;
    stage.gone(at, "programmed")?;
    assert_eq!(guard.metric(LIKELY)? + guard.metric(CONFIRMED)?, 0);
    // Pods are not watched: they are found by the next full pass.
    stage.write(&[gateway_pod(at, "bare", &json!({"app": "bare"}))])?;
    until("the bare Pod is found", || {
        Ok(stage.results("reports", at, "bare")?.pop())
    })?;
    stage.kubectl(&["delete", "namespace", at, "--wait=false"])?;
    stage.kubectl(&["delete", "ingress", "--namespace", at, "--all"])
}

fn longest_name(stage: &Stage) -> Result<(), Failed> {
    let (at, name) = ("longest", "a".repeat(253));
    stage.write(&violation(at))?;
    stage.kubectl(&["delete", "ingress", "--namespace", at, "web"])?;
    let guard = stage.start("longest")?;
    stage.write(&[ingress(at, &name, "front")])?;
    until("it is reported", || {
        Ok(stage.results("reports", at, &name)?.pop())
    })?;
    assert_eq!(guard.metric(CONFIRMED)?, 1);
    let failed = r#"l7guard_audit_writes_total{object="event",result="failed"}"#;
    until("its Event is refused", || {
        Ok((guard.metric(failed)? > 0).then_some(()))
    })?;
    stage.kubectl(&["delete", "ingress", "--namespace", at, "--all"])
}

fn another_configuration(stage: &Stage) -> Result<(), Failed> {
    let at = "configured";
    stage.write(&violation(at))?;
    let guard = stage.start("configured")?;
    stage.found_after_start(&guard, at, "web")?;
    let before = std::fs::read_to_string(&stage.configuration)?;
    let audit = format!("{before}namespaces: [{{match: [{at}], mode: audit}}]\n");
    std::fs::write(&stage.configuration, audit)?;
    let audited =
        r#"l7guard_findings{rule="L7G001",mode="audit",would_be="deny",confidence="confirmed"}"#;
    until("it is audited", || {
        Ok((guard.metric(audited)? > 0).then_some(()))
    })?;
    let effect = |what: &str| format!("l7guard_configuration_effects_total{{effect=\"{what}\"}}");
    assert_eq!(guard.metric(&effect("loosened"))?, 1);
    until("the report says so", || {
        let result = stage.results("reports", at, "web")?.pop();
        Ok(result.filter(|result| result["properties"]["would_be"] == "deny"))
    })?;
    std::fs::write(&stage.configuration, before)?;
    until("it is denied again", || {
        Ok((guard.metric(CONFIRMED)? > 0).then_some(()))
    })?;
    assert_eq!(guard.metric(&effect("tightened"))?, 1);
    let log = guard.log()?;
    assert!(log.contains("Ingress configured/web (L7G001)"), "{log}");
    let events = stage.events(at, "web", "L7GuardFinding")?;
    assert_eq!(events.len(), 1, "{events:?}");
    stage.kubectl(&["delete", "ingress", "--namespace", at, "--all"])
}

fn uid(stage: &Stage, at: &str, name: &str) -> Result<Value, Failed> {
    let get = ["ingress", name, "--namespace", at];
    Ok(stage.get(&get)?["metadata"]["uid"].clone())
}
