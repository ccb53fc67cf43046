//! Manifest loading: nothing is lost beside something broken, and every position is inside the text.

use std::sync::Arc;

use l7guard_manifests::{LoadError, Loaded, Locator, Note, Place, RawObject, Source, load};
use l7guard_policy::objects::{self, Naming};
use serde_json::Value;

/// A document that any reader has to find, whatever stands before or after it.
const SENTINEL: &str = "apiVersion: v1\nkind: Sentinel\nmetadata: {name: found}\n";

/// How many parts of an object are looked up in its text, and in how many objects.
const PARTS: usize = 40;

/// Tries all that is said here of the loader on `input`.
///
/// # Panics
///
/// Something of it does not hold.
pub fn holds(input: &[u8]) {
    let loaded = load("input", input.to_vec());
    assert_same(&loaded, &load("input", input.to_vec()));
    positions_are_inside(&loaded);
    nothing_is_lost(input, &loaded);
    let mut locator = Locator::default();
    for object in loaded.objects.iter().take(PARTS) {
        parts_are_found(&mut locator, object);
        reads_alike(object);
    }
}

/// The same bytes give the same objects, notes and errors.
fn assert_same(one: &Loaded, other: &Loaded) {
    assert_eq!(values(&one.objects), values(&other.objects));
    assert_eq!(one.notes, other.notes);
    assert_eq!(one.errors, other.errors);
}

fn values(objects: &[RawObject]) -> Vec<(&Value, Place)> {
    objects
        .iter()
        .map(|object| (&object.value, object.address.place()))
        .collect()
}

/// Each line that is spoken of can be quoted, and each column is on it.
fn positions_are_inside(loaded: &Loaded) {
    let notes = loaded
        .notes
        .iter()
        .map(|Note { line, column, .. }| (*line, *column));
    let errors = loaded
        .errors
        .iter()
        .map(|LoadError { line, column, .. }| (*line, *column));
    for (line, column) in notes.chain(errors) {
        is_inside(&loaded.source, Place { line, column });
    }
    for object in &loaded.objects {
        is_inside(&loaded.source, object.address.place());
    }
}

fn is_inside(source: &Source, Place { line, column }: Place) {
    let text = source.line(line);
    assert!(text.is_some(), "line {line} does not exist");
    let characters = text.map_or(0, |text| text.chars().count());
    // The place after the last character is a place too, and CR LF is two characters after the last.
    assert!(
        (1..=characters + 2).contains(&column),
        "column {column} is not on line {line}, which has {characters} characters"
    );
}

/// A document before and one behind the input are found, and the input's own objects beside them.
fn nothing_is_lost(input: &[u8], alone: &Loaded) {
    let before = [SENTINEL.as_bytes(), b"---\n", input].concat();
    let loaded = load("before", before);
    assert!(
        loaded.objects.first().is_some_and(is_sentinel),
        "the document before the input is lost"
    );
    // The first separator may belong to a `%` directive at the end of the input.
    let behind = [input, b"\n---\n---\n", SENTINEL.as_bytes()].concat();
    if is_wide(&behind) {
        return;
    }
    let loaded = load("behind", behind);
    assert!(
        loaded.objects.last().is_some_and(is_sentinel),
        "the document behind the input is lost"
    );
    // Without the directive, the objects of the input are what they are alone. (A break at the end of the text is part
    // of it in a block scalar that keeps its breaks.)
    if alone.errors.is_empty() {
        assert!(
            loaded.objects.len() > alone.objects.len(),
            "an object is lost when a document follows"
        );
        for (one, other) in alone.objects.iter().zip(&loaded.objects) {
            assert_eq!(one.api_version, other.api_version);
            assert_eq!(one.kind, other.kind);
            assert_eq!(one.address.place(), other.address.place());
            if input.ends_with(b"\n") {
                assert_eq!(one.name, other.name);
            }
        }
    }
}

/// Text in UTF-16 or UTF-32 is refused as a whole: the mark at its beginning, or a NUL beside the first character, says
/// that it is.
fn is_wide(bytes: &[u8]) -> bool {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, 0, 0xFE, 0xFF, ..] => true,
        [first, second, ..] => (*first == 0) != (*second == 0),
        _ => false,
    }
}

fn is_sentinel(object: &RawObject) -> bool {
    object.kind == "Sentinel" && object.name.as_deref() == Some("found")
}

/// Every part of an object's value stands somewhere in its text.
fn parts_are_found(locator: &mut Locator, object: &RawObject) {
    let source = Arc::clone(object.address.source());
    for pointer in pointers(&object.value) {
        let location = locator.locate(&object.address, &pointer);
        is_inside(&source, location.value);
        if let Some(key) = location.key {
            is_inside(&source, key);
        }
        // An element of a typed list has its type from the list.
        let is_inherited = matches!(pointer.as_str(), "/apiVersion" | "/kind");
        assert!(
            location.exact || is_inherited,
            "{pointer} is in the value and not in the text"
        );
    }
}

/// JSON pointers of the first parts of a value, breadth first.
fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![(String::new(), value)];
    let mut next = 0;
    while let Some((pointer, value)) = found.get(next).cloned() {
        next += 1;
        let room = PARTS.saturating_sub(found.len());
        match value {
            Value::Object(fields) => found.extend(fields.iter().take(room).map(|(key, value)| {
                let token = objects::escape_pointer(key);
                (format!("{pointer}/{token}"), value)
            })),
            Value::Array(elements) => found.extend(
                elements
                    .iter()
                    .take(room)
                    .enumerate()
                    .map(|(at, value)| (format!("{pointer}/{at}"), value)),
            ),
            _ => {}
        }
    }
    found.into_iter().map(|(pointer, _)| pointer).collect()
}

/// The policy reads an object from a manifest as it reads it from the API server's JSON.
fn reads_alike(object: &RawObject) {
    let naming = Naming {
        api_version: &object.api_version,
        kind: &object.kind,
        default_namespace: "default",
        default_name: "unnamed",
    };
    let from_value = objects::read(naming, objects::Source::Value(&object.value));
    let json = object.value.to_string();
    let from_json = objects::read(naming, objects::Source::Json(&json));
    match (from_value, from_json) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (Err(one), Err(other)) => assert_eq!(one.pointer(), other.pointer()),
        (one, other) => {
            let depth_is_known = one.is_ok() && nesting(&json) > 100;
            assert!(depth_is_known, "from YAML {one:?}, from JSON {other:?}");
        }
    }
}

/// How many brackets are open at most, strings not told apart: an upper bound. `serde_json` reads 127 levels of text.
fn nesting(json: &str) -> usize {
    let mut open = 0_usize;
    let mut most = 0;
    for byte in json.bytes() {
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}
