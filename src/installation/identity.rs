//! What an installation is called: its Service, from which the names of everything else follow.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An installation: the replicas behind one Service, and the webhook configuration that sends reviews to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The Service that the API server calls. Secret and Lease of the installation are in its namespace.
    pub service: ServiceName,
    /// The name of the `ValidatingWebhookConfiguration`.
    pub webhook_configuration: String,
}

/// The namespace and name of a Service, written `NAMESPACE/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceName {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// Why a text names nothing that the API server would take.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidName {
    /// It is not of the form `NAMESPACE/NAME`.
    #[error("expected NAMESPACE/NAME, such as l7guard/l7guard")]
    Form,
    /// A part is no DNS label.
    #[error(
        "{part:?} is not a valid {what}: expected at most 63 lower-case letters, digits and '-', \
         which begins and ends with a letter or a digit"
    )]
    Label {
        /// The part.
        part: String,
        /// What it names.
        what: &'static str,
    },
    /// It is no DNS subdomain.
    #[error(
        "{name:?} is not a valid name: expected at most 253 lower-case letters, digits, '-' and '.', \
         which begins and ends with a letter or a digit"
    )]
    Subdomain {
        /// The name.
        name: String,
    },
}

impl Installation {
    /// The installation behind a Service, whose webhook configuration has the Service's name.
    #[must_use]
    pub fn of(service: ServiceName) -> Self {
        Self {
            webhook_configuration: service.name.clone(),
            service,
        }
    }

    /// The name of the Secret that holds the certificate authority, in the Service's namespace: `NAME-ca`.
    #[must_use]
    pub fn authority_secret(&self) -> String {
        format!("{}-ca", self.service.name)
    }
}

impl ServiceName {
    /// The name that the API server dials and demands in the certificate: `NAME.NAMESPACE.svc`.
    ///
    /// Source: kubernetes/apiserver, `pkg/util/webhook/client.go` (`ServerName`).
    #[must_use]
    pub fn server_name(&self) -> String {
        format!("{}.{}.svc", self.name, self.namespace)
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

impl FromStr for ServiceName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (namespace, name) = text.split_once('/').ok_or(InvalidName::Form)?;
        for (part, what) in [(namespace, "namespace"), (name, "Service name")] {
            if !is_label(part) {
                let part = part.to_owned();
                return Err(InvalidName::Label { part, what });
            }
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// A name of an object of the cluster as the API server takes it (RFC 1123 subdomain).
///
/// # Errors
/// When the API server would refuse it.
pub fn object_name(text: &str) -> Result<String, InvalidName> {
    let is_valid = text.len() <= 253 && text.split('.').all(is_label_of_any_length);
    let name = text.to_owned();
    if is_valid {
        Ok(name)
    } else {
        Err(InvalidName::Subdomain { name })
    }
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && is_label_of_any_length(text)
}

fn is_label_of_any_length(text: &str) -> bool {
    let is_letter_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes
        .iter()
        .all(|&byte| is_letter_or_digit(byte) || byte == b'-')
        && bytes.first().copied().is_some_and(is_letter_or_digit)
        && bytes.last().copied().is_some_and(is_letter_or_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_follows_from_the_service() {
        let installation = Installation::of("platform/guard".parse().unwrap());
        assert_eq!(installation.webhook_configuration, "guard");
        assert_eq!(installation.authority_secret(), "guard-ca");
        assert_eq!(installation.service.server_name(), "guard.platform.svc");
        assert_eq!(installation.service.to_string(), "platform/guard");
    }

    #[test]
    fn what_the_api_server_would_refuse_is_no_name() {
        let long = "a".repeat(64);
        for text in [
            "guard", "/guard", "a/", "a/b/c", "a/B", "a/b.c", "-a/b", "a/b-",
        ] {
            assert!(text.parse::<ServiceName>().is_err(), "{text}");
        }
        assert!(format!("a/{long}").parse::<ServiceName>().is_err());
        for text in ["", ".", "a.", "a..b", "A", "a_b"] {
            assert!(object_name(text).is_err(), "{text}");
        }
        assert!(object_name(&"a".repeat(254)).is_err());
        assert_eq!(
            object_name("guard.example-1").as_deref(),
            Ok("guard.example-1")
        );
    }
}
