//! A small world out of a manifest's text.

use std::collections::HashMap;

use l7guard_manifests::{RawObject, load};
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::{self, Naming, Object, Source};

/// More objects than this are left out: reviews of each in a world of all are quadratic.
const MOST: usize = 24;

/// The objects of a text, each as it was and as it is: one that is given twice was changed.
pub(crate) struct World {
    /// The objects as they are, in the order in which they were first named.
    pub(crate) objects: Vec<Object>,
    /// The same as they were written.
    pub(crate) raw: HashMap<ObjectKey, RawObject>,
    /// What those that are given twice were before.
    pub(crate) old: HashMap<ObjectKey, Object>,
}

impl World {
    /// Reads the objects that rules read.
    pub(crate) fn of(input: &[u8]) -> Self {
        let mut world = Self {
            objects: Vec::new(),
            raw: HashMap::new(),
            old: HashMap::new(),
        };
        for raw in load("input", input.to_vec()).objects {
            let naming = Naming {
                api_version: &raw.api_version,
                kind: &raw.kind,
                default_namespace: "default",
                default_name: "unnamed",
            };
            let read = objects::read(naming, Source::Value(&raw.value));
            if let Ok(Some(object)) = read {
                world.put(object, raw);
            }
        }
        world
    }

    fn put(&mut self, object: Object, raw: RawObject) {
        let known = self
            .objects
            .iter_mut()
            .find(|known| known.key == object.key);
        if let Some(known) = known {
            let old = std::mem::replace(known, object.clone());
            self.old.insert(object.key.clone(), old);
        } else if self.objects.len() < MOST {
            self.objects.push(object.clone());
        } else {
            return;
        }
        self.raw.insert(object.key, raw);
    }

    /// An inventory of `objects`, in their order.
    pub(crate) fn inventory<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Inventory {
        let mut inventory = Inventory::new();
        for object in objects {
            inventory.apply(object.clone());
        }
        inventory
    }
}
