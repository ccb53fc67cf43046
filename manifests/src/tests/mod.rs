//! Tests of everything together, and what they share.

mod files;
mod hostile;
mod json;
mod objects;
mod places;
mod streams;

use super::{Loaded, load};

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n";

fn load_text(text: &str) -> Loaded {
    load("test.yaml", text.as_bytes().to_vec())
}

/// `kind/name` of the objects.
fn names(loaded: &Loaded) -> Vec<String> {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    loaded
        .objects
        .iter()
        .map(|object| format!("{}/{}", object.kind, name(&object.name)))
        .collect()
}

fn errors(loaded: &Loaded) -> Vec<String> {
    loaded.errors.iter().map(ToString::to_string).collect()
}

fn notes(loaded: &Loaded) -> Vec<String> {
    loaded
        .notes
        .iter()
        .map(|note| format!("{}:{}: {}", note.line, note.column, note.message))
        .collect()
}

/// The message, from the beginning, of the only error.
#[track_caller]
fn assert_only_error(loaded: &Loaded, beginning: &str) {
    let errors = errors(loaded);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].starts_with(beginning), "{errors:?}");
}

#[track_caller]
fn assert_only_note(loaded: &Loaded, beginning: &str) {
    let notes = notes(loaded);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].starts_with(beginning), "{notes:?}");
}

#[track_caller]
fn assert_silent(loaded: &Loaded) {
    assert_eq!((errors(loaded), notes(loaded)), (vec![], vec![]));
}

/// Line and column of a part of the `index`th object.
fn place(loaded: &Loaded, index: usize, pointer: &str) -> (usize, usize, bool) {
    let location = loaded.objects[index].address.locate(pointer);
    (location.value.line, location.value.column, location.exact)
}
