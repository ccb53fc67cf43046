//! A world out of manifests: an inventory of what the files hold, and where each object stands.
//!
//! One repository often serves several clusters and holds an object several times. The last copy of each is in the inventory;
//! `copies` keeps the others, `judgement` judges them all.

mod base;
mod copies;
mod documents;
mod judgement;
mod releases;
mod repairs;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::{Inventory, Origin};
use l7guard_policy::objects::{self, DecodeError, Naming, Object, Source};

use crate::report::notes::{NoteReason, ReportedNote};
use crate::report::{Location, ReportedError};
use copies::Copy;
use documents::WholeObjects;
pub use judgement::Judgement;
use l7guard_manifests::exclusion::Exclusions;
use l7guard_manifests::files::{self, FileError, Input};
use l7guard_manifests::kustomize::Patches;
use l7guard_manifests::{
    self as manifests, Address, Item, LoadError, Locator, Note, RawObject, Reader,
};

/// How many characters of a value are quoted.
const QUOTED: usize = 120;

/// Everything that was read from manifests.
#[derive(Debug)]
pub struct ManifestWorld {
    /// The objects that rules read: the last copy of each.
    pub inventory: Inventory,
    /// Where each of them stands.
    pub places: HashMap<ObjectKey, Address>,
    /// The copies before the last, in the order of reading.
    copies: Vec<Copy>,
    /// Whole objects, for remedies.
    whole: WholeObjects,
    /// The cluster below them.
    base: Option<base::Base>,
    /// How many objects there are, also of kinds that no rule reads.
    pub objects: usize,
    /// Inputs that could not be read.
    pub errors: Vec<ReportedError>,
    /// What the user should know about inputs that were read.
    pub notes: Vec<ReportedNote>,
    /// Objects with different content in several files.
    pub conflicts: Vec<ReportedNote>,
}

impl Default for ManifestWorld {
    fn default() -> Self {
        Self {
            inventory: Inventory::new().with_origin(Origin::Files),
            places: HashMap::new(),
            copies: Vec::new(),
            whole: WholeObjects::default(),
            base: None,
            objects: 0,
            errors: Vec::new(),
            notes: Vec::new(),
            conflicts: Vec::new(),
        }
    }
}

impl ManifestWorld {
    /// Reads everything that `paths` name: files, directories, `-` for standard input. What cannot be read is among the
    /// errors, and hides nothing else.
    #[must_use]
    pub fn read(paths: &[PathBuf], namespace: &str) -> Self {
        Self::read_with(paths, &Exclusions::default(), namespace, |_, _| {})
    }

    /// Reads as [`ManifestWorld::read`] does, without what is excluded, and says before each input how many were read and how
    /// many there are.
    #[must_use]
    pub fn read_with(
        paths: &[PathBuf],
        exclusions: &Exclusions,
        namespace: &str,
        mut progress: impl FnMut(usize, usize),
    ) -> Self {
        let mut world = Self::default();
        let inputs = files::find_except(paths, exclusions);
        let idle = inputs.idle_exclusions.iter();
        world
            .notes
            .extend(idle.map(|pattern| idle_exclusion(pattern)));
        world
            .errors
            .extend(inputs.errors.into_iter().map(unreadable));
        let patches = Patches::around(&inputs.found);
        let count = inputs.found.len();
        for (at, input) in inputs.found.into_iter().enumerate() {
            progress(at, count);
            if let Input::File(path) = &input
                && let Some(kustomization) = patches.kustomization_of(path)
            {
                world.notes.push(patch(&input, kustomization));
                continue;
            }
            match input.read() {
                Ok(bytes) => {
                    let source = Arc::new(manifests::Source::new(input.name(), bytes));
                    world.add(&source, namespace);
                }
                Err(error) => world.errors.push(unreadable(error)),
            }
        }
        world.note_copies();
        world
    }

    /// The inventory of a cluster that the manifests stand for: what they do not hold does not exist there, every value is what
    /// it says, and the last copy of an object is the one that was applied.
    #[must_use]
    pub fn into_cluster(self) -> Inventory {
        let mut inventory = self.inventory.with_origin(Origin::Cluster);
        let objects = inventory.objects();
        let mut renamed: Vec<Object> = objects
            .filter(|object| object.key.instance != 0)
            .cloned()
            .collect();
        renamed.sort_by_key(|object| object.key.instance);
        for object in renamed {
            inventory.remove(&object.key);
            let key = object.key.clone().with_instance(0);
            inventory.apply(Object { key, ..object });
        }
        inventory
    }

    /// Adds everything that one source holds, object by object. Objects without a namespace are put into `namespace`.
    pub fn add(&mut self, source: &Arc<manifests::Source>, namespace: &str) {
        let message = |line, column, message| ReportedError {
            file: source.name().to_owned(),
            line: Some(line),
            column: Some(column),
            message,
        };
        let mut is_noted = false;
        for item in Reader::new(Arc::clone(source)) {
            match item {
                Item::Object(object) => self.add_object(&object, namespace, &mut is_noted),
                Item::Note(Note {
                    reason,
                    line,
                    column,
                    message: text,
                }) => self.notes.push(ReportedNote {
                    reason: reported(reason),
                    input: message(line, column, text),
                }),
                Item::Error(LoadError {
                    line,
                    column,
                    message: text,
                    ..
                }) => self.errors.push(message(line, column, text)),
            }
        }
    }

    /// Adds an object. The first placeholder of a source is noted.
    fn add_object(&mut self, object: &RawObject, namespace: &str, is_noted: &mut bool) {
        self.objects += 1;
        // Objects that only have a generateName are different objects, however often it is used.
        let generated = format!(
            "{}{}",
            object.generate_name.as_deref().unwrap_or("unnamed-"),
            self.objects
        );
        let naming = Naming {
            api_version: &object.api_version,
            kind: &object.kind,
            default_namespace: namespace,
            default_name: &generated,
        };
        match objects::read(naming, Source::Value(&object.value)) {
            Ok(None) => {
                let note = releases::note(object);
                self.notes.extend(note.map(|message| ReportedNote {
                    reason: NoteReason::Release,
                    input: remark(object, "", message),
                }));
                self.whole.keep_other(object, namespace);
            }
            Ok(Some(read)) => {
                if !*is_noted {
                    let note = placeholder_note(object, &read);
                    *is_noted = note.is_some();
                    self.notes.extend(note);
                }
                self.take(read, object);
            }
            Err(error @ DecodeError::Incomplete { .. }) => {
                self.objects -= 1;
                let message = format!(
                    "{} without {} is a patch, not an object: skipped (render it first, `kustomize build . | l7guard check -`)",
                    object.kind,
                    error.pointer()
                );
                self.notes.push(ReportedNote {
                    reason: NoteReason::Kustomize,
                    input: remark(object, "", message),
                });
            }
            Err(DecodeError::WrongType { pointer, message }) => {
                let name = object.name.as_deref().unwrap_or(&generated);
                self.errors.push(remark(
                    object,
                    &pointer,
                    format!("{} {name}: {pointer}: {message}", object.kind),
                ));
            }
        }
    }

    /// Takes in an object that was read. One of the same key becomes an earlier copy of it.
    fn take(&mut self, mut object: Object, raw: &RawObject) {
        if object.key.has_placeholder() {
            let instance = u32::try_from(self.objects).unwrap_or(u32::MAX);
            object.key = object.key.with_instance(instance);
        }
        let whole = self.whole.keep(&object.key, &raw.value);
        if let Some(earlier) = self.places.insert(object.key.clone(), raw.address.clone())
            && let Some(object) = self.inventory.remove(&object.key)
        {
            self.copies.push(Copy {
                object,
                address: earlier,
                whole,
            });
        }
        self.inventory.apply(object);
    }
}

/// Where a field of an object stands.
fn locate(locator: &mut Locator, address: &Address, field: &str) -> Location {
    let place = locator.locate(address, field).value;
    Location {
        file: address.source().name().to_owned(),
        line: place.line,
        column: place.column,
        text: address
            .source()
            .line(place.line)
            .map(std::borrow::Cow::into_owned),
    }
}

/// What is said of an object that is not rendered yet.
fn placeholder_note(object: &RawObject, read: &Object) -> Option<ReportedNote> {
    let unrendered = read.first_unrendered()?;
    let value: String = unrendered.value.chars().take(QUOTED).collect();
    let message = format!(
        "{value:?} is not rendered yet. What a placeholder stands for is unknown here: it equals nothing. Render the file first, then check it"
    );
    Some(ReportedNote {
        reason: NoteReason::Placeholder,
        input: remark(object, &unrendered.field, message),
    })
}

/// The reason of a reader's note.
fn reported(reason: manifests::NoteReason) -> NoteReason {
    match reason {
        manifests::NoteReason::Helm => NoteReason::Helm,
        manifests::NoteReason::Kustomize => NoteReason::Kustomize,
        manifests::NoteReason::NotAnObject => NoteReason::NotAnObject,
        manifests::NoteReason::Ambiguous => NoteReason::Ambiguous,
    }
}

/// What is said of an exclusion that may be misspelt.
fn idle_exclusion(pattern: &str) -> ReportedNote {
    ReportedNote {
        reason: NoteReason::Exclusion,
        input: ReportedError {
            file: format!("--exclude {pattern}"),
            line: None,
            column: None,
            message: "this pattern excludes nothing: it is compared with the path below each directory that was named".to_owned(),
        },
    }
}

fn patch(file: &Input, kustomization: &Path) -> ReportedNote {
    let directory = match kustomization.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory.to_string_lossy(),
        _ => ".".into(),
    };
    let input = ReportedError {
        file: file.name().into_owned(),
        line: None,
        column: None,
        message: format!(
            "a patch of {}, not an object: skipped. Render it: `kustomize build {directory} | l7guard check -`",
            kustomization.display()
        ),
    };
    ReportedNote {
        reason: NoteReason::Kustomize,
        input,
    }
}

fn unreadable(error: FileError) -> ReportedError {
    ReportedError {
        file: error.path,
        line: None,
        column: None,
        message: error.problem.to_string(),
    }
}

fn remark(object: &RawObject, pointer: &str, message: String) -> ReportedError {
    let place = object.address.locate(pointer).value;
    ReportedError {
        file: object.address.source().name().to_owned(),
        line: Some(place.line),
        column: Some(place.column),
        message,
    }
}
