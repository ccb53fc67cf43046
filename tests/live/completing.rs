//! Writes that complete a path together, and the trial that the last of them is refused while no watch tells of the others.

use libtest_mimic::Failed;
use serde_json::Value;

use crate::gate::Passes;
use crate::scenery::{Write, deployment, service};
use crate::stage::Stage;

/// Writes that complete a path together.
pub(crate) struct Completing {
    pub(crate) name: &'static str,
    /// What l7guard knows before, in a namespace of this name.
    pub(crate) known: fn(&str) -> Vec<Value>,
    pub(crate) writes: fn(&str) -> Vec<Write>,
}

/// The workloads of every trial: an Istio gateway and an application.
pub(crate) fn workloads(at: &str) -> Vec<Value> {
    vec![deployment(at, "edge", true), deployment(at, "web", false)]
}

pub(crate) fn with(at: &str, more: Vec<Value>) -> Vec<Value> {
    workloads(at).into_iter().chain(more).collect()
}

/// A Service whose selector goes over to the gateway.
pub(crate) fn selector_change(at: &str) -> Write {
    Write::Patch(service(at, "front", "edge"))
}

/// No watch tells anything while the writes come.
pub(crate) fn refused_at_last(
    stage: &Stage,
    completing: &Completing,
    order: &[usize],
) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage.know(&(completing.known)(at)).await?;
        stage.gate.let_pass(Passes::NoWatchEvents);
        let writes = (completing.writes)(at);
        let (last, before) = order.split_last().ok_or("no writes")?;
        for write in before {
            stage.hand.write(&writes[*write]).await?.accepted()?;
        }
        stage.hand.write(&writes[*last]).await?.refused()?;
        Ok(())
    })
}
