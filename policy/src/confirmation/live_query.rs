//! What is asked of a cluster, and what was found.

use super::selected_pods::{PodSelection, SelectedPods};
use crate::identity::{Kind, ObjectKey};
use crate::inventory::Scope;
use crate::objects::Object;

/// Something to be read from the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LiveQuery {
    /// The object of this key, or its absence.
    Object(ObjectKey),
    /// All objects of a kind. Of EndpointSlices those that no endpoint slice controller made.
    Objects(Kind, Scope),
    /// These Pods, whole, except those that have ended: all that may be gateways, and of the others at least one.
    Pods(PodSelection),
    /// The same by their metadata, as a cache of the API server has it.
    PodMetadata(PodSelection),
    /// The ReplicaSet of this key, or its absence, also where it is a revision of another workload.
    Revision(ObjectKey),
    /// The Services of type `ExternalName` of all namespaces: few among many.
    Aliases,
}

impl LiveQuery {
    /// The kind of what is asked for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Object(key) | Self::Revision(key) => key.kind,
            Self::Objects(kind, _) => *kind,
            Self::Pods(_) | Self::PodMetadata(_) => Kind::Pod,
            Self::Aliases => Kind::Service,
        }
    }

    /// Whether a watch brings what is asked for. `Objects` of ReplicaSets are those that nobody owns, which are watched.
    pub(super) fn is_watched(&self) -> bool {
        match self {
            Self::Object(key) => !matches!(key.kind, Kind::Pod | Kind::Namespace),
            Self::Objects(..) | Self::Aliases => true,
            Self::Pods(_) | Self::PodMetadata(_) | Self::Revision(_) => false,
        }
    }
}

/// What was found for a query.
#[derive(Clone, Debug)]
pub enum LiveResult {
    /// Objects; none where there is nothing.
    Objects(Vec<Object>),
    /// What the metadata of Pods shows.
    Pods(SelectedPods),
}

impl LiveResult {
    /// The objects that were found.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        match self {
            Self::Objects(objects) => objects,
            Self::Pods(_) => &[],
        }
    }
}

impl From<Vec<Object>> for LiveResult {
    fn from(objects: Vec<Object>) -> Self {
        Self::Objects(objects)
    }
}

/// A query, and what was found for it.
pub type LiveRead = (LiveQuery, LiveResult);
