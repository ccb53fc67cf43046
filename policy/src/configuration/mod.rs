//! The policy's configuration: who counts as an ALB controller, what counts as a gateway, and what a finding does.

mod exemption;
mod messages;
mod modes;
mod pattern;

pub use exemption::{Exemption, Matcher};
pub use messages::Messages;
pub use modes::{Modes, NamespaceModes};
pub use pattern::{NamePattern, PatternError};
pub use time::Date;

pub use crate::fronts::aws::Aws;
pub use crate::gateways::istio::{Istio, ServicePattern, UnknownRouter};
pub use crate::wording::CrossNamespaceNames;

/// Everything that a verdict takes from configuration. The defaults fit a cluster where nothing was renamed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    /// The AWS side.
    pub aws: Aws,
    /// The Istio side.
    pub istio: Istio,
    /// What findings do, by rule and namespace.
    pub modes: Modes,
    /// What a finding does that is only likely, where its rule denies.
    pub likely: Likely,
    /// Whether a write is refused only for the paths that it adds.
    pub ratchet: Ratchet,
    /// Findings that are tolerated for a time.
    pub exemptions: Vec<Exemption>,
    /// What an answer at admission says.
    pub admission: Admission,
    /// Where the reader of a refusal finds more.
    pub messages: Messages,
}

/// What an answer at admission says. Reports and the log say everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Whether answers name objects of other namespaces than the one of the object that was written.
    pub cross_namespace_names: CrossNamespaceNames,
}

/// Whether a write is refused only for the paths that it adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ratchet {
    /// It is: what was there before becomes a warning.
    #[default]
    On,
    /// It is, up to and including this day (UTC).
    Until(Date),
    /// It is refused for every path that it keeps.
    Off,
}

impl Ratchet {
    /// Whether paths that were there before are tolerated on this day.
    #[must_use]
    pub fn holds(self, today: Date) -> bool {
        match self {
            Self::On => true,
            Self::Until(last) => today <= last,
            Self::Off => false,
        }
    }
}

/// What a likely finding of a denying rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Likely {
    /// It denies like a confirmed one: most manifests in the wild hold nothing but the Ingress.
    #[default]
    Deny,
    /// It warns.
    Warn,
}
