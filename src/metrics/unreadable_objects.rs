//! Objects that are left out of the world. Watches, live reads and reviews come upon them.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::{Registry, descriptions, label_sets};

descriptions! {
    UNREADABLE_OBJECTS: Counter "unreadable_objects" ["kind"]
        "Objects of the cluster that are left out of the world, as a field of them has a wrong type";
}

label_sets! {
    KindLabels { kind }
}

/// The counter of such objects. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct UnreadableObjects(Family<KindLabels, Counter>);

impl UnreadableObjects {
    pub(crate) fn register(to: &Registry) -> Self {
        Self(to.register(&UNREADABLE_OBJECTS, Family::default()))
    }

    /// One more of this kind.
    pub(crate) fn count(&self, kind: &'static str) {
        self.0.get_or_create(&KindLabels { kind }).inc();
    }
}
