//! The live world against an API server in memory, in paused time.

mod changes;
mod freshness;
mod listing;
mod log;
mod pods;
mod reading;
mod silence;
mod stand_in;
mod watching;

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// Waits until something holds, for up to an hour of the paused clock.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waited = timeout(Duration::from_hours(1), async {
        while !holds() {
            sleep(Duration::from_millis(100)).await;
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("waited in vain: {what}"));
}
