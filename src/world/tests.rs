use std::sync::Arc;

use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::verdict::{Allowance, Change, review};

use super::ManifestWorld;
use l7guard_manifests::Source;

fn world(sources: &[(&str, String)]) -> ManifestWorld {
    let mut world = ManifestWorld::default();
    for (name, text) in sources {
        let source = Source::new(*name, text.clone().into_bytes());
        world.add(&Arc::new(source), "default");
    }
    world.note_copies();
    assert_eq!(world.errors, []);
    world
}

fn ingress(name: &str, class: &str) -> String {
    format!(
        "---\n{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: {name}, namespace: mesh}}, \
         spec: {{ingressClassName: {class}, defaultBackend: {{service: {{name: istio-ingressgateway}}}}}}}}\n"
    )
}

fn class(controller: &str) -> String {
    format!(
        "---\n{{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {{name: public}}, \
         spec: {{controller: {controller}}}}}\n"
    )
}

/// Two Ingresses of one class, which is given three times: as an ALB's by the first copy, and as others'.
fn clusters() -> ManifestWorld {
    let fronts = ingress("one", "public") + &ingress("two", "public");
    world(&[
        ("fronts", fronts),
        ("a", class("ingress.k8s.aws/alb")),
        ("b", class("example.com/b")),
        ("c", class("k8s.io/ingress-nginx")),
    ])
}

#[test]
fn what_a_copy_of_a_class_does_to_its_ingresses_is_found_at_them() {
    let judgement = clusters().judge(&Configuration::default(), Date::MIN);
    let found: Vec<(String, usize)> = judgement
        .findings
        .iter()
        .map(|found| {
            let location = found.location.as_ref().unwrap();
            (location.file.clone(), location.line)
        })
        .collect();
    assert_eq!(found, [("fronts".to_owned(), 2), ("fronts".to_owned(), 4)]);
    assert_eq!(judgement.errors, []);
}

#[test]
fn copies_that_join_too_much_are_an_error_and_hide_nothing_else() {
    let configuration = Configuration::default();
    let mut many = clusters();
    many.add(
        &Arc::new(Source::new("d", ingress("one", "alb").into_bytes())),
        "default",
    );
    let judgement = many.judge_within(Allowance::new(1), &configuration, Date::MIN);
    let places = judgement.errors.iter().map(|error| error.file.as_str());
    assert_eq!(places.collect::<Vec<_>>(), ["b"], "{:?}", judgement.errors);
    // The first copy of the class fits, and the last copy of the Ingress needs no allowance.
    assert_eq!(judgement.findings.len(), 2, "{:?}", judgement.findings);
}

#[test]
fn an_object_with_different_content_in_two_files_is_a_conflict_once() {
    let world = clusters();
    assert_eq!(world.notes, []);
    let messages: Vec<&str> = world
        .conflicts
        .iter()
        .map(|c| c.input.message.as_str())
        .collect();
    let [message] = messages[..] else {
        panic!("{messages:?}");
    };
    assert!(
        message
            .contains("IngressClass public is given 3 times with different content (also in a:2)"),
        "{message}"
    );
}

#[test]
fn copies_that_are_alike_are_no_conflict() {
    let same = ingress("one", "alb");
    let world = world(&[("a", same.clone()), ("b", same)]);
    assert_eq!(world.conflicts, []);
    assert_eq!(world.notes.len(), 1, "{:?}", world.notes);
    let judgement = world.judge(&Configuration::default(), Date::MIN);
    let files = judgement.findings.iter().map(|found| {
        let location = found.location.as_ref().unwrap();
        location.file.as_str()
    });
    assert_eq!(files.collect::<Vec<_>>(), ["b", "a"]);
}

#[test]
fn two_contents_in_one_file_are_no_conflict_until_another_file_has_the_object_too() {
    let twice = ingress("one", "alb") + &ingress("one", "nginx");
    let alone = world(&[("a", twice.clone())]);
    assert_eq!((alone.conflicts.len(), alone.notes.len()), (0, 1));
    let both = world(&[("b", ingress("one", "nginx")), ("a", twice)]);
    assert_eq!((both.conflicts.len(), both.notes.len()), (1, 0));
}

#[test]
fn in_a_cluster_that_files_stand_for_a_value_is_what_it_says() {
    let group = "---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: '<name>', namespace: mesh, \
                 annotations: {alb.ingress.kubernetes.io/group.name: '<group>'}}, \
                 spec: {ingressClassName: alb, defaultBackend: {service: {name: istio-ingressgateway}}}}\n";
    let files = world(&[("a", group.repeat(2))]);
    assert_eq!(files.inventory.len(), 2, "two objects of unknown names");
    let judgement = files.judge(&Configuration::default(), Date::MIN);
    assert_eq!(judgement.findings.len(), 2);
    assert_eq!(files.notes.len(), 1, "noted once a file");

    let cluster = files.into_cluster();
    assert_eq!(cluster.len(), 1);
    let key = ObjectKey::new(Kind::Ingress, "mesh", "<name>");
    let new = cluster.get(&key).unwrap().clone();
    let change = Change { new, old: None };
    let verdict = review(&cluster, &Configuration::default(), &change, Date::MIN);
    assert_eq!(verdict.findings, []);
    let reason = &verdict.unresolved[0].reason;
    let reason = reason.in_full();
    assert!(reason.contains("no valid group name"), "{reason}");
}

#[test]
fn every_file_has_its_own_note_of_its_first_placeholder() {
    let files = world(&[
        (
            "a",
            ingress("one", "'${class}'") + &ingress("two", "'${other}'"),
        ),
        ("b", ingress("three", "'${class}'")),
    ]);
    let notes: Vec<(&str, Option<usize>)> = files
        .notes
        .iter()
        .map(|note| (note.input.file.as_str(), note.input.line))
        .collect();
    assert_eq!(notes, [("a", Some(2)), ("b", Some(2))]);
}
