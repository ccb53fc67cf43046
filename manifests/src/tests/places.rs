//! Where everything stands.

use serde_json::json;

use super::super::{Loaded, Locator};
use super::{SERVICE, assert_only_note, assert_silent, load_text, place};

#[test]
fn places_are_those_of_the_file_not_of_the_document() {
    let loaded = load_text(&format!(
        "# first\n---\n{SERVICE}---\n# é\napiVersion: v1\nkind: Pod\nspec:\n  é: [x, \"y\", {{z: 1}}]\n"
    ));
    assert_silent(&loaded);
    assert_eq!(place(&loaded, 0, ""), (3, 1, true));
    assert_eq!(place(&loaded, 0, "/metadata/name"), (6, 9, true));
    assert_eq!(place(&loaded, 1, ""), (9, 1, true));
    assert_eq!(place(&loaded, 1, "/spec/é/1"), (12, 10, true));
    assert_eq!(place(&loaded, 1, "/spec/é/2/z"), (12, 19, true));
    let key = loaded.objects[1].address.locate("/spec/é").key.unwrap();
    assert_eq!((key.line, key.column), (12, 3));
    assert_eq!(loaded.source.line(12).unwrap(), "  é: [x, \"y\", {z: 1}]");
}

#[test]
fn what_does_not_exist_is_where_its_nearest_ancestor_is() {
    let loaded = load_text(SERVICE);
    assert_eq!(place(&loaded, 0, "/metadata/labels/app"), (4, 3, false));
    assert_eq!(place(&loaded, 0, "/spec"), (1, 1, false));
    assert_eq!(place(&loaded, 0, "/metadata/name/0"), (4, 9, false));
    assert_eq!(place(&loaded, 0, "nonsense"), (1, 1, false));
}

#[test]
fn of_merged_mappings_the_first_that_has_a_key_gives_its_place() {
    let loaded =
        load_text("apiVersion: v1\nkind: X\nx: &x {a: 1}\ny: &y {a: 2, b: 3}\nz: {<<: [*x, *y]}\n");
    assert_silent(&loaded);
    assert_eq!(loaded.objects[0].value["z"], json!({"a": 1, "b": 3}));
    assert_eq!(place(&loaded, 0, "/z/a"), (3, 11, true));
    assert_eq!(place(&loaded, 0, "/z/b"), (4, 17, true));
}

#[test]
fn sources_that_are_alike_in_length_are_not_taken_for_each_other() {
    let texts = [
        "apiVersion: v1\nkind: X\n\na: b\n",
        "apiVersion: v1\nkind: X\na: b\n\n",
    ];
    let loaded = texts.map(load_text);
    let mut locator = Locator::default();
    let lines = loaded
        .each_ref()
        .map(|loaded| locator.locate(&loaded.objects[0].address, "/a").value.line);
    assert_eq!(lines, [4, 3]);
}

#[test]
fn pointers_are_those_of_rfc_6901() {
    let loaded = load_text("apiVersion: v1\nkind: X\na/b: 1\nc~d: 2\n'': 3\n~1: 4\nitem: [a, b]\n");
    assert_silent(&loaded);
    assert_eq!(place(&loaded, 0, "/a~1b"), (3, 6, true));
    assert_eq!(place(&loaded, 0, "/c~0d"), (4, 6, true));
    assert_eq!(place(&loaded, 0, "/"), (5, 5, true));
    assert_eq!(place(&loaded, 0, "/~01"), (6, 5, true));
    assert_eq!(place(&loaded, 0, "/item/01"), (7, 7, false));
    assert_eq!(place(&loaded, 0, "/item/+1"), (7, 7, false));
    assert_eq!(place(&loaded, 0, "/item/2"), (7, 7, false));
}

#[test]
fn places_follow_the_value_that_holds() {
    let loaded = load_text(
        "apiVersion: v1\nkind: X\nbase: &base\n  a: 1\n  b: 2\nused: *base\nmerged:\n  a: 3\n  <<: *base\n  b: 4\nyes: 5\nname: 6\nname: 7\n",
    );
    assert_eq!(place(&loaded, 0, "/used"), (6, 7, true));
    assert_eq!(place(&loaded, 0, "/used/b"), (5, 6, true));
    assert_eq!(place(&loaded, 0, "/merged/a"), (4, 6, true));
    assert_eq!(place(&loaded, 0, "/merged/b"), (10, 6, true));
    assert_eq!(place(&loaded, 0, "/true"), (11, 6, true));
    assert_eq!(place(&loaded, 0, "/name"), (13, 7, true));
    assert_eq!(loaded.objects[0].value["merged"], json!({"a": 1, "b": 4}));
    assert_only_note(&loaded, "13:1: the key `name` is given more than once");
}

#[test]
fn a_locator_finds_places_in_several_documents_and_sources() {
    let first = load_text(&format!("{SERVICE}---\n{SERVICE}"));
    let second = load_text(&format!("\n\n{SERVICE}"));
    let mut locator = Locator::default();
    let mut line = |loaded: &Loaded, index: usize| {
        let address = &loaded.objects[index].address;
        locator.locate(address, "/metadata/name").value.line
    };
    let lines = [
        line(&first, 0),
        line(&first, 1),
        line(&second, 0),
        line(&first, 1),
    ];
    assert_eq!(lines, [4, 9, 6, 9]);
}

#[test]
fn places_are_right_behind_a_quoted_text_that_is_indented_too_little() {
    let loaded =
        load_text("apiVersion: v1\nkind: X\na: {b: 'c\nd', e: f}\ng: \"h\n  i\nj\"\nk: l\n");
    assert_silent(&loaded);
    assert_eq!(loaded.objects[0].value["g"], "h i j");
    assert_eq!(place(&loaded, 0, "/a/e"), (4, 8, true));
    assert_eq!(place(&loaded, 0, "/g"), (5, 4, true));
    assert_eq!(place(&loaded, 0, "/k"), (8, 4, true));
}

#[test]
fn a_key_without_a_value_has_a_place_too() {
    let loaded = load_text("apiVersion: v1\nkind: X\na:\nb: ~\nc:\n\n# x\nd: ''\n");
    let key = |pointer: &str| {
        loaded
            .objects
            .first()
            .unwrap()
            .address
            .locate(pointer)
            .key
            .unwrap()
    };
    assert_eq!((key("/a").line, key("/a").column), (3, 1));
    assert_eq!(place(&loaded, 0, "/b"), (4, 4, true));
    assert_eq!(place(&loaded, 0, "/d"), (8, 4, true));
}
