//! What `l7guard doctor` is asked for.

use l7guard_policy::configuration::Configuration;

use crate::installation::ServiceName;

/// What to examine, and against what.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The namespace of the installation; `None`: any.
    pub namespace: Option<String>,
    /// The name of its Service; `None`: any.
    pub service: Option<String>,
    /// The name of its webhook configuration; `None`: the one that sends reviews to the Service.
    pub webhook_configuration: Option<String>,
    /// The Service of a gateway that the dry run routes to; `None`: one with a well-known name.
    pub probe: Option<ServiceName>,
    /// The configuration that the installation has.
    pub configuration: Configuration,
}
