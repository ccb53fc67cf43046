//! Reads with a time limit.

use std::fmt::Debug;
use std::time::Duration;

use kube::api::{ListParams, ObjectList};
use kube::{Api, Error};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::cluster::is_endless;
use crate::doctor::seen::Seen;

/// How long one request may take.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// How many objects a page has.
const PAGE: u32 = 500;

/// Waits for an answer, but not forever.
///
/// # Errors
/// Those of the request; a limit that is passed is a failure of the connection.
pub(super) async fn in_time<T>(
    request: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(LIMIT, request).await.unwrap_or_else(|_| {
        let words = format!("no answer within {} s", LIMIT.as_secs());
        Err(Error::Service(words.into()))
    })
}

/// Reads one object.
pub(super) async fn get<K>(api: &Api<K>, name: &str, what: &str) -> Seen<K>
where
    K: Clone + DeserializeOwned + Debug,
{
    Seen::of(in_time(api.get(name)).await, "get", what)
}

/// Reads all objects with these labels, page by page.
pub(super) async fn list<K>(api: &Api<K>, selector: &str, what: &str) -> Seen<Vec<K>>
where
    K: Clone + DeserializeOwned + Debug,
{
    let mut parameters = ListParams::default().labels(selector).limit(PAGE);
    let mut all = Vec::new();
    loop {
        let page: ObjectList<K> = match in_time(api.list(&parameters)).await {
            Ok(page) => page,
            Err(error) => return Seen::of_error(&error, "list", what),
        };
        all.extend(page.items);
        let next = page.metadata.continue_.filter(|next| !next.is_empty());
        if next.is_none() {
            return Seen::There(all);
        }
        let this = parameters.continue_token.take();
        if is_endless(this.as_deref(), next.as_deref(), all.len()) {
            return Seen::Unknown(format!("the list of {what} has no end"));
        }
        parameters.continue_token = next;
    }
}
