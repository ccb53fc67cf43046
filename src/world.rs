//! A world out of manifests: an inventory of what the files hold, and where each object stands.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::{self, DecodeError, Naming, Source};

use crate::manifests::files::{self, FileError, Input};
use crate::manifests::kustomize::Patches;
use crate::manifests::{self, Address, Item, LoadError, Locator, Note, RawObject, Reader};
use crate::report::{Location, ReportedError};

/// Everything that was read from manifests.
#[derive(Debug, Default)]
pub struct ManifestWorld {
    /// The objects that rules read.
    pub inventory: Inventory,
    /// Where each of them stands.
    pub places: HashMap<ObjectKey, Address>,
    /// How many objects there are, also of kinds that no rule reads.
    pub objects: usize,
    /// Inputs that could not be read.
    pub errors: Vec<ReportedError>,
    /// What the user should know about inputs that were read.
    pub notes: Vec<ReportedError>,
}

impl ManifestWorld {
    /// Reads everything that `paths` name: files, directories, `-` for standard input. What cannot be read is among the
    /// errors, and hides nothing else.
    #[must_use]
    pub fn read(paths: &[PathBuf], namespace: &str) -> Self {
        Self::read_with(paths, namespace, |_, _| {})
    }

    /// Reads as [`ManifestWorld::read`] does, and says before each input how many were read and how many there are.
    #[must_use]
    pub fn read_with(
        paths: &[PathBuf],
        namespace: &str,
        mut progress: impl FnMut(usize, usize),
    ) -> Self {
        let mut world = Self::default();
        let inputs = files::find(paths);
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
        world
    }

    /// Adds everything that one source holds, object by object. Objects without a namespace are put into `namespace`.
    pub fn add(&mut self, source: &Arc<manifests::Source>, namespace: &str) {
        let message = |line, column, message| ReportedError {
            file: source.name().to_owned(),
            line: Some(line),
            column: Some(column),
            message,
        };
        for item in Reader::new(Arc::clone(source)) {
            match item {
                Item::Object(object) => self.add_object(&object, namespace),
                Item::Note(Note {
                    line,
                    column,
                    message: text,
                }) => self.notes.push(message(line, column, text)),
                Item::Error(LoadError {
                    line,
                    column,
                    message: text,
                }) => self.errors.push(message(line, column, text)),
            }
        }
    }

    fn add_object(&mut self, object: &RawObject, namespace: &str) {
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
            Ok(None) => {}
            Ok(Some(read)) => {
                if let Some(earlier) = self.places.get(&read.key) {
                    let line = earlier.place().line;
                    let first = if earlier.source().name() == object.address.source().name() {
                        format!("on line {line}")
                    } else {
                        format!("in {}:{line}", earlier.source().name())
                    };
                    self.notes.push(remark(
                        object,
                        "",
                        format!(
                            "{} is given twice (first {first}): this one, the last, holds",
                            read.key
                        ),
                    ));
                }
                self.places.insert(read.key.clone(), object.address.clone());
                self.inventory.apply(read);
            }
            Err(error @ DecodeError::Incomplete { .. }) => {
                self.objects -= 1;
                self.notes.push(remark(
                    object,
                    "",
                    format!(
                        "{} without {} is a patch, not an object: skipped (render it first, `kustomize build . | l7guard check -`)",
                        object.kind,
                        error.pointer()
                    ),
                ));
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

    /// Where a field of an object stands.
    #[must_use]
    pub fn location(
        &self,
        locator: &mut Locator,
        key: &ObjectKey,
        field: &str,
    ) -> Option<Location> {
        let address = self.places.get(key)?;
        let place = locator.locate(address, field).value;
        Some(Location {
            file: address.source().name().to_owned(),
            line: place.line,
            column: place.column,
            text: address
                .source()
                .line(place.line)
                .map(std::borrow::Cow::into_owned),
        })
    }
}

fn patch(file: &Input, kustomization: &Path) -> ReportedError {
    let directory = match kustomization.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory.to_string_lossy(),
        _ => ".".into(),
    };
    ReportedError {
        file: file.name().into_owned(),
        line: None,
        column: None,
        message: format!(
            "a patch of {}, not an object: skipped. Render it: `kustomize build {directory} | l7guard check -`",
            kustomization.display()
        ),
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
