//! Readiness while a server drains.

use std::sync::Arc;

use crate::operations::Condition;
use crate::server::Stop;

/// A server that is asked to stop answers whoever comes, but nobody is to be sent to it any more.
pub(super) async fn tell_drain(drain: Arc<(Stop, Condition)>) {
    let (stop, serving) = &*drain;
    stop.requested().await;
    serving.ends("asked to stop");
}
