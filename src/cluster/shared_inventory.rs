//! The inventory that watches write and judges read.
//!
//! A lock that waits for a writer lets no further reader in. So a judge that looks for seconds would hold up the first change,
//! and that all other judges. While somebody looks at length, changes therefore wait in a list, in their order, and are made
//! when the last one has looked; for that moment nobody begins to look at length. A watch that lags by this is what live
//! reads are there for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use l7guard_policy::inventory::Inventory;

/// A change of the inventory.
type Change = Box<dyn FnOnce(&mut Inventory) + Send>;

/// An inventory that several threads share.
#[derive(Default)]
pub(super) struct SharedInventory {
    inventory: RwLock<Inventory>,
    waiting: Mutex<Waiting>,
    made: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// How many look at length.
    looking: usize,
    /// Changes that wait for them; empty while nobody looks at length.
    changes: Vec<Change>,
}

impl SharedInventory {
    /// Looks at it for a moment.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&self.read())
    }

    /// Looks at it for as long as it takes. Blocks the thread while changes wait for others who do.
    pub(super) fn look_at_length<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        let mut waiting = self.waiting();
        while !waiting.changes.is_empty() {
            let woken = self.made.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
        waiting.looking += 1;
        drop(waiting);
        // Also after a panic nobody may wait for ever.
        let _looking = Looking(self);
        look(&self.read())
    }

    /// Makes a change, now or when those who look at length have looked.
    pub(super) fn change(&self, change: impl FnOnce(&mut Inventory) + Send + 'static) {
        let mut waiting = self.waiting();
        if waiting.looking > 0 {
            waiting.changes.push(Box::new(change));
        } else {
            self.make(change);
        }
    }

    /// Makes a change. Nobody begins to look at length meanwhile, as whoever calls this holds `waiting`.
    fn make(&self, change: impl FnOnce(&mut Inventory)) {
        // The inventory changes object by object, and each change leaves it whole.
        let inventory = self.inventory.write();
        change(&mut inventory.unwrap_or_else(PoisonError::into_inner));
    }

    fn read(&self) -> RwLockReadGuard<'_, Inventory> {
        let inventory = self.inventory.read();
        inventory.unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who looks at length.
struct Looking<'a>(&'a SharedInventory);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.looking -= 1;
        if waiting.looking > 0 {
            return;
        }
        let changes = std::mem::take(&mut waiting.changes);
        if !changes.is_empty() {
            self.0.make(|inventory| {
                for change in changes {
                    change(inventory);
                }
            });
            self.0.made.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread::{scope, spawn};

    use l7guard_policy::objects::{self, Naming, Object, Source};

    use super::*;

    fn object(name: &str) -> Object {
        let naming = Naming {
            api_version: "v1",
            kind: "Service",
            default_namespace: "shop",
            default_name: name,
        };
        let read = objects::read(naming, Source::Json(r#"{"spec": {}}"#));
        read.unwrap().unwrap()
    }

    fn put(inventory: &SharedInventory, name: &str) {
        let object = object(name);
        inventory.change(move |inventory| {
            inventory.apply(object);
        });
    }

    #[test]
    fn a_long_look_holds_up_neither_changes_nor_other_looks() {
        let inventory = SharedInventory::default();
        inventory.look_at_length(|seen| {
            put(&inventory, "one");
            put(&inventory, "two");
            // Another thread: a reader that comes behind a writer who waits would wait for it.
            let others = scope(|scope| scope.spawn(|| inventory.look(Inventory::len)).join());
            assert_eq!((seen.len(), others.unwrap()), (0, 0));
        });
        assert_eq!(inventory.look(Inventory::len), 2);
        put(&inventory, "three");
        assert_eq!(inventory.look(Inventory::len), 3);
    }

    #[test]
    fn changes_are_made_in_their_order() {
        let inventory = SharedInventory::default();
        inventory.look_at_length(|_| {
            put(&inventory, "one");
            inventory.change(|inventory| {
                inventory.remove(&object("one").key);
            });
            put(&inventory, "two");
        });
        let names = |inventory: &Inventory| {
            let objects = inventory.objects();
            objects
                .map(|object| object.key.name.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(inventory.look(names), ["two"]);
    }

    #[test]
    fn a_long_look_that_comes_later_lets_changes_pass() {
        let inventory = Arc::new(SharedInventory::default());
        let later = inventory.look_at_length(|_| {
            put(&inventory, "one");
            let (inventory, (begun, begins)) = (Arc::clone(&inventory), channel());
            let later = spawn(move || {
                begun.send(()).unwrap();
                inventory.look_at_length(Inventory::len)
            });
            begins.recv().unwrap();
            later
        });
        assert_eq!(later.join().unwrap(), 1);
    }

    #[test]
    fn a_panic_of_one_who_looks_holds_up_nobody() {
        let inventory = SharedInventory::default();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            inventory.look_at_length(|_| {
                put(&inventory, "one");
                panic!("on purpose");
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(inventory.look_at_length(Inventory::len), 1);
    }
}
