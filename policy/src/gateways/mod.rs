//! The second end of a path: does a Service front an Istio ingress gateway?
//!
//! [`reach`](service::reach) follows a Service to its workloads (`observed.rs`, `selection.rs`); [`evidence`] says of a workload whether its proxy is a
//! router; [`static_evidence`] answers from names and labels while no workload is in sight; [`kind`] tells ingress
//! from egress and east-west gateways.

mod alias;
pub mod evidence;
pub(crate) mod gateway_class;
mod injection;
pub mod istio;
pub mod kind;
mod observed;
pub(crate) mod selection;
pub mod service;
pub mod static_evidence;
