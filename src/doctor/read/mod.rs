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

use kube::Client;

pub use unreachable::Unreachable;

use super::diagnosis::Diagnosis;
use super::examined::Examined;
use super::options::Options;
use super::seen::{self, Seen};
use crate::cluster::{self, Connection};

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
        Err(error) => Err(Unreachable::Unanswered(seen::causes(&error))),
    }
}

async fn read(
    client: &Client,
    options: Options,
    found: installation::Found,
    server_version: Option<String>,
) -> Examined {
    let served = cluster::served_kinds(client).await;
    let kinds = served.map_or_else(|error| Seen::Unknown(seen::causes(&error)), Seen::There);
    let mut examined = Examined {
        installation: found.installation,
        webhook: found.webhook,
        kinds,
        namespaces: objects::namespaces(client).await,
        service: Seen::Absent,
        endpoints: Seen::Absent,
        replicas: Seen::Absent,
        more_replicas: 0,
        probe: Seen::Absent,
        rights: Seen::Absent,
        aws_controllers: objects::aws_controllers(client).await,
        istiods: objects::istiods(client).await,
        server_version,
        configuration: options.configuration,
        now: SystemTime::now(),
    };
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
