//! What a judge knows of the world, and how it learns what it does not know.

use std::collections::BTreeSet;
use std::error::Error;
use std::time::Duration;

use l7guard_policy::confirmation::{LiveQuery, LiveRead};
use l7guard_policy::inventory::Inventory;

use crate::live::Live;
use crate::shares::ReadAllowance;

/// Why something could not be read: the log has it, the caller an id.
pub type ReadFailure = Box<dyn Error + Send + Sync>;

/// The world that reviews are judged in.
pub trait ClusterView: Send + Sync + 'static {
    /// Looks at the inventory as it is now. Others may wait for the end of the look.
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T;

    /// The same for a look that may take seconds: nobody else has to wait for its end. It blocks the thread.
    fn with_inventory_at_length<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        self.with_inventory(look)
    }

    /// How long ago the inventory was last known to be up to date, for the kind that is furthest behind. `None`: it is not a
    /// copy of anything, so what it holds is all there is and no query is asked.
    fn age(&self) -> Option<Duration>;

    /// Reads the answers to queries from what the inventory is a copy of, in the share that `allowance` has of it. What is
    /// read is counted there, and `allowance` lives as long as the answers do.
    ///
    /// # Errors
    /// When one of them cannot be read. It must never answer that an object does not exist because something failed.
    fn read(
        &self,
        queries: BTreeSet<LiveQuery>,
        allowance: &ReadAllowance,
    ) -> impl Future<Output = Result<Vec<LiveRead>, ReadFailure>> + Send;
}

/// A world of manifests: all there is.
impl ClusterView for Live<Inventory> {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&self.current())
    }

    fn age(&self) -> Option<Duration> {
        None
    }

    async fn read(
        &self,
        _questions: BTreeSet<LiveQuery>,
        _allowance: &ReadAllowance,
    ) -> Result<Vec<LiveRead>, ReadFailure> {
        Ok(Vec::new())
    }
}
