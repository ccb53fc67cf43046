//! Two front doors, one policy: what `check` finds in a world of files, `serve --manifests` says in that world, object by
//! object, and nothing else: refusals, warnings, what is audited, exempt and unresolved. And what the policy finds of a
//! change, the webhook answers.

use std::path::Path;
use std::sync::Arc;

use l7guard::admission::{Answer, Review};
use l7guard::judge::{Judge, PolicyJudge};
use l7guard::live::Live;
use l7guard_manifests::{Item, RawObject, Reader, Source};
use l7guard_policy::configuration::Date;
use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::{Inventory, World};
use l7guard_policy::objects::{self, Naming};
use l7guard_policy::verdict::{self, Change};
use libtest_mimic::{Failed, Trial};
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::{Duration, Instant};

use super::Outcome;
use super::fixture::{Fixture, require};
use super::said::{Said, is_reviewed, mark_existing, part_of};
use super::setting::Setting;
use super::world::read;

/// One test for each world that is a file, and for each change that admission is asked about.
pub(super) fn trials(fixtures: &[Fixture]) -> Vec<Trial> {
    let is_asked_about = |fixture: &&Fixture| !fixture.is_change() || is_reviewed_change(fixture);
    let trials = fixtures.iter().filter(is_asked_about).map(|fixture| {
        let name = format!("parity/{}/{}", fixture.group, fixture.name);
        let fixture = fixture.clone();
        Trial::test(name, move || {
            if fixture.is_change() {
                compare_change(&fixture)
            } else {
                compare_world(&fixture)
            }
        })
    });
    trials.collect()
}

fn is_reviewed_change(fixture: &Fixture) -> bool {
    let new = raw_objects(&fixture.path.join("new.yaml")).unwrap_or_default();
    let kind = new
        .first()
        .and_then(|new| Kind::of(&new.api_version, &new.kind));
    // One that cannot be read fails in its test.
    kind.is_none_or(|(kind, _)| is_reviewed(kind))
}

/// Every object of a world, created where the others stand.
fn compare_world(fixture: &Fixture) -> Outcome {
    let setting = fixture.header()?.setting;
    // Both as a cluster: in files a placeholder is unknown, and a class may be left out.
    let world = read(std::slice::from_ref(&fixture.path), &setting).into_cluster();
    let checked = verdict::evaluate(&World::new(&world), &setting.configuration, today());
    for object in raw_objects(&fixture.path)? {
        let Some(reviewed) = reviewed(&object, &setting.namespace, &world) else {
            continue;
        };
        let answer = answer(&world, &setting, &object, None)?;
        let mut without = world.clone();
        without.remove(&reviewed.key);
        let before = verdict::evaluate(&World::new(&without), &setting.configuration, today());
        let mut part = part_of(&checked, &reviewed.key);
        if setting.configuration.ratchet.holds(today()) {
            mark_existing(&mut part, &before);
        }
        let found = Said::of_verdict(&part, &reviewed.key);
        let said = Said::of_answer(&answer);
        require(said == found, || {
            format!(
                "{}: check finds {found:?}, serve says {said:?}",
                reviewed.key
            )
        })?;
    }
    Ok(())
}

/// A change, as the policy judges it and as the webhook answers it.
fn compare_change(fixture: &Fixture) -> Outcome {
    let setting = fixture.header()?.setting;
    let one = |name: &str| -> Result<Option<RawObject>, Failed> {
        let file = fixture.path.join(name);
        if !file.exists() {
            return Ok(None);
        }
        Ok(raw_objects(&file)?.pop())
    };
    let (Some(new), old) = (one("new.yaml")?, one("old.yaml")?) else {
        return Err("there is no new object".into());
    };
    let mut world = read(&[fixture.path.join("world.yaml")], &setting).into_cluster();
    let change = Change {
        new: read_object(&new, &setting.namespace).ok_or("the new object is none")?,
        old: old
            .as_ref()
            .and_then(|old| read_object(old, &setting.namespace)),
    };
    if let Some(old) = &change.old {
        world.apply(old.clone());
    }
    let verdict = verdict::review(&world, &setting.configuration, &change, today());
    let said = Said::of_answer(&answer(&world, &setting, &new, old.as_ref())?);
    let found = Said::of_verdict(&verdict, &change.new.key);
    require(said == found, || {
        format!("the policy finds {found:?}, serve says {said:?}")
    })
}

/// The webhook goes by the clock.
fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

fn raw_objects(file: &Path) -> Result<Vec<RawObject>, Failed> {
    let source = Arc::new(Source::new("fixture", std::fs::read(file)?));
    let objects = Reader::new(source).filter_map(|item| match item {
        Item::Object(object) => Some(*object),
        _ => None,
    });
    Ok(objects.collect())
}

/// The object as the policy reads it, if admission is asked about it. One that is given twice is compared as the one that
/// holds.
fn reviewed(object: &RawObject, namespace: &str, inventory: &Inventory) -> Option<objects::Object> {
    let (kind, _) = Kind::of(&object.api_version, &object.kind)?;
    let read = read_object(object, namespace)?;
    (is_reviewed(kind) && inventory.get(&read.key) == Some(&read)).then_some(read)
}

fn read_object(object: &RawObject, namespace: &str) -> Option<objects::Object> {
    let naming = Naming {
        api_version: &object.api_version,
        kind: &object.kind,
        default_namespace: namespace,
        default_name: object.name.as_deref()?,
    };
    objects::read(naming, objects::Source::Value(&object.value)).ok()?
}

/// What the webhook answers to the creation or update of an object in a world.
fn answer(
    inventory: &Inventory,
    setting: &Setting,
    object: &RawObject,
    old: Option<&RawObject>,
) -> Result<Answer, Failed> {
    let webhook = PolicyJudge::new(
        Live::new(inventory.clone()),
        Live::new(setting.configuration.clone()),
    );
    let namespace = &setting.namespace;
    let (group, version) = object
        .api_version
        .split_once('/')
        .unwrap_or(("", &object.api_version));
    let request = json!({
        "uid": "parity", "operation": if old.is_some() { "UPDATE" } else { "CREATE" },
        "kind": {"group": group, "version": version, "kind": object.kind},
        "name": object.name, "namespace": object.namespace.as_deref().unwrap_or(namespace),
        "object": object.value, "oldObject": old.map(|old| &old.value),
    });
    let body = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request,
    });
    let body = body.to_string();
    let deadline = Instant::now() + Duration::from_mins(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    // The objects are read with the envelope, or afterwards.
    let [at_once, afterwards] = [Review::decode, Review::decode_envelope].map(|decode| {
        let mut review = decode(body.as_bytes())?;
        let answer = runtime
            .block_on(webhook.judge(&mut review, deadline))
            .into_answer()?;
        Ok::<_, Failed>(answer)
    });
    let (at_once, afterwards) = (at_once?, afterwards?);
    if at_once != afterwards {
        return Err(format!("read at once: {at_once:?}\nread afterwards: {afterwards:?}").into());
    }
    Ok(at_once)
}
