//! Reads all there is to read of an installation. Nothing is written: the one object that is sent is a dry run.

mod api;
mod handshake;
mod installation;
mod objects;
mod probe;
mod replicas;
mod rights;
mod unreachable;

use std::time::SystemTime;

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use kube::Client;

pub use unreachable::Unreachable;

use super::diagnosis::Diagnosis;
use super::examined::Examined;
use super::options::Options;
use super::seen::Seen;
use crate::cluster::{self, Connection, ServedKind};
use crate::installation::Installation;

/// Reads the cluster and says what of the installation is sound.
///
/// # Errors
/// When the cluster cannot be reached, or several installations answer to the options.
pub async fn examine(connection: &Connection, options: Options) -> Result<Diagnosis, Unreachable> {
    let client = connection.client().await?;
    let server_version = server_version(&client).await?;
    let found = installation::find(&client, &options).await?;
    let examined = read(&client, options, found, server_version).await;
    Ok(Diagnosis::of(&examined))
}

/// The version of the API server; `None`: the caller may not ask for it. This is what tells whether there is a cluster.
async fn server_version(client: &Client) -> Result<Option<String>, Unreachable> {
    match api::in_time(client.apiserver_version()).await {
        Ok(version) => Ok(Some(version.git_version)),
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(None),
        Err(error) => Err(Unreachable::Unanswered(cluster::said(&error))),
    }
}

async fn read(
    client: &Client,
    options: Options,
    found: installation::Found,
    server_version: Option<String>,
) -> Examined {
    let mut examined = Examined::new(found.installation, found.webhook, kinds(client).await);
    examined.server_version = server_version;
    examined.configuration = options.configuration;
    examined.namespaces = objects::namespaces(client).await;
    examined.aws_controllers = objects::aws_controllers(client).await;
    examined.istiods = objects::istiods(client).await;
    if let Seen::There(installation) = &examined.installation {
        let service = &installation.service;
        examined.service = objects::service(client, service).await;
        examined.endpoints = objects::endpoints(client, service).await;
        let (replicas, more) = replicas::read(client, service, &examined).await;
        examined.replicas = replicas;
        examined.more_replicas = more;
        examined.rights = rights::check(client, &examined).await;
    }
    examined.probe = probe::send(client, options.probe.as_ref(), &examined).await;
    examined.now = SystemTime::now();
    examined
}

/// The webhook configuration of an installation, as a replica sees it.
pub(super) type OwnWebhook = Seen<ValidatingWebhookConfiguration>;

/// The kinds that are served.
pub(super) type OwnKinds = Seen<Vec<ServedKind>>;

/// What a replica reads of its own installation.
pub(super) async fn own(client: &Client, installation: &Installation) -> (OwnWebhook, OwnKinds) {
    let webhook = installation::webhook(client, &installation.webhook_configuration).await;
    (webhook, kinds(client).await)
}

async fn kinds(client: &Client) -> OwnKinds {
    let served = tokio::time::timeout(api::LIMIT, cluster::served_kinds(client)).await;
    match served {
        Ok(Ok(kinds)) => Seen::There(kinds),
        Ok(Err(error)) => Seen::Unknown(cluster::causes(&error)),
        Err(_) => {
            Seen::Unknown("the API server does not say in time which kinds it serves".to_owned())
        }
    }
}
