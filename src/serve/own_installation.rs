//! Has a replica watch the installation that it belongs to.

use std::sync::Arc;

use kube::Client;

use super::tasks;
use crate::doctor::OwnInstallation;
use crate::installation::Installation;
use crate::metrics::Registry;
use crate::pki::served::ServedCertificate;
use crate::supervisor::Supervisor;

/// Begins, where an installation is named and a cluster is watched.
pub(super) fn watch(
    installation: Option<&Installation>,
    client: Option<Client>,
    served: &ServedCertificate,
    registry: &Registry,
    supervisor: &mut Supervisor,
) {
    let (Some(installation), Some(client)) = (installation, client) else {
        return;
    };
    let own = OwnInstallation::new(client, installation.clone(), served.clone(), registry);
    let own = Arc::new(own);
    supervisor.spawn(&tasks::OWN_INSTALLATION, move || {
        Arc::clone(&own).keep_looking()
    });
}
