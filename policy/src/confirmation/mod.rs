//! Read your writes: what has to be read from the cluster itself before a verdict may be given.
//!
//! A watch lags behind the writes by milliseconds, and `kubectl apply -f` writes Service and Ingress faster than that. What
//! the inventory does not know may exist, and what it knows may be gone. So a verdict in which one end of a path is in
//! sight rests on live reads of the other end:
//!
//! ```text
//! Review::next(inventory, results) ──▶ Done: the verdict
//!        ▲                         └─▶ Read: whoever can read the cluster answers the queries
//!        └───────── results ◀──────────────────┘
//! ```
//!
//! An end is *in sight* unless what is known excludes it: an Ingress of a known class of another controller makes no ALB, a
//! Service that has been selecting a known ordinary workload is no gateway's. One that selects it since this change has it
//! read by name first: what was ordinary a moment ago may have made way for a gateway. With neither end in sight nothing is
//! read, and that is nearly every review. `front` asks about the front's end, `service` about the gateway's, `pods` whether
//! Pods are what their templates say, `subject` about the fronts that a change of anything else joins to it.

mod audit;
mod before;
mod front;
mod index;
mod live_query;
mod network_gateway;
mod plan;
mod pods;
#[cfg(test)]
mod pods_tests;
mod reads;
mod review;
mod selected_pods;
mod service;
#[cfg(test)]
mod stale_tests;
mod subject;
#[cfg(test)]
mod tests;

pub use audit::Audit;
pub use live_query::{LiveQuery, LiveRead, LiveResult};
pub use review::{Review, ReviewError, Step};
pub use selected_pods::{PodSelection, SelectedPods};
