//! The arguments of `l7guard serve` that say which installation the process is a replica of.

use std::time::Duration;

use crate::installation::{Installation, InvalidName, ServiceName, identity};
use crate::pki::authority_set::Lifetimes;
use crate::serve::CertificateSource;

/// The installation.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Installation in a cluster")]
pub(super) struct InstallationArguments {
    /// The Service that the API server calls; what l7guard writes to the cluster is named after it
    #[arg(long, conflicts_with = "manifests", value_name = "NAMESPACE/NAME")]
    service: Option<ServiceName>,
    /// The ValidatingWebhookConfiguration that points to the Service; by default it has the Service's name
    #[arg(long, requires = "service", value_parser = object_name, value_name = "NAME")]
    webhook_configuration: Option<String>,
    /// Make and rotate certificates, share their authority between replicas in the Secret NAME-ca, and keep caBundle up to date
    #[arg(long, requires = "service", conflicts_with_all = ["tls_cert", "tls_key", "manifests"])]
    managed_certificates: bool,
    /// How long an authority and a certificate live, and for how long a new authority is only trusted, in seconds: for tests
    #[arg(long, requires = "managed_certificates", hide = true, value_parser = lifetimes, value_name = "A,B,C")]
    certificate_lifetimes: Option<Lifetimes>,
}

impl InstallationArguments {
    /// Where the certificate comes from, if l7guard makes it.
    pub(super) fn certificate_source(&self) -> Option<CertificateSource> {
        let installation = self.installation().filter(|_| self.managed_certificates)?;
        Some(CertificateSource::Managed {
            installation,
            lifetimes: self.certificate_lifetimes.unwrap_or_default(),
        })
    }

    /// The installation, if one is named.
    pub(super) fn installation(&self) -> Option<Installation> {
        let mut installation = Installation::of(self.service.clone()?);
        if let Some(name) = &self.webhook_configuration {
            installation.webhook_configuration.clone_from(name);
        }
        Some(installation)
    }
}

fn object_name(text: &str) -> Result<String, InvalidName> {
    identity::object_name(text)
}

fn lifetimes(text: &str) -> Result<Lifetimes, String> {
    let seconds: Result<Vec<u64>, _> = text.split(',').map(str::parse).collect();
    match seconds.map_err(|error| error.to_string())?[..] {
        [authority, leaf, overlap] => Ok(Lifetimes {
            authority: Duration::from_secs(authority),
            leaf: Duration::from_secs(leaf),
            overlap: Duration::from_secs(overlap),
        }),
        _ => Err("expected three numbers".to_owned()),
    }
}
