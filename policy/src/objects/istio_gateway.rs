//! Istio's own Gateway (`networking.istio.io`): which proxies it programs.

use serde::Deserialize;

use super::reading::{DecodeError, Mapping, Source};
use crate::labels::Labels;

/// What the rules read of an Istio Gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IstioGateway {
    /// `spec.selector`: labels of the proxies that it programs, in any namespace; empty: every router.
    pub selector: Labels,
}

#[derive(Deserialize)]
struct View {
    spec: Option<Mapping<SpecView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SpecView {
    selector: Option<Labels>,
}

/// Reads an Istio Gateway.
pub(crate) fn read(source: Source<'_>) -> Result<IstioGateway, DecodeError> {
    let view: View = source.read()?;
    let spec = view
        .spec
        .ok_or(DecodeError::Incomplete { pointer: "/spec" })?;
    Ok(IstioGateway {
        selector: spec.0.selector.unwrap_or_default(),
    })
}
