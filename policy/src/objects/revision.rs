//! Which of a workload's Pods are made from its template as it is: what its update strategy and its status say.
//!
//! A Pod keeps the template that it was made from. Where a roll-out is not over, has stopped, or replaces nothing by itself, a
//! gateway of an older template runs on behind a template that shows an application.

use serde::Deserialize;

use super::controller::Uid;
use super::metadata::Metadata;
use super::number::Number;
use super::reading::Mapping;
use super::text::Text;
use crate::identity::Kind;

/// A workload of a cluster as its Pods refer to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Its UID.
    pub uid: Uid,
    /// Which of its Pods are made from its template.
    pub current: CurrentPods,
}

/// Which of a workload's Pods are known to be made from its template as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CurrentPods {
    /// It cannot be told of any.
    Unknown,
    /// All of them.
    All,
    /// Those whose label `controller-revision-hash` has this value.
    OfRevision(Box<str>),
}

/// The update strategy of a StatefulSet or DaemonSet.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StrategyView {
    r#type: Option<Text>,
    rolling_update: Option<Mapping<RollingUpdateView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RollingUpdateView {
    partition: Number,
}

/// What the controller of a workload says of its roll-out.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct StatusView {
    observed_generation: Number,
    update_revision: Option<Text>,
    current_number_scheduled: Number,
    updated_number_scheduled: Number,
    number_misscheduled: Number,
}

/// What Pods know a workload by; `None`: it has no UID, as in a file.
pub(super) fn identity(
    metadata: &Metadata,
    kind: Kind,
    strategy: &StrategyView,
    status: &StatusView,
) -> Option<Identity> {
    let uid = metadata.uid()?;
    let is_observed = status.observed_generation.0.is_some()
        && status.observed_generation == metadata.generation();
    let current = match kind {
        _ if !is_observed || !strategy.replaces_all() => CurrentPods::Unknown,
        Kind::StatefulSet => match &status.update_revision {
            Some(Text::String(revision)) => CurrentPods::OfRevision(revision.as_str().into()),
            _ => CurrentPods::Unknown,
        },
        Kind::DaemonSet if status.is_rolled_out() => CurrentPods::All,
        // The Pods of a Deployment or Rollout are made by its ReplicaSets, and a ReplicaSet replaces no Pod when its
        // template is changed.
        _ => CurrentPods::Unknown,
    };
    Some(Identity { uid, current })
}

impl StrategyView {
    /// Whether every Pod is replaced sooner or later.
    ///
    /// Source: Kubernetes `pkg/apis/apps/types.go` (`OnDelete`, `partition`).
    fn replaces_all(&self) -> bool {
        let rolls = match &self.r#type {
            None => true,
            Some(Text::String(name)) => name == "RollingUpdate",
            Some(Text::Other(_)) => false,
        };
        let rolling = self.rolling_update.as_ref();
        rolls && rolling.is_none_or(|rolling| rolling.partition.0.unwrap_or(0) == 0)
    }
}

impl StatusView {
    /// Whether a DaemonSet has replaced the Pods of all nodes. The oldest Pod of a node is the one that is counted.
    ///
    /// Source: Kubernetes `pkg/controller/daemon/daemon_controller.go` (`updateDaemonSetStatus`).
    fn is_rolled_out(&self) -> bool {
        let of = |number: Number| number.0.unwrap_or(0);
        of(self.updated_number_scheduled) == of(self.current_number_scheduled)
            && of(self.number_misscheduled) == 0
    }
}
