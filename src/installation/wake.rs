//! When to look again: something has changed one of the two objects.

use std::fmt::Debug;

use futures_util::{Stream, StreamExt};
use kube::Api;
use kube::Resource;
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{Config, Event, watcher};
use serde::de::DeserializeOwned;

/// How long one watch lasts, in seconds, before it is begun anew where it stood.
const WATCH: u32 = 120;

/// An item whenever the object is written or deleted. Only metadata is read. It is watched by its name, for which rights on
/// that one object are enough. Where it cannot be watched nothing comes: whoever waits looks from time to time anyway.
pub(super) fn changes<K>(
    api: Api<PartialObjectMeta<K>>,
    name: &str,
) -> impl Stream<Item = ()> + Send + use<K>
where
    K: Resource<DynamicType = ()> + Clone + Debug + Send + Sync + DeserializeOwned + 'static,
{
    let config = Config::default()
        .fields(&format!("metadata.name={name}"))
        .timeout(WATCH);
    let name = name.to_owned();
    let events = watcher(api, config).default_backoff();
    events.filter_map(move |event| {
        let is_change = match event {
            Ok(Event::Apply(_) | Event::Delete(_) | Event::InitApply(_)) => true,
            Ok(Event::Init | Event::InitDone) => false,
            Err(error) => {
                tracing::debug!(name, %error, "an object of the installation cannot be watched");
                false
            }
        };
        std::future::ready(is_change.then_some(()))
    })
}
