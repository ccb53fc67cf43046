//! The kinds that an API server serves, as a webhook configuration and RBAC name them.

use kube::Client;
use kube::core::ApiResource;
use l7guard_policy::identity::Kind;

use super::discovery::{self, DiscoveryError};
use super::kinds;

/// A kind that the API server serves and l7guard reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedKind {
    /// The kind.
    pub kind: Kind,
    /// Its API group; empty for the core group.
    pub group: String,
    /// The version that l7guard reads.
    pub version: String,
    /// Its resource: the plural.
    pub resource: String,
}

impl ServedKind {
    fn new(kind: Kind, resource: ApiResource) -> Self {
        Self {
            kind,
            group: resource.group,
            version: resource.version,
            resource: resource.plural,
        }
    }

    /// Whether l7guard watches it.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        kinds::is_watched(self.kind)
    }

    /// Whether writes of it are judged at admission, so that the webhook configuration has to name it.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        kinds::is_judged(self.kind)
    }

    /// The resource with its group, as `kubectl` and RBAC messages write it.
    #[must_use]
    pub fn name(&self) -> String {
        if self.group.is_empty() {
            self.resource.clone()
        } else {
            format!("{}.{}", self.resource, self.group)
        }
    }
}

/// Asks the API server which kinds it serves.
///
/// # Errors
/// When it does not say, or lacks a kind that every API server has.
pub async fn served_kinds(client: &Client) -> Result<Vec<ServedKind>, DiscoveryError> {
    let served = discovery::served(client).await?;
    let kinds = served.into_iter();
    Ok(kinds
        .map(|(kind, resource)| ServedKind::new(kind, resource))
        .collect())
}
