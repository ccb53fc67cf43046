//! What is an object, what is a list, and what is neither.

use serde_json::json;

use super::{assert_only_error, assert_only_note, assert_silent, errors, load_text, names, place};

#[test]
fn an_object_has_its_type_its_names_and_all_that_was_written() {
    let loaded = load_text(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: shop\nspec: {ingressClassName: alb}\n---\napiVersion: v1\nkind: Pod\nmetadata: {generateName: job-, namespace: ''}\n",
    );
    assert_silent(&loaded);
    let [ingress, pod] = &loaded.objects[..] else {
        panic!("{:?}", names(&loaded));
    };
    assert_eq!(ingress.api_version, "networking.k8s.io/v1");
    assert_eq!(ingress.kind, "Ingress");
    assert_eq!(ingress.name.as_deref(), Some("web"));
    assert_eq!(ingress.namespace.as_deref(), Some("shop"));
    assert_eq!(ingress.generate_name, None);
    assert_eq!(ingress.value["spec"], json!({"ingressClassName": "alb"}));
    assert_eq!(pod.name, None);
    assert_eq!(pod.namespace, None);
    assert_eq!(pod.generate_name.as_deref(), Some("job-"));
}

#[test]
fn lists_are_opened_wherever_they_stand() {
    let loaded = load_text(
        "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Pod, metadata: {name: b}}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: c}\nkind: List\n",
    );
    assert_silent(&loaded);
    assert_eq!(names(&loaded), ["Service/a", "Pod/b", "Pod/c"]);
    let pointers: Vec<_> = loaded
        .objects
        .iter()
        .map(|object| object.address.pointer())
        .collect();
    assert_eq!(pointers, ["/items/0", "/items/1/items/0", "/items/2"]);
    assert_eq!(place(&loaded, 1, "/metadata/name"), (9, 50, true));
    assert_eq!(place(&loaded, 2, ""), (10, 3, true));
}

#[test]
fn items_of_a_typed_list_inherit_its_type() {
    let loaded = load_text(
        r#"{"apiVersion":"networking.k8s.io/v1","kind":"IngressList","items":[{"metadata":{"name":"a"}},{"apiVersion":"v1","kind":"Pod"}]}"#,
    );
    assert_silent(&loaded);
    assert_eq!(names(&loaded), ["Ingress/a", "Pod/"]);
    let first = &loaded.objects[0];
    assert_eq!(first.api_version, "networking.k8s.io/v1");
    assert_eq!(first.value["kind"], "Ingress");
    assert_eq!(first.value["apiVersion"], "networking.k8s.io/v1");
}

#[test]
fn whatever_holds_objects_as_items_is_a_list_as_it_is_for_kubectl() {
    let loaded =
        load_text("kind: Banana\nitems: [{apiVersion: v1, kind: Pod}, {apiVersion: v1, kind: A}]");
    assert_silent(&loaded);
    assert_eq!(names(&loaded), ["Pod/", "A/"]);
    let loaded = load_text("apiVersion: x/v1\nkind: Menu\nitems: [soup, {name: x}]\n");
    assert_silent(&loaded);
    assert_eq!(names(&loaded), ["Menu/"]);
}

#[test]
fn an_item_that_is_no_object_does_not_hide_the_others() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- 1\n- {kind: 1, apiVersion: v1}\n- {a: b}\n- {apiVersion: v1, kind: Pod, x: .nan}\n- {apiVersion: v1, kind: Pod}\n";
    let loaded = load_text(list);
    assert_eq!(names(&loaded), ["Pod/"]);
    assert_eq!(
        errors(&loaded),
        [
            "4:3: an item of a list has to be an object",
            "5:10: `kind` has to be a text",
            "7:34: a number that is infinite or not a number cannot be sent to an API server",
        ]
    );
    assert_only_note(&loaded, "6:3: no `apiVersion` and `kind`");
}

#[test]
fn empty_lists_are_empty() {
    for items in ["", "items: []", "items:", "items: null"] {
        let loaded = load_text(&format!("apiVersion: v1\nkind: List\n{items}\n"));
        assert_silent(&loaded);
        assert_eq!(names(&loaded), Vec::<String>::new());
    }
    let loaded = load_text("apiVersion: v1\nkind: List\nitems: {}\n");
    assert_only_error(&loaded, "3:8: `items` of a List has to be a list");
}

#[test]
fn what_is_no_object_is_skipped_with_a_note() {
    let skipped = "no `apiVersion` and `kind`: not a Kubernetes object, skipped (values";
    for (text, note) in [
        ("replicas: 1\n", format!("1:1: {skipped}")),
        ("\n kind: Deployment\n", format!("2:2: {skipped}")),
        ("apiVersion: v1\nkind:\n", format!("1:1: {skipped}")),
        ("apiVersion: ''\nkind: Pod\n", format!("1:1: {skipped}")),
        ("kind: true\n", format!("1:1: {skipped}")),
        ("{}", format!("1:1: {skipped}")),
        (
            "- op: add\n",
            "1:1: a list, not a Kubernetes object: skipped".to_owned(),
        ),
        (
            "some words\n",
            "1:1: a single value, not a Kubernetes object: skipped".to_owned(),
        ),
    ] {
        let loaded = load_text(text);
        assert_eq!(errors(&loaded), Vec::<String>::new(), "{text}");
        assert_only_note(&loaded, &note);
    }
}

#[test]
fn a_type_that_is_no_text_is_an_error() {
    assert_only_error(
        &load_text("apiVersion: v1\nkind: [Pod]\n"),
        "2:7: `kind` has to be a text",
    );
    assert_only_error(
        &load_text("apiVersion: 1\nkind: Pod\n"),
        "1:13: `apiVersion` has to be a text",
    );
}
