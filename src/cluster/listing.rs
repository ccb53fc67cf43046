//! Every kind listed once, for somebody who looks at a cluster and goes: no watch is begun, so the verb `watch` is not needed.

use futures_util::stream::{self, StreamExt};
use kube::api::ListParams;
use kube::core::ApiResource;
use kube::{Api, Client};
use l7guard_policy::identity::Kind;
use l7guard_policy::objects::Object;
use l7guard_policy::remedy::DocumentKey;
use serde_json::Value;
use thiserror::Error;

use super::discovery::{self, DiscoveryError};
use super::documents;
use super::error_text::said;
use super::kinds::{is_kept, is_watched, label_selector};
use super::raw_object::RawObject;
use super::state::ClusterState;

/// How many kinds are listed at the same time.
const AT_ONCE: usize = 4;

/// Objects a page: as many as `kubectl` asks for. A page is in memory as a whole.
const PAGE: u32 = 500;

/// The most objects of a kind, more than an API server can hold: a list that goes on has no end.
const MOST: usize = 1_000_000;

/// Why a kind is not known.
#[derive(Debug, Error)]
pub enum ListError {
    /// Whoever asks has not the right.
    #[error(
        "not permitted to list {resource} in all namespaces: a ClusterRole has to give the verb \"list\" on them"
    )]
    Forbidden {
        /// The resource as a `ClusterRole` names it, with its group.
        resource: String,
    },
    /// The API server goes on and on.
    #[error(
        "the list of {resource} has no end: the API server gave the same page twice, or more than {MOST} objects. Check what answers at the address of the cluster"
    )]
    Endless {
        /// The resource.
        resource: String,
    },
    /// The API server refused, or cannot be reached.
    #[error("cannot list {resource}: {}", said(.source))]
    Unanswered {
        /// The resource.
        resource: String,
        /// What went wrong.
        source: Box<kube::Error>,
    },
}

/// Lists every kind that is watched and served into the state. `listed` hears of each page how many objects it had. What
/// cannot be listed is said, and hides nothing else.
///
/// # Errors
/// When it cannot be found out what is served.
pub(super) async fn list_once(
    client: &Client,
    state: &ClusterState,
    listed: &(dyn Fn(usize) + Sync),
) -> Result<Vec<ListError>, DiscoveryError> {
    let served = discovery::served(client).await?;
    state.serves(served.clone());
    let kinds = served.into_iter().filter(|(kind, _)| is_watched(*kind));
    let lists = kinds.map(|(kind, resource)| async move {
        let watch = state.begin(kind, &resource, true);
        let read = |object: &RawObject| state.facts(kind, &resource, object);
        let objects = list(client, kind, &resource, listed, read).await?;
        state.reset(watch, objects);
        Ok(())
    });
    let lists = stream::iter(lists).buffer_unordered(AT_ONCE);
    let errors = lists.filter_map(async |listed: Result<(), ListError>| listed.err());
    Ok(errors.collect().await)
}

/// What `read` makes of the objects of a kind.
async fn list(
    client: &Client,
    kind: Kind,
    resource: &ApiResource,
    listed: &(dyn Fn(usize) + Sync),
    read: impl Fn(&RawObject) -> Option<Object>,
) -> Result<Vec<Object>, ListError> {
    let mut objects = Vec::new();
    let pages = pages(client, resource, label_selector(kind), |page| match page {
        Page::Objects(page) => {
            listed(page.len());
            objects.extend(page.iter().filter_map(&read));
        }
        Page::FromTheBeginning => objects.clear(),
    });
    pages.await?;
    Ok(objects)
}

/// A page of a list.
pub(super) enum Page<'a> {
    /// The next objects.
    Objects(&'a [RawObject]),
    /// What came before is of a state of the cluster that is forgotten: the list begins again.
    FromTheBeginning,
}

/// Lists a kind in all namespaces, page by page. A kind that is not served any more has no objects.
pub(super) async fn pages(
    client: &Client,
    resource: &ApiResource,
    labels: Option<&str>,
    mut take: impl FnMut(Page<'_>),
) -> Result<(), ListError> {
    let api: Api<RawObject> = Api::all_with(client.clone(), resource);
    let mut parameters = ListParams {
        label_selector: labels.map(str::to_owned),
        ..ListParams::default()
    };
    parameters = parameters.limit(PAGE);
    let mut has_expired = false;
    let mut listed = 0;
    loop {
        let page = match api.list(&parameters).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 410 && !has_expired => {
                has_expired = true;
                parameters.continue_token = None;
                take(Page::FromTheBeginning);
                continue;
            }
            Err(error) => return Err(ListError::of(resource, error)),
        };
        take(Page::Objects(&page.items));
        listed += page.items.len();
        let next = page.metadata.continue_.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(());
        }
        if is_endless(
            parameters.continue_token.as_deref(),
            next.as_deref(),
            listed,
        ) {
            let resource = name_of(resource);
            return Err(ListError::Endless { resource });
        }
        parameters.continue_token = next;
    }
}

/// Whether a list of which so many objects came goes on for ever: each page names another one that follows it.
#[must_use]
pub fn is_endless(this: Option<&str>, next: Option<&str>, listed: usize) -> bool {
    this == next || listed > MOST
}

impl ListError {
    fn of(resource: &ApiResource, error: kube::Error) -> Self {
        let name = name_of(resource);
        match error {
            kube::Error::Api(status) if status.code == 403 => Self::Forbidden { resource: name },
            error => Self::Unanswered {
                resource: name,
                source: Box::new(error),
            },
        }
    }
}

/// A resource as a `ClusterRole` names it, with its group.
fn name_of(resource: &ApiResource) -> String {
    if resource.group.is_empty() {
        resource.plural.clone()
    } else {
        format!("{}.{}", resource.plural, resource.group)
    }
}

/// An object as it was listed.
#[derive(Clone, Copy, Debug)]
pub enum Listed<'a> {
    /// Of a kind that rules read, with its facts.
    Known(&'a Object, &'a Value),
    /// Of a kind that only remedies read: its API version, its kind, and the whole.
    Other(&'a str, &'a str, &'a Value),
    /// It cannot be read.
    Unreadable,
}

/// Kinds that only remedies read, by their groups.
const OTHERS: [(&str, &str); 1] = [("gateway.k8s.aws", "LoadBalancerConfiguration")];

/// Shows every object of the kinds that rules and remedies read, Namespaces and Pods included, Pods last. Nothing is kept.
///
/// # Errors
/// When it cannot be found out what is served.
pub(super) async fn list_whole(
    client: &Client,
    state: &ClusterState,
    visit: &(dyn Fn(Listed<'_>) + Sync),
    listed: &(dyn Fn(usize) + Sync),
) -> Result<Vec<ListError>, DiscoveryError> {
    let served = discovery::served(client).await?;
    state.serves(served.clone());
    let is_read = |kind: Kind| is_watched(kind) || matches!(kind, Kind::Namespace | Kind::Pod);
    let (pods, others): (Vec<_>, Vec<_>) = served
        .into_iter()
        .filter(|(kind, _)| is_read(*kind))
        .partition(|(kind, _)| *kind == Kind::Pod);
    let mut errors = Vec::new();
    for kinds in [others, pods] {
        let lists = kinds.into_iter().map(|(kind, resource)| async move {
            let take = |page: Page<'_>| {
                let Page::Objects(page) = page else { return };
                listed(page.len());
                for object in page {
                    show(state, kind, &resource, object, visit);
                }
            };
            pages(client, &resource, label_selector(kind), take).await
        });
        let lists = stream::iter(lists).buffer_unordered(AT_ONCE);
        let failed = lists.filter_map(async |listed| listed.err());
        errors.extend(failed.collect::<Vec<_>>().await);
    }
    for (group, kind) in OTHERS {
        if let Err(error) = list_other(client, group, kind, visit).await {
            errors.push(error);
        }
    }
    Ok(errors)
}

fn show(
    state: &ClusterState,
    kind: Kind,
    resource: &ApiResource,
    object: &RawObject,
    visit: &(dyn Fn(Listed<'_>) + Sync),
) {
    match object.read(resource) {
        Ok(Some(facts)) if is_kept(&facts) => {
            // A text may be too deep to be held as a value, and still be read.
            match object.value() {
                Some(whole) => visit(Listed::Known(&facts, &whole)),
                None => visit(Listed::Unreadable),
            }
        }
        Ok(_) => {}
        Err(_) => {
            // It says so.
            let _ = state.facts(kind, resource, object);
            visit(Listed::Unreadable);
        }
    }
}

async fn list_other(
    client: &Client,
    group: &str,
    kind: &str,
    visit: &(dyn Fn(Listed<'_>) + Sync),
) -> Result<(), ListError> {
    let key = DocumentKey::of(group, kind, "", "");
    let resource = match documents::resource(client, &key).await {
        Ok(Some(resource)) => resource,
        Ok(None) => return Ok(()),
        Err(error) => {
            return Err(ListError::Unanswered {
                resource: format!("{kind} ({group})"),
                source: Box::new(error),
            });
        }
    };
    pages(client, &resource, None, |page| {
        let Page::Objects(page) = page else { return };
        for object in page {
            match object.value() {
                Some(whole) => visit(Listed::Other(&resource.api_version, kind, &whole)),
                None => visit(Listed::Unreadable),
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_that_repeats_itself_or_has_more_than_there_can_be() {
        assert!(!is_endless(None, Some("a"), 500));
        assert!(!is_endless(Some("a"), Some("b"), MOST));
        assert!(is_endless(Some("a"), Some("a"), 1_000));
        assert!(is_endless(Some("a"), Some("b"), MOST + 1));
    }
}
