//! A server from its start to its end.

use std::io::{self, Write as _};
use std::sync::Arc;

use anyhow::Result;

use super::audit_alone::AuditAlone;
use super::drain::tell_drain;
use super::metrics::Metrics;
use super::settings::Settings;
use super::webhook_server::WebhookServer;
use super::{
    audit, certificates, configuration, exemptions, file_limit, greeting, operations,
    own_installation, tasks, world,
};
use crate::judge::PolicyJudge;
use crate::logging;
use crate::operations::{NeededFor, Readiness};
use crate::reload;
use crate::server::StopSignals;
use crate::supervisor::Supervisor;
use crate::webhook::AdmissionLimiter;

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was asked to stop.
    Stopped,
    /// It could not start, or a task ended without which nobody is served. The log says why.
    Failed,
}

/// Serves until a signal asks to stop.
///
/// # Errors
/// When nothing can be logged or no threads can be had. Every later error is logged: [`Ended::Failed`].
pub(crate) fn run(settings: Settings) -> Result<Ended> {
    let metrics = Metrics::new();
    let log = logging::start(settings.log_format, metrics.registry())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(serve(settings, &metrics));
    // Whatever still reads a file must not hold the end.
    runtime.shutdown_background();
    let ended = match ended {
        Ok(()) => Ended::Stopped,
        Err(error) => {
            log.failure(&error);
            Ended::Failed
        }
    };
    log.end();
    Ok(ended)
}

async fn serve(settings: Settings, metrics: &Metrics) -> Result<()> {
    file_limit::ensure(&[&settings.limits, &operations::settings()])?;
    if let Some(installation) = &settings.installation {
        let (service, webhook_configuration) =
            (&installation.service, &installation.webhook_configuration);
        tracing::info!(%service, webhook_configuration, "replica of an installation");
    }
    let registry = metrics.registry();
    let mut supervisor = Supervisor::new(registry);
    let readiness = Readiness::measured(registry);
    // The first condition, or the process would be ready as long as no other one is known.
    let serving = readiness.condition("serving", NeededFor::NewCallers, "not yet");
    let file = settings.configuration.as_deref();
    let configuration = configuration::load(file, registry, &mut supervisor)?;
    exemptions::count(configuration.policy.clone(), registry, &mut supervisor);
    let world = world::open(settings.world, registry, &readiness, &mut supervisor).await?;
    let judged_in = world.describe();
    if !settings.webhook {
        let parts = AuditAlone {
            world,
            configuration,
            installation: settings.installation,
            operations_listen: settings.operations_listen,
            readiness,
            serving,
            supervisor,
        };
        return parts.serve(registry).await;
    }
    let parts = certificates::Parts {
        cluster: world.client(),
        registry,
        readiness: &readiness,
        supervisor: &mut supervisor,
    };
    let (tls, development) = certificates::tls(settings.tls, parts)?;
    own_installation::watch(
        settings.installation.as_ref(),
        world.client(),
        &tls.served,
        registry,
        &mut supervisor,
    );
    let (signals, stop) = StopSignals::catch()?;
    supervisor.spawn(&tasks::STOP_SIGNALS, move || signals.clone().forward());
    supervisor.spawn(&tasks::HANGUPS, reload::log_hangups);
    let needed = audit::Needed {
        world: &world,
        configuration: &configuration,
        installation: settings.installation.as_ref(),
        readiness: &readiness,
        registry,
        stop: &stop,
    };
    let lease = audit::begin(&needed, &mut supervisor);
    let gate = AdmissionLimiter::new(
        readiness.clone(),
        metrics.reviews().clone(),
        settings.max_reviews,
    );
    let judge = PolicyJudge::new(world, configuration.policy);
    let webhook =
        WebhookServer::bind(settings.listen, judge, gate, tls, settings.limits, registry).await?;
    let operations = operations::bind(settings.operations_listen, readiness, registry).await?;
    let addresses = (webhook.local_addr(), operations.local_addr());
    let (greeting, _files) = greeting::text(&judged_in, addresses, development)?;
    if let Err(error) = io::stdout().write_all(greeting.as_bytes()) {
        tracing::debug!(%error, "cannot write to standard output");
    }
    serving.holds();
    let drain = Arc::new((stop.clone(), serving));
    supervisor.spawn(&tasks::DRAIN, move || tell_drain(Arc::clone(&drain)));
    supervisor.spawn_once(&tasks::OPERATIONS, operations::serve(operations));
    supervisor.spawn_once(&tasks::WEBHOOK, async {
        webhook.run(stop).await;
    });
    let ended = supervisor.run().await;
    lease.wait().await;
    Ok(ended?)
}
