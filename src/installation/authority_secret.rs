//! The Secret that holds the authorities of an installation, shared by its replicas.
//!
//! | key | holds |
//! |---|---|
//! | `authority.crt`, `authority.key` | the authority that signs the replicas' certificates, PEM |
//! | `next.crt`, `next.key` | the one that will sign them, while it is made known |
//! | `previous.crt` | those that have signed certificates which may still be served |
//! | `previous.since` | since when they sign none any more (RFC 3339) |

use std::collections::BTreeMap;
use std::time::SystemTime;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::failure::{Failure, status};
use super::identity::Installation;
use crate::pki::authority::{Authority, AuthorityError, CLOCK_SKEW};
use crate::pki::authority_set::AuthoritySet;
use crate::pki::trusted::{TrustedCertificate, bundle_pem};

/// The type of the Secret. One of another type is not ours and is never written.
pub(super) const TYPE: &str = "l7guard/certificate-authority";

const AUTHORITY: (&str, &str) = ("authority.crt", "authority.key");
const NEXT: (&str, &str) = ("next.crt", "next.key");
const PREVIOUS: &str = "previous.crt";
const PREVIOUS_SINCE: &str = "previous.since";

/// The Secret of an installation, as the API server has it.
pub(super) struct AuthoritySecret {
    api: Api<Secret>,
    namespace: String,
    name: String,
}

/// Whether a write came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// It is stored so.
    Stored,
    /// Somebody else wrote before.
    Lost,
}

impl AuthoritySecret {
    pub(super) fn of(installation: &Installation, client: Client) -> Self {
        let namespace = installation.service.namespace.clone();
        Self {
            api: Api::namespaced(client, &namespace),
            namespace,
            name: installation.authority_secret(),
        }
    }

    /// `Secret NAMESPACE/NAME`.
    pub(super) fn describe(&self) -> String {
        format!("Secret {}/{}", self.namespace, self.name)
    }

    /// Reads it; `None`: there is none.
    pub(super) async fn read(&self) -> Result<Option<Secret>, Failure> {
        let read = self.api.get_opt(&self.name).await;
        let secret = read.map_err(Failure::unanswered("get", self.describe()))?;
        match &secret {
            Some(found) if found.type_.as_deref() != Some(TYPE) => Err(Failure::ForeignSecret {
                name: format!("{}/{}", self.namespace, self.name),
                found: found.type_.clone().unwrap_or_default(),
                expected: TYPE,
            }),
            _ => Ok(secret),
        }
    }

    /// Creates it, if it is not there.
    pub(super) async fn create(&self, set: &AuthoritySet) -> Result<Write, Failure> {
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                namespace: Some(self.namespace.clone()),
                ..ObjectMeta::default()
            },
            type_: Some(TYPE.to_owned()),
            data: Some(data(set)),
            ..Secret::default()
        };
        let created = self.api.create(&params(), &secret).await;
        self.written("create", created)
    }

    /// Puts other authorities into it, if it is still as it was read.
    pub(super) async fn replace(
        &self,
        read: &Secret,
        set: &AuthoritySet,
    ) -> Result<Write, Failure> {
        // Its resourceVersion goes along, which makes the API server refuse what is based on an older state.
        let mut secret = read.clone();
        secret.data = Some(data(set));
        let replaced = self.api.replace(&self.name, &params(), &secret).await;
        self.written("update", replaced)
    }

    fn written(
        &self,
        verb: &'static str,
        outcome: Result<Secret, kube::Error>,
    ) -> Result<Write, Failure> {
        match outcome {
            Ok(_) => Ok(Write::Stored),
            // It exists already; it was changed; it was deleted since.
            Err(error) if lost(verb, &error) => Ok(Write::Lost),
            Err(error) => Err(Failure::unanswered(verb, self.describe())(error)),
        }
    }
}

fn lost(verb: &str, error: &kube::Error) -> bool {
    let code = status(error).map(|status| status.code);
    // Where it is created, "not found" is said of the namespace.
    code == Some(409) || code == Some(404) && verb == "update"
}

fn params() -> PostParams {
    PostParams {
        field_manager: Some(super::webhook_configuration::FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    }
}

/// What stands in the Secret for these authorities.
fn data(set: &AuthoritySet) -> BTreeMap<String, ByteString> {
    let mut data = BTreeMap::new();
    let mut put = |key: &str, text: String| {
        data.insert(key.to_owned(), ByteString(text.into_bytes()));
    };
    for (keys, authority) in [(AUTHORITY, Some(&set.signing)), (NEXT, set.next.as_ref())] {
        if let Some(authority) = authority {
            put(keys.0, authority.certificate().pem());
            put(keys.1, authority.key_pem());
        }
    }
    if !set.previous.is_empty() {
        put(PREVIOUS, bundle_pem(&set.previous));
        let since = OffsetDateTime::from(set.previous_since).format(&Rfc3339);
        put(PREVIOUS_SINCE, since.unwrap_or_default());
    }
    data
}

/// Since when the previous authorities of a Secret sign nothing. `None`: it does not say, or names a time to come, by which they
/// would be trusted for longer than they are of use.
fn since(secret: &Secret, now: SystemTime) -> Option<SystemTime> {
    let text = &secret.data.as_ref()?.get(PREVIOUS_SINCE)?.0;
    let text = std::str::from_utf8(text).ok()?;
    let since: SystemTime = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?.into();
    (since <= now + CLOCK_SKEW).then_some(since)
}

/// Whether a Secret has previous authorities and does not say since when they are. It has to, or they stay trusted for ever:
/// each reader would take them for such of this moment.
pub(super) fn is_undated(secret: &Secret, set: &AuthoritySet, now: SystemTime) -> bool {
    !set.previous.is_empty() && since(secret, now).is_none()
}

/// The authorities that a Secret holds. Without a next authority, or with one that cannot be used, there is none: it is made
/// when it is due. Where it does not say since when previous ones sign nothing, that is `now`.
///
/// # Errors
/// Why its signing authority cannot be used. The text quotes nothing of the Secret.
pub(super) fn read_set(secret: &Secret, now: SystemTime) -> Result<AuthoritySet, String> {
    let none = BTreeMap::new();
    let data = secret.data.as_ref().unwrap_or(&none);
    let bytes = |key: &str| data.get(key).map(|bytes| bytes.0.as_slice());
    let (Some(certificate), Some(key)) = (bytes(AUTHORITY.0), bytes(AUTHORITY.1)) else {
        return Err(format!("{} or {} is missing", AUTHORITY.0, AUTHORITY.1));
    };
    let signing =
        Authority::parse(certificate, key).map_err(|error| in_words(AUTHORITY, &error))?;
    let next = match (bytes(NEXT.0), bytes(NEXT.1)) {
        (Some(certificate), Some(key)) => Authority::parse(certificate, key)
            .inspect_err(|error| {
                let reason = in_words(NEXT, error);
                tracing::warn!(reason, "the next certificate authority cannot be used");
            })
            .ok(),
        _ => None,
    };
    let previous_since = since(secret, now).unwrap_or(now);
    Ok(AuthoritySet {
        signing,
        next,
        previous: TrustedCertificate::of_bundle(bytes(PREVIOUS).unwrap_or_default()),
        previous_since,
    })
}

fn in_words(keys: (&str, &str), error: &AuthorityError) -> String {
    format!("{} and {}: {error}", keys.0, keys.1)
}

#[cfg(test)]
#[path = "authority_secret_tests.rs"]
mod tests;
