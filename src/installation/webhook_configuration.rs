//! caBundle: what the API server trusts when it calls our Service, in every entry of our one webhook configuration.
//!
//! It is written by JSON patch with a test of the `resourceVersion`: a write is based on what was read, or it is refused.
//! (Applied on the server's side, caBundle would leave a stub of an entry behind when a chart drops the entry.)

use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingWebhook, ValidatingWebhookConfiguration,
};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::failure::{Failure, status};
use super::identity::{Installation, ServiceName};
use crate::pki::trusted::{TrustedCertificate, bundle_pem};

/// Who writes, as `managedFields` has it.
pub(super) const FIELD_MANAGER: &str = "l7guard";

/// The kind.
pub(super) type Watched = ValidatingWebhookConfiguration;

/// The webhook configuration of an installation.
pub(super) struct WebhookConfiguration {
    api: Api<ValidatingWebhookConfiguration>,
    name: String,
    service: ServiceName,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// It is stored so.
    Stored,
    /// Somebody else changed the configuration before.
    Lost,
}

/// The entries that call our Service, as they were read.
#[derive(Debug)]
pub(super) struct Entries {
    resource_version: String,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Where it stands in `/webhooks`.
    index: usize,
    /// The certificates that it trusts.
    trusted: Vec<TrustedCertificate>,
    /// Something stands there that is no certificate.
    is_unreadable: bool,
}

impl WebhookConfiguration {
    pub(super) fn of(installation: &Installation, client: Client) -> Self {
        Self {
            api: Api::all(client),
            name: installation.webhook_configuration.clone(),
            service: installation.service.clone(),
        }
    }

    /// `ValidatingWebhookConfiguration NAME`.
    pub(super) fn describe(&self) -> String {
        format!("ValidatingWebhookConfiguration {}", self.name)
    }

    /// Reads it; without one, nobody calls us.
    pub(super) async fn read(&self) -> Result<Entries, Failure> {
        let read = self.api.get_opt(&self.name).await;
        let configuration = read.map_err(Failure::unanswered("get", self.describe()))?;
        Ok(Entries::of(
            &configuration.unwrap_or_default(),
            &self.service,
        ))
    }

    /// Has every entry of ours trust exactly these certificates, unless the configuration has changed since it was read.
    pub(super) async fn write<'a>(
        &self,
        read: &Entries,
        bundle: impl IntoIterator<Item = &'a TrustedCertificate>,
    ) -> Result<Write, Failure> {
        let bundle: Vec<_> = bundle.into_iter().collect();
        let patch: json_patch::Patch = serde_json::from_value(read.operations(&bundle))
            .map_err(kube::Error::SerdeError)
            .map_err(Failure::unanswered("patch", self.describe()))?;
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        match self
            .api
            .patch(&self.name, &params, &Patch::Json::<()>(patch))
            .await
        {
            Ok(_) => Ok(Write::Stored),
            // A test that fails is 422, and so is an entry that is gone.
            Err(error)
                if status(&error).is_some_and(|status| [404, 409, 422].contains(&status.code)) =>
            {
                tracing::debug!(%error, "caBundle was not written");
                Ok(Write::Lost)
            }
            Err(error) => Err(Failure::unanswered("patch", self.describe())(error)),
        }
    }
}

impl Entries {
    fn of(configuration: &ValidatingWebhookConfiguration, service: &ServiceName) -> Self {
        let webhooks = configuration.webhooks.iter().flatten().enumerate();
        let entries = webhooks
            .filter(|(_, webhook)| calls(webhook, service))
            .map(|(index, webhook)| Entry::of(index, webhook))
            .collect();
        let resource_version = configuration.metadata.resource_version.clone();
        Self {
            resource_version: resource_version.unwrap_or_default(),
            entries,
        }
    }

    /// Whether each entry trusts this certificate. Without entries everybody who calls us does.
    pub(super) fn all_trust(&self, certificate: &TrustedCertificate) -> bool {
        let mut entries = self.entries.iter();
        entries.all(|entry| entry.trusted.contains(certificate))
    }

    /// Every certificate that an entry trusts.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &TrustedCertificate> {
        self.entries.iter().flat_map(|entry| &entry.trusted)
    }

    /// Whether each entry trusts these certificates and no others.
    pub(super) fn trust_exactly<'a>(
        &self,
        bundle: impl IntoIterator<Item = &'a TrustedCertificate>,
    ) -> bool {
        let bundle: Vec<_> = bundle.into_iter().collect();
        self.entries
            .iter()
            .all(|entry| entry.trusts_exactly(&bundle))
    }

    /// The JSON patch after which each entry trusts exactly these.
    fn operations(&self, bundle: &[&TrustedCertificate]) -> Value {
        let ca_bundle = ByteString(bundle_pem(bundle.iter().copied()).into_bytes());
        let mut operations = vec![json!({
            "op": "test", "path": "/metadata/resourceVersion", "value": self.resource_version,
        })];
        let wrong = self
            .entries
            .iter()
            .filter(|entry| !entry.trusts_exactly(bundle));
        operations.extend(wrong.map(|entry| {
            let path = format!("/webhooks/{}/clientConfig/caBundle", entry.index);
            json!({"op": "add", "path": path, "value": ca_bundle})
        }));
        Value::Array(operations)
    }
}

impl Entry {
    fn of(index: usize, webhook: &ValidatingWebhook) -> Self {
        let ca_bundle = webhook.client_config.ca_bundle.as_ref();
        let pem = ca_bundle.map_or(&[][..], |bytes| bytes.0.as_slice());
        let trusted = TrustedCertificate::of_bundle(pem);
        Self {
            index,
            is_unreadable: trusted.is_empty() && !pem.is_empty(),
            trusted,
        }
    }

    fn trusts_exactly(&self, bundle: &[&TrustedCertificate]) -> bool {
        let is_trusted = |&certificate: &&TrustedCertificate| self.trusted.contains(certificate);
        !self.is_unreadable && self.trusted.len() == bundle.len() && bundle.iter().all(is_trusted)
    }
}

fn calls(webhook: &ValidatingWebhook, service: &ServiceName) -> bool {
    let called = webhook.client_config.service.as_ref();
    called
        .is_some_and(|called| called.namespace == service.namespace && called.name == service.name)
}

#[cfg(test)]
#[path = "webhook_configuration_tests.rs"]
mod tests;
