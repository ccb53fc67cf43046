//! The policy of l7guard: which objects put an AWS Application Load Balancer in front of an Istio ingress gateway.
//!
//! ```text
//! objects ──▶ inventory ──▶ fronts ─┐
//! (slim       (facts and            ├─▶ paths ──▶ rules ──▶ verdict
//!  views)      indexes)    gateways ┘   front → Service → gateway
//! ```
//!
//! Each arrow is a dependency between modules; none points back. The crate is pure: cluster state and time are passed
//! in, the same world gives the same verdict. It knows neither files nor Kubernetes clients.
#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "same world, same verdict: the policy does no I/O and reads no clock"
)]

pub mod actions;
pub mod budget;
pub mod confidence;
pub mod configuration;
pub mod confirmation;
pub mod fronts;
pub mod gateways;
mod go_json;
pub mod identity;
pub mod inventory;
pub mod labels;
pub mod objects;
pub mod paths;
pub mod placeholder;
pub mod proxy;
pub mod remedy;
pub mod rules;
pub mod verdict;
pub mod wording;
