//! A base world: the objects of a cluster that files are laid over.

use std::collections::HashMap;
use std::io;

use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::Object;
use l7guard_policy::remedy::{DocumentKey, document_key};
use serde_json::Value;

use super::format::Header;
use super::reduce;
use super::write::Lines;

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
}

impl BaseWorld {
    /// An empty one.
    #[must_use]
    pub fn new(header: Header) -> Self {
        Self {
            header,
            inventory: Inventory::new(),
            whole: HashMap::new(),
            objects: 0,
        }
    }

    /// Takes in a reduced object.
    pub(super) fn take(&mut self, object: &Value) {
        self.objects += 1;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        let key = document_key(
            &text(&object["apiVersion"]),
            &text(&object["kind"]),
            &text(&metadata["namespace"]),
            &text(&metadata["name"]),
        );
        let read: Option<Object> = reduce::read(object);
        if let Some(read) = read {
            self.inventory.apply(read);
        }
        // What of them a rule reads is all that is read of them.
        if !matches!(
            &*key.kind,
            "Pod" | "Namespace" | "EndpointSlice" | "ReplicaSet"
        ) {
            self.whole.insert(key, object.to_string().into());
        }
    }
}

impl Lines for BaseWorld {
    fn put(&mut self, object: Value) -> io::Result<()> {
        self.take(&object);
        Ok(())
    }
}
