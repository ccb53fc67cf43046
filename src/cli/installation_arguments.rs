//! The arguments of `l7guard serve` that say which installation the process is a replica of.

use crate::installation::{Installation, InvalidName, ServiceName, identity};

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
}

impl InstallationArguments {
    /// Whether the certificate is made here.
    pub(super) fn has_managed_certificates(&self) -> bool {
        self.managed_certificates
    }

    /// The installation, if one is named.
    pub(super) fn installation(self) -> Option<Installation> {
        let mut installation = Installation::of(self.service?);
        if let Some(name) = self.webhook_configuration {
            installation.webhook_configuration = name;
        }
        Some(installation)
    }
}

fn object_name(text: &str) -> Result<String, InvalidName> {
    identity::object_name(text)
}
