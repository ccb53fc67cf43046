//! Lines about the webhook configuration.

use libtest_mimic::Failed;
use serde_json::json;

use crate::Case;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    ("webhook-configuration: there is none", configuration),
    (
        "webhook-rules: a kind that is served is not asked about",
        rules,
    ),
    ("webhook-settings: other versions of a kind pass", settings),
    (
        "namespace-selector: a namespace is left out",
        namespace_selector,
    ),
    ("object-selector: a label decides", object_selector),
    ("match-conditions: a user is left out", match_conditions),
    ("failure-policy: failures are ignored", failure_policy),
];

fn configuration(stage: &Stage) -> Result<(), Failed> {
    stage.kubectl(&["delete", "validatingwebhookconfiguration", "l7guard"])?;
    stage.expect(
        "webhook-configuration",
        "bad",
        "no ValidatingWebhookConfiguration",
    )
}

fn rules(stage: &Stage) -> Result<(), Failed> {
    stage.change_webhook(|entry| entry["rules"][2]["operations"] = json!(["CREATE"]))?;
    stage.expect(
        "webhook-rules",
        "bad",
        "UPDATE targetgroupbindings.elbv2.k8s.aws",
    )
}

fn settings(stage: &Stage) -> Result<(), Failed> {
    stage.change_webhook(|entry| entry["matchPolicy"] = "Exact".into())?;
    stage.expect("webhook-settings", "warning", "matchPolicy Exact")
}

fn namespace_selector(stage: &Stage) -> Result<(), Failed> {
    stage.change_webhook(|entry| {
        entry["namespaceSelector"]["matchExpressions"][0]["values"] = json!(["l7guard", "shop"]);
    })?;
    stage.expect("namespace-selector", "warning", "not all of them: shop (")
}

fn object_selector(stage: &Stage) -> Result<(), Failed> {
    stage.change_webhook(|entry| {
        entry["objectSelector"] = json!({"matchLabels": {"guarded": "yes"}});
    })?;
    stage.expect("object-selector", "warning", "guarded=yes")
}

fn match_conditions(stage: &Stage) -> Result<(), Failed> {
    stage.change_webhook(|entry| {
        let expression = "request.userInfo.username != 'deployer'";
        entry["matchConditions"] = json!([{"name": "not-the-deployer", "expression": expression}]);
    })?;
    stage.expect("match-conditions", "warning", "not-the-deployer")
}

fn failure_policy(stage: &Stage) -> Result<(), Failed> {
    stage.change_webhook(|entry| entry["failurePolicy"] = "Ignore".into())?;
    stage.expect("failure-policy", "warning", "failurePolicy Ignore")
}
