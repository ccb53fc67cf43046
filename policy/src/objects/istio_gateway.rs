//! Istio's own Gateway (`networking.istio.io`): which proxies it programs.

use serde::Deserialize;

use crate::labels::Labels;

/// What the rules read of an Istio Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IstioGateway {
    /// `spec.selector`: labels of the proxies that it programs, in any namespace; empty: every router.
    pub selector: Labels,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SpecView {
    selector: Option<Labels>,
}

/// Reads an Istio Gateway.
pub(crate) fn read(spec: SpecView) -> IstioGateway {
    IstioGateway {
        selector: spec.selector.unwrap_or_default(),
    }
}
