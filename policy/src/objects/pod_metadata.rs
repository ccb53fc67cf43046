//! What the metadata of a Pod shows without its containers. It says what the Pod may be, never what it is.

use std::sync::Arc;

use super::controller::Controller;
use super::metadata::Header;
use super::metadata_map;
use super::reading::{DecodeError, Source, Supply};
use super::workload::{self, PodView, Workload};

/// The label by which Pods of a StatefulSet or DaemonSet tell their revision.
///
/// Source: Kubernetes `k8s.io/api/apps/v1` (`ControllerRevisionHashLabelKey`).
const REVISION_LABEL: &str = "controller-revision-hash";

/// A Pod by its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodMetadata {
    /// The Pod's name.
    pub name: Arc<str>,
    /// What it has in common with the other Pods of its template.
    pub shape: PodShape,
}

/// What the metadata of a Pod shows besides its name: Pods of one template are alike in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodShape {
    /// Who controls it.
    pub controller: Option<Controller>,
    /// The revision of its template, by label.
    pub revision: Option<Box<str>>,
    /// Its labels as far as a rule reads them, and what its annotations ask for.
    pub marks: Workload,
}

/// Reads the metadata of a Pod from the JSON of a Pod or `PartialObjectMetadata`.
///
/// # Errors
///
/// A field that a rule reads has a wrong type.
pub fn read(json: &str) -> Result<PodMetadata, DecodeError> {
    let mut source = Source::Json(json);
    let header: Header = source.read()?;
    let metadata = header.metadata.unwrap_or_default().0;
    let pod: PodView = source.read()?;
    let marks = workload::workload(pod.without_spec(), "")?;
    Ok(PodMetadata {
        name: metadata.name.clone().unwrap_or_default(),
        shape: PodShape {
            controller: metadata.controller(),
            revision: marks.labels.get(REVISION_LABEL).map(Box::from),
            marks: Workload {
                labels: marks.labels.only(metadata_map::is_read),
                ..marks
            },
        },
    })
}
