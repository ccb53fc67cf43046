//! The webhook as a door: what it says of each object, created where the others stand, is what is found of that object.

use l7guard::admission::{Answer, Review};
use l7guard::judge::{Judge, PolicyJudge};
use l7guard::live::Live;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::{Inventory, World};
use l7guard_policy::verdict::{Verdict, evaluate};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::Outcome;
use crate::doors::Readings;
use crate::fixture::today;
use crate::manifests::{elements, text};
use crate::said::{Said, is_reviewed, mark_existing, part_of};
use crate::server::Server;

/// The guard watches nothing here: it knows what was listed, and confirms with the API server what it denies and allows.
pub(crate) fn agrees(
    readings: &Readings,
    server: &Server,
    configuration: &Configuration,
) -> Outcome {
    let inventory = readings.as_cluster();
    let checked = evaluate(&World::new(&inventory), configuration, today());
    let dump: Value = serde_json::from_str(&readings.dump)?;
    for object in elements(&dump["items"]) {
        let Some(key) = reviewed(object) else {
            continue;
        };
        let expected = expected(&checked, &inventory, configuration, &key);
        let said = Said::of_answer(&answer(readings, server, configuration, object)?);
        if said != expected {
            return Err(format!("{key}: found {expected:#?}, the webhook says {said:#?}").into());
        }
    }
    Ok(())
}

/// The object's key, if admission is asked about it.
fn reviewed(object: &Value) -> Option<ObjectKey> {
    let metadata = &object["metadata"];
    let (kind, _) = Kind::of(text(&object["apiVersion"]), text(&object["kind"]))?;
    let key = ObjectKey::new(kind, text(&metadata["namespace"]), text(&metadata["name"]));
    is_reviewed(kind).then_some(key)
}

/// What has to be said of the creation of this object, by what is found of all.
fn expected(
    checked: &Verdict,
    inventory: &Inventory,
    configuration: &Configuration,
    key: &ObjectKey,
) -> Said {
    let mut part = part_of(checked, key);
    if configuration.ratchet.holds(today()) {
        let mut without = inventory.clone();
        without.remove(key);
        let before = evaluate(&World::new(&without), configuration, today());
        mark_existing(&mut part, &before);
    }
    Said::of_verdict(&part, key)
}

fn answer(
    readings: &Readings,
    server: &Server,
    configuration: &Configuration,
    object: &Value,
) -> Result<Answer, Failed> {
    let judge = PolicyJudge::new(readings.world.clone(), Live::new(configuration.clone()));
    let api_version = text(&object["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let request = json!({
        "uid": "parity", "operation": "CREATE",
        "kind": {"group": group, "version": version, "kind": object["kind"]},
        "name": object["metadata"]["name"], "namespace": object["metadata"]["namespace"], "object": object,
    });
    let review =
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
    let review = review.to_string();
    let mut review = Review::decode(review.as_bytes())?;
    let deadline = Instant::now() + Duration::from_mins(1);
    Ok(server
        .runtime
        .block_on(judge.judge(&mut review, deadline))
        .into_answer()?)
}
