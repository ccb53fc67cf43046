use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::objects::{self, Naming, Source};
use l7guard_policy::verdict::evaluate;
use tokio::time::timeout;

use super::*;

fn read(api_version: &str, kind: &str, name: &str, json: &str) -> Object {
    let naming = Naming {
        api_version,
        kind,
        default_namespace: "shop",
        default_name: name,
    };
    objects::read(naming, Source::Json(json)).unwrap().unwrap()
}

/// A Service that selects what `app` names.
fn service(name: &str, app: &str) -> Object {
    let json = format!(r#"{{"spec": {{"selector": {{"app": "{app}"}}}}}}"#);
    read("v1", "Service", name, &json)
}

fn deployment(name: &str, app: &str) -> Object {
    let json = format!(
        r#"{{"spec": {{"template": {{"metadata": {{"labels": {{"app": "{app}"}}}}, "spec": {{"containers": []}}}}}}}}"#
    );
    read("apps/v1", "Deployment", name, &json)
}

fn ingress(name: &str, service: &str) -> Object {
    let json = format!(
        r#"{{"spec": {{"defaultBackend": {{"service": {{"name": "{service}", "port": {{"number": 80}}}}}}}}}}"#
    );
    read("networking.k8s.io/v1", "Ingress", name, &json)
}

/// A feed, a subscriber that has looked at everything, and the inventory.
fn followed(objects: &[Object]) -> (ChangeFeed, Changes, Inventory) {
    let (feed, mut inventory) = (ChangeFeed::default(), Inventory::new());
    for object in objects {
        feed.apply(&mut inventory, object.clone());
    }
    let changes = feed.subscribe();
    assert_eq!(changes.take(), Changed::Everything);
    (feed, changes, inventory)
}

fn changed(changes: &Changes) -> ChangedObjects {
    match changes.take() {
        Changed::Objects(objects) => objects,
        Changed::Everything => panic!("everything"),
    }
}

fn before(changed: &ChangedObjects) -> Vec<(String, Option<Object>)> {
    let objects = changed.iter();
    objects
        .map(|(key, before)| (key.name.to_string(), before.cloned()))
        .collect()
}

fn names(keys: &BTreeSet<ObjectKey>) -> Vec<&str> {
    keys.iter().map(|key| &*key.name).collect()
}

#[test]
fn each_change_tells_what_was_before_and_what_changes_nothing_is_not_told() {
    let (old, new) = (service("web", "a"), service("web", "b"));
    let (feed, changes, mut inventory) = followed(&[old.clone(), service("gone", "a")]);
    feed.apply(&mut inventory, old.clone());
    assert!(changes.take().is_empty());
    feed.apply(&mut inventory, new.clone());
    feed.apply(&mut inventory, service("added", "a"));
    feed.remove(&mut inventory, &service("gone", "a").key);
    feed.remove(&mut inventory, &service("never", "a").key);
    let told = before(&changed(&changes));
    let wanted = [
        ("added".to_owned(), None),
        ("gone".to_owned(), Some(service("gone", "a"))),
        ("web".to_owned(), Some(old)),
    ];
    assert_eq!(told, wanted);
    assert_eq!(inventory.get(&new.key), Some(&new));
    assert_eq!(inventory.len(), 2);
    assert!(changes.take().is_empty());
}

#[test]
fn of_several_changes_of_an_object_the_state_before_the_first_is_told() {
    let first = service("web", "a");
    let (feed, changes, mut inventory) = followed(std::slice::from_ref(&first));
    feed.apply(&mut inventory, service("web", "b"));
    feed.remove(&mut inventory, &first.key);
    feed.apply(&mut inventory, service("web", "c"));
    let told = before(&changed(&changes));
    assert_eq!(told, [("web".to_owned(), Some(first))]);
}

#[test]
fn a_kind_that_is_listed_anew_tells_only_its_differences() {
    let same = service("same", "a");
    let objects = [same.clone(), service("gone", "a"), ingress("other", "web")];
    let (feed, changes, mut inventory) = followed(&objects);
    let listed = vec![same, service("added", "a")];
    feed.reset(&mut inventory, Kind::Service, listed);
    let told = before(&changed(&changes));
    let wanted = [
        ("added".to_owned(), None),
        ("gone".to_owned(), Some(service("gone", "a"))),
    ];
    assert_eq!(told, wanted);
    assert_eq!(inventory.len(), 3);
}

#[test]
fn more_changes_than_are_kept_are_told_as_everything_and_then_single_ones_again() {
    let (feed, changes, mut inventory) = followed(&[]);
    for number in 0..CAPACITY {
        feed.apply(&mut inventory, service(&format!("web-{number}"), "a"));
    }
    assert_eq!(changed(&changes).iter().count(), CAPACITY);
    for number in 0..=CAPACITY {
        feed.apply(&mut inventory, service(&format!("web-{number}"), "b"));
    }
    assert_eq!(changes.take(), Changed::Everything);
    feed.apply(&mut inventory, service("web-0", "c"));
    assert_eq!(changed(&changes).iter().count(), 1);
    assert_eq!(inventory.len(), CAPACITY + 1);
}

#[test]
fn what_was_and_what_is_led_to_is_affected() {
    let objects = [
        service("one", "a"),
        service("two", "b"),
        service("three", "c"),
        ingress("to-one", "one"),
        ingress("to-two", "two"),
        ingress("to-three", "three"),
        deployment("gateway", "a"),
    ];
    let (feed, changes, mut inventory) = followed(&objects);
    // Relabelled: it leaves Service one for Service two.
    feed.apply(&mut inventory, deployment("gateway", "b"));
    let affected = changed(&changes).affected(&inventory);
    assert_eq!(names(&affected.services), ["one", "two"]);
    assert_eq!(names(&affected.fronts), ["to-one", "to-two"]);
    // Of two changes of one way each leads to what is left of it.
    feed.remove(&mut inventory, &service("two", "b").key);
    feed.remove(&mut inventory, &deployment("gateway", "b").key);
    let affected = changed(&changes).affected(&inventory);
    assert_eq!(names(&affected.fronts), ["to-two"]);
    feed.remove(&mut inventory, &ingress("to-three", "three").key);
    let affected = changed(&changes).affected(&inventory);
    assert_eq!(names(&affected.fronts), ["to-three"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken_and_a_subscriber_that_is_gone_costs_nothing() {
    let (feed, mut inventory) = (ChangeFeed::default(), Inventory::new());
    let changes = feed.subscribe();
    assert_eq!(changes.changed().await, Changed::Everything);
    let hour = std::time::Duration::from_hours(1);
    timeout(hour, changes.changed()).await.unwrap_err();
    feed.apply(&mut inventory, service("web", "a"));
    assert!(matches!(changes.changed().await, Changed::Objects(_)));
    feed.apply(&mut inventory, service("web", "b"));
    // Taken while nobody waited: the next wait is for the next change.
    assert!(!changes.take().is_empty());
    timeout(hour, changes.changed()).await.unwrap_err();
    assert_eq!(feed.open_buffers().len(), 1);
    drop(changes);
    assert!(feed.open_buffers().is_empty());
}

/// An object of a few names, in one of a few states; `None`: it is not there.
fn any_object(random: &mut fastrand::Rng) -> (ObjectKey, Option<Object>) {
    let (number, other, app) = (random.u8(..4), random.u8(..4), random.choice(["a", "b"]));
    let app = app.unwrap_or_default();
    let object = match random.u8(..5) {
        0 => service(&format!("service-{number}"), app),
        1 => {
            let json = format!(
                r#"{{"spec": {{"type": "ExternalName", "externalName": "service-{other}.shop.svc.cluster.local"}}}}"#
            );
            read("v1", "Service", &format!("service-{number}"), &json)
        }
        2 => {
            let template = random.choice(["gateway", "sidecar"]).unwrap_or_default();
            let json = format!(
                r#"{{"spec": {{"template": {{"metadata": {{"labels": {{"app": "{app}"}}, "annotations": {{"inject.istio.io/templates": "{template}"}}}}, "spec": {{"containers": [{{"name": "istio-proxy", "image": "auto"}}]}}}}}}}}"#
            );
            read(
                "apps/v1",
                "Deployment",
                &format!("deployment-{}", number % 2),
                &json,
            )
        }
        3 => {
            let class = random.choice(["public", "other"]).unwrap_or_default();
            let json = format!(
                r#"{{"spec": {{"ingressClassName": "{class}", "defaultBackend": {{"service": {{"name": "service-{other}", "port": {{"number": 80}}}}}}}}}}"#
            );
            read(
                "networking.k8s.io/v1",
                "Ingress",
                &format!("ingress-{number}"),
                &json,
            )
        }
        _ => {
            let controller = random.choice(["ingress.k8s.aws/alb", "k8s.io/nginx"]);
            let json = format!(
                r#"{{"spec": {{"controller": "{}"}}}}"#,
                controller.unwrap_or_default()
            );
            read("networking.k8s.io/v1", "IngressClass", "public", &json)
        }
    };
    let key = object.key.clone();
    (key, (random.u8(..4) > 0).then_some(object))
}

/// What is found in a world: object, and all that a judgement of it rests on.
fn found(inventory: &Inventory) -> BTreeSet<(ObjectKey, String)> {
    let configuration = Configuration::default();
    let today = Date::from_ordinal_date(2026, 300).unwrap();
    let verdict = evaluate(&World::new(inventory), &configuration, today);
    let findings = verdict.findings.into_iter().map(|judged| {
        let finding = judged.finding;
        let rests_on = (finding.rule, finding.confidence, finding.identity);
        (finding.object, format!("{rests_on:?}"))
    });
    let unresolved = verdict.unresolved.into_iter();
    let unresolved =
        unresolved.map(|unresolved| (unresolved.object.clone(), format!("{unresolved:?}")));
    findings.chain(unresolved).collect()
}

#[test]
fn whatever_is_judged_otherwise_after_changes_is_affected_by_them() {
    let mut random = fastrand::Rng::with_seed(13);
    let (mut differing, mut spared) = (0, 0);
    for _ in 0..1_000 {
        let (feed, changes, mut inventory) = followed(&[]);
        let write = |random: &mut fastrand::Rng, inventory: &mut Inventory| {
            let (key, object) = any_object(random);
            match object {
                Some(object) => feed.apply(inventory, object),
                None => feed.remove(inventory, &key),
            }
        };
        for _ in 0..25 {
            write(&mut random, &mut inventory);
        }
        assert!(!changes.take().is_empty());
        let before = found(&inventory);
        for _ in 0..random.u8(1..4) {
            write(&mut random, &mut inventory);
        }
        let after = found(&inventory);
        let affected = changed(&changes).affected(&inventory);
        let is_affected = |key| affected.fronts.contains(key) || affected.services.contains(key);
        for (key, what) in before.symmetric_difference(&after) {
            assert!(is_affected(key), "{key}: {what}");
            differing += 1;
        }
        spared += before
            .intersection(&after)
            .filter(|(key, _)| !is_affected(key))
            .count();
    }
    // Neither nothing nor everything.
    assert!(differing > 100 && spared > 100, "{differing} {spared}");
}
