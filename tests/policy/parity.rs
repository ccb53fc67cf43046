//! Two front doors, one policy: what `check` finds in a world of files, `serve --manifests` refuses in that world, object by
//! object, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use l7guard::live::Live;
use l7guard::manifests::{Item, RawObject, Reader, Source};
use l7guard::metrics::Metrics;
use l7guard::webhook::{Answer, Judge, PolicyJudge, Review};
use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::{Inventory, World};
use l7guard_policy::objects::{self, Naming};
use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::{self, Verdict};
use libtest_mimic::Trial;
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::{Duration, Instant};

use super::Outcome;
use super::change::is_reviewed;
use super::fixture::{Fixture, require};
use super::world::read;

/// One test for each world that is a file.
pub(super) fn trials(fixtures: &[Fixture]) -> Vec<Trial> {
    let worlds = fixtures.iter().filter(|fixture| !fixture.is_change());
    worlds
        .map(|fixture| {
            let name = format!("parity/{}/{}", fixture.group, fixture.name);
            let fixture = fixture.clone();
            Trial::test(name, move || compare(&fixture))
        })
        .collect()
}

fn compare(fixture: &Fixture) -> Outcome {
    let setting = fixture.header()?.setting;
    let world = read(std::slice::from_ref(&fixture.path), &setting);
    // The webhook goes by the clock.
    let today: Date = OffsetDateTime::now_utc().date();
    let checked = verdict::evaluate(&World::new(&world.inventory), &setting.configuration, today);
    let webhook = webhook(world.inventory.clone(), setting.configuration.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let source = Arc::new(Source::new("fixture", std::fs::read(&fixture.path)?));
    for item in Reader::new(source) {
        let Item::Object(object) = item else { continue };
        let Some(reviewed) = reviewed(&object, &setting.namespace, &world.inventory) else {
            continue;
        };
        let answer = runtime.block_on(answer(&webhook, &object, &setting.namespace))?;
        let found = found(&checked, &reviewed);
        require(said(&answer) == found, || {
            format!(
                "{}: check finds {found:?}, serve says {answer:?}",
                reviewed.key
            )
        })?;
    }
    Ok(())
}

fn webhook(inventory: Inventory, configuration: Configuration) -> PolicyJudge<Live<Inventory>> {
    PolicyJudge::new(
        Live::new(inventory),
        Live::new(configuration),
        Metrics::new(),
    )
}

/// The object as the policy reads it, if admission is asked about it. One that is given twice is compared as the one that
/// holds.
fn reviewed(object: &RawObject, namespace: &str, inventory: &Inventory) -> Option<objects::Object> {
    let (kind, _) = Kind::of(&object.api_version, &object.kind)?;
    let naming = Naming {
        api_version: &object.api_version,
        kind: &object.kind,
        default_namespace: namespace,
        default_name: object.name.as_deref()?,
    };
    let read = objects::read(naming, objects::Source::Value(&object.value)).ok()??;
    (is_reviewed(kind) && inventory.get(&read.key) == Some(&read)).then_some(read)
}

async fn answer(
    webhook: &PolicyJudge<Live<Inventory>>,
    object: &RawObject,
    namespace: &str,
) -> Result<Answer, String> {
    let (group, version) = object
        .api_version
        .split_once('/')
        .unwrap_or(("", &object.api_version));
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "parity", "operation": "CREATE",
            "kind": {"group": group, "version": version, "kind": object.kind},
            "name": object.name, "namespace": object.namespace.as_deref().unwrap_or(namespace),
            "object": object.value,
        },
    });
    let body = review.to_string();
    let review = Review::decode(body.as_bytes()).map_err(|error| error.to_string())?;
    let deadline = Instant::now() + Duration::from_mins(1);
    let answer = webhook.judge(&review, deadline).await;
    answer.map_err(|error| error.to_string())
}

/// Rule and field of every refusal.
type Refusals = BTreeSet<(String, String)>;

fn said(answer: &Answer) -> Refusals {
    let causes = answer
        .status
        .iter()
        .flat_map(|status| &status.details.causes);
    causes
        .map(|cause| (cause.reason.clone(), cause.field.clone()))
        .collect()
}

fn found(verdict: &Verdict, object: &objects::Object) -> Refusals {
    let denials = verdict.findings.iter().filter(|judged| {
        judged.severity == Mode::Deny && judged.finding.participants.contains(&object.key)
    });
    denials
        .map(|judged| {
            (
                judged.finding.rule.to_string(),
                judged.finding.field.clone(),
            )
        })
        .collect()
}
