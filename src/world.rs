//! A world out of manifests: an inventory of what the files hold, and where each object stands.

use std::collections::HashMap;

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::{self, DecodeError, Naming, Source};

use crate::manifests::{Address, Loaded, Locator, RawObject};
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
    /// Adds everything that one source holds. Objects without a namespace are put into `namespace`.
    pub fn add(&mut self, loaded: Loaded, namespace: &str) {
        self.notes.extend(loaded.notes.into_iter().map(|note| ReportedError {
            file: note.source,
            line: Some(note.line),
            column: Some(note.column),
            message: note.message,
        }));
        self.errors.extend(loaded.errors.into_iter().map(|error| ReportedError {
            file: error.source,
            line: Some(error.line),
            column: Some(error.column),
            message: error.message,
        }));
        for object in loaded.objects {
            self.add_object(&object, namespace);
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
                    let earlier = earlier.place();
                    self.notes.push(remark(
                        object,
                        "",
                        format!(
                            "{} is given twice (first on line {}): this one, the last, holds",
                            read.key, earlier.line
                        ),
                    ));
                }
                self.places.insert(read.key.clone(), object.address.clone());
                self.inventory.apply(read);
            }
            Err(error @ DecodeError::Incomplete { .. }) => {
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
    pub fn location(&self, locator: &mut Locator, key: &ObjectKey, field: &str) -> Option<Location> {
        let address = self.places.get(key)?;
        let place = locator.locate(address, field).value;
        Some(Location {
            file: address.source().name().to_owned(),
            line: place.line,
            column: place.column,
            text: address.source().line(place.line).map(std::borrow::Cow::into_owned),
        })
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
