//! What a report over live clusters says besides: which cluster something was found in, and what is found there no more.

use std::fmt::{self, Display};
use std::ops::Deref;
use std::sync::Arc;

use l7guard_policy::remedy::Remedy;

use super::totals::Totals;

/// A live cluster: its name, which it dereferences to, and how `kubectl` reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCluster {
    name: Arc<str>,
    kubectl: Option<Arc<[String]>>,
}

impl LiveCluster {
    /// The cluster of this name, which `kubectl` reaches with these arguments. `None`: nothing that can be typed.
    #[must_use]
    pub fn new(name: &Arc<str>, kubectl: Option<Vec<String>>) -> Self {
        Self {
            name: Arc::clone(name),
            kubectl: kubectl.map(Arc::from),
        }
    }

    /// The arguments by which `kubectl` reaches this cluster and no other.
    pub(super) fn kubectl(&self) -> Option<&[String]> {
        self.kubectl.as_deref()
    }
}

impl Deref for LiveCluster {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl Display for LiveCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// Something that was found, and the cluster that it was found in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfCluster<T> {
    /// The cluster's name; `None`: it was found in files.
    pub cluster: Option<Arc<str>>,
    found: T,
}

impl<T> From<T> for OfCluster<T> {
    fn from(found: T) -> Self {
        Self {
            cluster: None,
            found,
        }
    }
}

impl<T> OfCluster<T> {
    /// Found in this cluster.
    #[must_use]
    pub fn new(cluster: &Arc<str>, found: T) -> Self {
        Self {
            cluster: Some(Arc::clone(cluster)),
            found,
        }
    }
}

impl<T> Deref for OfCluster<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.found
    }
}

/// The cluster that files were laid over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseSummary {
    /// Its name.
    pub cluster: String,
    /// The snapshot that it was read from; `None`: the cluster itself.
    pub file: Option<String>,
    /// As of when it is known, in UTC (RFC 3339).
    pub taken: String,
    /// How many objects of it are known.
    pub objects: usize,
    /// Whether what it held before is reported as well.
    pub reports_all: bool,
}

/// One cluster of a report.
#[derive(Debug)]
pub struct ClusterSummary {
    /// The cluster's name.
    pub name: LiveCluster,
    /// How many of each there are in it.
    pub totals: Totals,
    /// What repairs all findings of this cluster together.
    pub remedy: Remedy,
}

/// A finding of an earlier report that was not found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The cluster, if it was found in one.
    pub cluster: Option<String>,
    /// The rule's code.
    pub rule: String,
    /// Its object, `Kind namespace/name`.
    pub object: String,
    /// What was wrong, in a sentence.
    pub message: String,
}
