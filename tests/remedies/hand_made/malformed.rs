//! Lists that are no smallest, safe patches.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::good::{of_front, of_service, path, target, world};
use super::{Case, applied};

pub(super) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = json_patches()
        .into_iter()
        .chain(merge_patches())
        .chain(lists())
        .map(|case| applied(world, case))
        .collect();
    trials.extend(owned().into_iter().map(|case| applied(owned_world, case)));
    trials.push(Trial::test(
        "hand-made/applier: a field nobody knows",
        || {
            let mut change = of_front();
            change["patches"] = json!([]);
            match crate::change::Change::list(&json!([change])) {
                Err(_) => Ok(()),
                Ok(_) => Err("it was read".into()),
            }
        },
    ));
    trials
}

const PATHS: &str = "/spec/rules/0/http/paths";

fn front(patch: &Value) -> Value {
    let mut change = of_front();
    change["patch"] = patch.clone();
    json!([change])
}

fn service(patch: &Value) -> Value {
    json!([{"action": "patch", "target": target("v1", "Service", "gw"), "patchType": "merge", "patch": patch, "why": "as it is"}])
}

fn test(index: usize) -> Value {
    json!({"op": "test", "path": format!("{PATHS}/{index}"), "value": path(index)})
}

fn remove(index: usize) -> Value {
    json!({"op": "remove", "path": format!("{PATHS}/{index}")})
}

fn json_patches() -> Vec<Case> {
    let name = format!("{PATHS}/2/backend/service/name");
    vec![
        (
            "a removal without a test",
            front(&json!([remove(2)])),
            &[
                "a test that does not identify its element",
                "an element is changed untested",
            ],
        ),
        (
            "a test that holds for another element",
            front(&json!([{"op": "test", "path": name, "value": "gw"}, remove(2)])),
            &["a test that does not identify its element"],
        ),
        (
            "a test that does not hold",
            front(&json!([{"op": "test", "path": name, "value": "app"}, remove(2)])),
            &["a patch that does not apply"],
        ),
        (
            "indices from the lowest up",
            front(
                &json!([test(0), remove(0), {"op": "test", "path": format!("{PATHS}/1"), "value": path(2)}, remove(1)]),
            ),
            &["indices that do not descend"],
        ),
        (
            "a part removed as a whole",
            front(&json!([{"op": "remove", "path": "/metadata/annotations"}])),
            &["a part is lost that is not named"],
        ),
        (
            "a part replaced as a whole",
            front(&json!([{"op": "replace", "path": "/metadata/annotations", "value": {}}])),
            &["a part is lost that is not named"],
        ),
        (
            "an addition over what is there",
            front(&json!([{"op": "add", "path": "/spec/ingressClassName", "value": "nginx"}])),
            &["an addition over what is there"],
        ),
        (
            "a missing parent",
            front(&json!([{"op": "add", "path": "/metadata/labels/a", "value": "b"}])),
            &["a patch that does not apply"],
        ),
        (
            "a move",
            front(&json!([{"op": "move", "from": "/spec/rules", "path": "/spec/roles"}])),
            &["an operation that moves or copies"],
        ),
        (
            "nothing but a test",
            front(&json!([test(0)])),
            &["a patch that changes nothing"],
        ),
        (
            "another name",
            front(&json!([{"op": "replace", "path": "/metadata/name", "value": "other"}])),
            &["a patch that renames its target"],
        ),
    ]
}

fn merge_patches() -> Vec<Case> {
    vec![
        (
            "an array in a merge patch",
            service(&json!({"spec": {"loadBalancerSourceRanges": ["10.0.0.0/8"]}})),
            &["an array in a merge patch"],
        ),
        (
            "what is so already",
            service(&json!({"spec": {"type": "ClusterIP"}})),
            &["a merge patch that says nothing"],
        ),
        (
            "the removal of what is not there",
            service(&json!({"metadata": {"annotations": null}})),
            &["a merge patch that says nothing"],
        ),
        (
            "a part removed by null",
            service(&json!({"spec": {"selector": null}})),
            &["a part is lost that is not named"],
        ),
        (
            "a text over a map",
            service(&json!({"spec": {"selector": "gw"}})),
            &["a merge patch over another type"],
        ),
        (
            "a placeholder that is not listed",
            service(&json!({"spec": {"selector": {"app": "<app>"}}})),
            &["a placeholder that is not listed"],
        ),
        (
            "a placeholder in an annotation",
            service(&json!({"metadata": {"annotations": {"a": "<b>"}}})),
            &[
                "a placeholder that is not listed",
                "a placeholder where none may stand",
            ],
        ),
    ]
}

fn lists() -> Vec<Case> {
    let mut existing = of_service();
    existing["target"]["name"] = json!("gw");
    existing["object"]["metadata"]["name"] = json!("gw");
    let mut elsewhere = of_service();
    elsewhere["target"]["name"] = json!("gw-other");
    let mut unexplained = of_front();
    unexplained["why"] = json!(" ");
    let mut stored = of_service();
    stored["object"]["metadata"]["resourceVersion"] = json!("1");
    let mut listed = of_service();
    listed["placeholders"] = json!(["/spec/selector/app"]);
    let absent = json!({"action": "delete", "target": target("networking.k8s.io/v1", "Ingress", "other"), "why": "gone"});
    let mut both = of_front();
    both["object"] = json!({});
    let values = json!({"action": "values", "target": target("v1", "Service", "gw"), "values": {}, "why": "as it is"});
    vec![
        (
            "a creation of what exists",
            json!([existing]),
            &["a creation of what exists"],
        ),
        (
            "an object that is not the target",
            json!([elsewhere]),
            &["an object that is not the target"],
        ),
        (
            "no reason",
            json!([unexplained]),
            &["a change without a reason"],
        ),
        (
            "what the server writes",
            json!([stored]),
            &["a creation with what the server writes"],
        ),
        (
            "a listed placeholder that is none",
            json!([listed]),
            &["a listed placeholder that is none"],
        ),
        (
            "a deletion of what does not exist",
            json!([absent]),
            &["a change of what does not exist"],
        ),
        (
            "a patch with an object",
            json!([both]),
            &["fields that the action has not"],
        ),
        (
            "two changes of one target",
            json!([of_front(), {"action": "delete", "target": target("networking.k8s.io/v1", "Ingress", "front"), "why": "gone"}]),
            &["two changes of one target"],
        ),
        (
            "values of nobody",
            json!([values]),
            &[
                "empty values",
                "values without an effect",
                "values without an owner",
            ],
        ),
    ]
}

/// The Service is one of a chart's, of a Gateway's, or has an owner.
fn owned_world() -> Vec<Value> {
    let mut world = world();
    let mut hosts = world[3].clone();
    hosts["metadata"]["name"] = json!("hosts");
    let rule =
        |host: &str, index: usize| json!({"host": host, "http": {"paths": [path(index), path(1)]}});
    hosts["spec"]["rules"] = json!([rule("a.example.com", 0), rule("b.example.com", 0)]);
    world.push(hosts);
    let service = world[2].clone();
    let mut add = |name: &str, metadata: Value| {
        let mut service = service.clone();
        service["metadata"] = metadata;
        service["metadata"]["name"] = json!(name);
        service["metadata"]["namespace"] = json!("edge");
        world.push(service);
    };
    add(
        "of-chart",
        json!({"labels": {"helm.sh/chart": "gateway-1.27.0", "app.kubernetes.io/managed-by": "Helm"}}),
    );
    add(
        "of-old-chart",
        json!({"labels": {"chart": "gateways", "release": "istio"}}),
    );
    add(
        "of-operator",
        json!({"labels": {"install.operator.istio.io/owning-resource": "installed-state"}}),
    );
    add(
        "of-gateway",
        json!({"labels": {"gateway.istio.io/managed": "istio.io-gateway-controller"}}),
    );
    add(
        "of-owner",
        json!({"ownerReferences": [{"apiVersion": "v1", "kind": "Thing", "name": "a", "uid": "b", "controller": true}]}),
    );
    world
}

fn owned() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "of-chart",
        "of-old-chart",
        "of-operator",
        "of-gateway",
        "of-owner",
    ]
    .into_iter()
    .map(|name| {
        let mut change = service(&json!({"spec": {"type": "LoadBalancer"}}));
        change[0]["target"]["name"] = json!(name);
        let wanted: &[&str] = &["a change of what an owner restores"];
        (name, change, wanted)
    })
    .collect();
    cases.push((
            "a test of an element in another one",
            json!([{"action": "patch", "target": target("networking.k8s.io/v1", "Ingress", "hosts"), "patchType": "json", "why": "as it is", "patch": [
                {"op": "test", "path": "/spec/rules/1/http/paths/0/backend", "value": path(0)["backend"]},
                {"op": "remove", "path": "/spec/rules/1/http/paths/0"},
            ]}]),
            &["a test that does not identify its element"],
        ));
    cases
}
