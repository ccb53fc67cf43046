//! l7guard keeps an AWS Application Load Balancer from being put in front of an Istio ingress gateway.
//!
//! This library is the program: `main` only hands over the command line. `docs/architecture.md` shows how the modules
//! hang together; what is forbidden is decided in the crate `l7guard_policy`.

pub mod admission;
pub mod audit;
pub mod cli;
mod clock;
pub mod cluster;
pub mod configuration;
pub mod doctor;
mod failure;
pub mod installation;
mod jitter;
pub mod judge;
pub mod live;
mod logging;
pub mod metrics;
mod nearest_word;
pub mod operations;
pub mod pki;
pub mod reload;
pub mod report;
pub mod serve;
pub mod server;
pub mod shares;
pub mod snapshot;
mod supervisor;
pub mod visible_text;
pub mod webhook;
pub mod world;
