//! A server without a webhook: it audits what exists, and answers probes.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;

use super::configuration::InForce;
use super::drain::tell_drain;
use super::world::ServedWorld;
use super::{audit, greeting, operations, tasks};
use crate::installation::Installation;
use crate::metrics::Registry;
use crate::operations::{Condition, Readiness};
use crate::reload;
use crate::server::StopSignals;
use crate::supervisor::Supervisor;

/// What it is made of.
pub(super) struct AuditAlone {
    pub(super) world: ServedWorld,
    pub(super) configuration: InForce,
    pub(super) installation: Option<Installation>,
    pub(super) operations_listen: SocketAddr,
    pub(super) readiness: Readiness,
    pub(super) serving: Condition,
    pub(super) supervisor: Supervisor,
}

impl AuditAlone {
    /// Serves until a stop is asked for.
    ///
    /// # Errors
    /// When it cannot start, or a task ends that was to go on.
    pub(super) async fn serve(mut self, registry: &Registry) -> Result<()> {
        let (signals, stop) = StopSignals::catch()?;
        let supervisor = &mut self.supervisor;
        supervisor.spawn(&tasks::STOP_SIGNALS, move || signals.clone().forward());
        supervisor.spawn(&tasks::HANGUPS, reload::log_hangups);
        let needed = audit::Needed {
            world: &self.world,
            configuration: &self.configuration,
            installation: self.installation.as_ref(),
            readiness: &self.readiness,
            registry,
            stop: &stop,
        };
        let lease = audit::begin(&needed, supervisor);
        let operations = operations::bind(self.operations_listen, self.readiness, registry).await?;
        let address = operations.local_addr();
        let greeting = greeting::without_webhook(&self.world.describe(), address);
        if let Err(error) = io::stdout().write_all(greeting.as_bytes()) {
            tracing::debug!(%error, "cannot write to standard output");
        }
        self.serving.holds();
        let drain = Arc::new((stop.clone(), self.serving));
        supervisor.spawn(&tasks::DRAIN, move || tell_drain(Arc::clone(&drain)));
        supervisor.spawn_once(&tasks::OPERATIONS, operations::serve(operations));
        supervisor.spawn_once(&tasks::NO_WEBHOOK, async move { stop.requested().await });
        let ended = supervisor.run().await;
        lease.wait().await;
        Ok(ended?)
    }
}
