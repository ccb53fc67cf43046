//! The Pods that a selector selects, by their metadata: as many shapes as differ, however many Pods there are.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::labels::Labels;
use crate::objects::pod_metadata::{PodMetadata, PodShape};

/// So many Pods are read one by one; more by one list.
pub(super) const FEW: usize = 4;

/// So many shapes are told apart. Pods of more workloads behind one Service are read whole.
const MOST_SHAPES: usize = 256;

/// Which Pods are asked for: those of a namespace with these labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodSelection {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The labels, all of them.
    pub labels: Labels,
}

/// Pods by their metadata. What is kept does not grow with their number.
#[derive(Clone, Debug, Default)]
pub struct SelectedPods {
    shapes: HashMap<PodShape, AlikePods>,
    has_too_many_shapes: bool,
}

/// Pods of one shape.
#[derive(Clone, Debug, Default)]
pub(super) struct AlikePods {
    /// How many there are.
    pub(super) count: usize,
    /// The names of some.
    pub(super) names: Vec<Arc<str>>,
}

impl SelectedPods {
    /// No Pods.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shapes: HashMap::new(),
            has_too_many_shapes: false,
        }
    }

    /// Takes a Pod in.
    pub fn add(&mut self, pod: PodMetadata) {
        if self.has_too_many_shapes {
            return;
        }
        if self.shapes.len() >= MOST_SHAPES && !self.shapes.contains_key(&pod.shape) {
            self.has_too_many_shapes = true;
            self.shapes.clear();
            return;
        }
        let alike = self.shapes.entry(pod.shape).or_default();
        alike.count += 1;
        if alike.names.len() < FEW {
            alike.names.push(pod.name);
        }
    }

    /// How many shapes are told apart.
    #[must_use]
    pub fn shape_count(&self) -> usize {
        self.shapes.len()
    }

    /// The Pods, shape by shape; `None`: they are of too many shapes to be told apart.
    pub(super) fn by_shape(&self) -> Option<impl Iterator<Item = (&PodShape, &AlikePods)>> {
        (!self.has_too_many_shapes).then(|| self.shapes.iter())
    }
}
