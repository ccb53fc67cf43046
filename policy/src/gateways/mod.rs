//! The second end of a path: does a Service front an Istio ingress gateway?
//!
//! [`reach`](service::reach) follows a Service to its workloads; [`evidence`] says of a workload whether its proxy is a
//! router; [`static_evidence`] answers from names and labels while no workload is in sight; [`kind`] tells ingress
//! from egress and east-west gateways.

pub mod command_line;
mod command_line_flags;
pub mod evidence;
mod expansion;
pub mod injection_overrides;
pub mod injection_templates;
pub mod kind;
pub mod naming;
pub mod service;
mod shell_command;
pub mod static_evidence;

/// How sure we are of one end of a path, or of a path as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// Static evidence: an object that would prove it is not visible (yet).
    Likely,
    /// Objects prove it.
    Confirmed,
}

impl Confidence {
    /// As written in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
        }
    }
}
