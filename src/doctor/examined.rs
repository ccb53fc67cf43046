//! All that was read of an installation: what the checks judge.

use std::time::SystemTime;

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingWebhook, ValidatingWebhookConfiguration,
};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use l7guard_policy::configuration::Configuration;
use rustls::pki_types::CertificateDer;

use super::exposition::Exposition;
use super::seen::Seen;
use crate::cluster::ServedKind;
use crate::installation::Installation;

/// All that was read.
#[derive(Debug)]
pub(super) struct Examined {
    /// Which installation it is.
    pub(super) installation: Seen<Installation>,
    /// Its webhook configuration.
    pub(super) webhook: Seen<ValidatingWebhookConfiguration>,
    /// The kinds that are served.
    pub(super) kinds: Seen<Vec<ServedKind>>,
    pub(super) namespaces: Seen<Vec<Namespace>>,
    /// The installation's Service.
    pub(super) service: Seen<Service>,
    pub(super) endpoints: Seen<Vec<EndpointSlice>>,
    /// The Pods behind the Service.
    pub(super) replicas: Seen<Vec<Replica>>,
    /// How many of them were not looked into, as there are so many.
    pub(super) more_replicas: usize,
    pub(super) probe: Seen<Probe>,
    pub(super) rights: Seen<Vec<CheckedRight>>,
    pub(super) aws_controllers: Seen<Vec<Deployment>>,
    pub(super) istiods: Seen<Vec<Deployment>>,
    /// The version of the API server, as it says it.
    pub(super) server_version: Option<String>,
    /// The configuration to compare with.
    pub(super) configuration: Configuration,
    pub(super) now: SystemTime,
}

/// A Pod of the installation.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) pod: Pod,
    /// The chain that it serves, leaf first.
    pub(super) chain: Seen<Vec<CertificateDer<'static>>>,
    /// What its operations port says.
    pub(super) metrics: Seen<Exposition>,
}

/// Dry runs of two objects: one that must be refused, and one that must not be.
#[derive(Debug)]
pub(super) struct Probe {
    /// The one that must be refused, in words.
    pub(super) what: String,
    /// The answer to it.
    pub(super) answer: Answer,
    /// The answer to the same object with the Service of an application in place of the gateway's.
    pub(super) harmless: Seen<Answer>,
}

/// What the API server answers to a dry run.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// The HTTP status; a success is below 400.
    pub(super) status: u16,
    /// The message of a failure.
    pub(super) message: String,
    /// The warnings that came with the answer.
    pub(super) warnings: Vec<String>,
}

/// A right that the installation's `ServiceAccount` needs, and whether it has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CheckedRight {
    /// Who needs it.
    pub(super) account: String,
    /// What is needed: `list ingresses.networking.k8s.io`.
    pub(super) right: String,
    /// What does not work without it; `None`: judging itself.
    pub(super) lost: Option<&'static str>,
    pub(super) is_granted: bool,
}

impl Examined {
    /// Nothing but this was looked at.
    pub(super) fn new(
        installation: Seen<Installation>,
        webhook: Seen<ValidatingWebhookConfiguration>,
        kinds: Seen<Vec<ServedKind>>,
    ) -> Self {
        Self {
            installation,
            webhook,
            kinds,
            namespaces: Seen::Absent,
            service: Seen::Absent,
            endpoints: Seen::Absent,
            replicas: Seen::Absent,
            more_replicas: 0,
            probe: Seen::Absent,
            rights: Seen::Absent,
            aws_controllers: Seen::Absent,
            istiods: Seen::Absent,
            server_version: None,
            configuration: Configuration::default(),
            now: SystemTime::now(),
        }
    }

    /// The entries of the webhook configuration that send reviews to the installation's Service.
    pub(super) fn entries(&self) -> Seen<Vec<&ValidatingWebhook>> {
        let installation = match &self.installation {
            Seen::There(installation) => installation,
            Seen::Absent => return Seen::Absent,
            Seen::Unknown(reason) => return Seen::Unknown(reason.clone()),
        };
        match &self.webhook {
            Seen::There(configuration) => {
                match super::webhook::entries(configuration, &installation.service) {
                    entries if entries.is_empty() => Seen::Absent,
                    entries => Seen::There(entries),
                }
            }
            Seen::Absent => Seen::Absent,
            Seen::Unknown(reason) => Seen::Unknown(reason.clone()),
        }
    }

    /// Whether the API server is EKS'.
    pub(super) fn is_eks(&self) -> bool {
        let version = self.server_version.as_deref();
        version.is_some_and(|version| version.contains("-eks-"))
    }
}
