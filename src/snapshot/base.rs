//! A base world: the objects of a cluster that files are laid over.

use std::collections::HashMap;
use std::io;

use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::DecodeError;
use l7guard_policy::remedy::{DocumentKey, document_key};
use serde_json::Value;
use thiserror::Error;

use super::format::Header;
use super::reduce;
use super::size::{Size, TooLarge};
use super::write::Lines;

/// Why a line of a snapshot is no object.
#[derive(Debug, Error)]
pub enum NoObject {
    /// It is no JSON.
    #[error("{} (byte {})", reason(.0), .0.column())]
    NoJson(serde_json::Error),
    /// It does not say what it is.
    #[error("it has no {0}")]
    Nameless(&'static str),
    /// A field that a rule reads has a wrong type, or is missing.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
}

/// What is wrong, without the line, which is always the first.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&*place).unwrap_or(&text).to_owned()
}

/// The objects of a snapshot, or of a cluster that was read as for one.
#[derive(Debug)]
pub struct BaseWorld {
    /// What it is of.
    pub header: Header,
    /// The objects that rules read.
    pub inventory: Inventory,
    /// What is known of whole objects, as JSON text.
    pub whole: HashMap<DocumentKey, Box<str>>,
    /// How many objects there are.
    pub objects: usize,
    size: Size,
}

impl BaseWorld {
    /// An empty one.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self::within(header, Size::default())
    }

    /// An empty one that takes so much.
    pub(super) fn within(header: Header, size: Size) -> Self {
        Self {
            header,
            inventory: Inventory::new(),
            whole: HashMap::new(),
            objects: 0,
            size,
        }
    }

    /// Counts an object of so many bytes, before it is taken in.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), TooLarge> {
        self.size.add(bytes)
    }

    /// Takes in a reduced object; of one that is given twice the last.
    pub(super) fn take(&mut self, object: &Value) -> Result<(), NoObject> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        for (field, value) in [
            ("apiVersion", &object["apiVersion"]),
            ("kind", &object["kind"]),
            ("metadata.name", &metadata["name"]),
        ] {
            if value.as_str().is_none_or(str::is_empty) {
                return Err(NoObject::Nameless(field));
            }
        }
        let key = document_key(
            &text(&object["apiVersion"]),
            &text(&object["kind"]),
            &text(&metadata["namespace"]),
            &text(&metadata["name"]),
        );
        let mut is_known = false;
        if let Some(read) = reduce::read(object)? {
            is_known = self.inventory.get(&read.key).is_some();
            self.inventory.apply(read);
        }
        // What of them a rule reads is all that is read of them.
        if !matches!(
            &*key.kind,
            "Pod" | "Namespace" | "EndpointSlice" | "ReplicaSet"
        ) {
            is_known |= self.whole.insert(key, object.to_string().into()).is_some();
        }
        self.objects += usize::from(!is_known);
        Ok(())
    }
}

impl Lines for BaseWorld {
    fn put(&mut self, object: Value) -> io::Result<()> {
        self.add(object.to_string().len())
            .map_err(io::Error::other)?;
        self.take(&object).map_err(io::Error::other)
    }
}
