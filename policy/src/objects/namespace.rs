//! Namespace: what it says of Istio's injection.

use super::metadata::Metadata;
use super::reading::DecodeError;

/// The label of a Namespace that switches injection on or off.
const INJECTION_LABEL: &str = "istio-injection";
/// The label of a Namespace or Pod that names the control plane which injects.
pub(crate) const REVISION_LABEL: &str = "istio.io/rev";

/// What the rules read of a Namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// What it says of injection.
    pub injection: NamespaceInjection,
}

/// What a Namespace says of injection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NamespaceInjection {
    /// Its Pods are injected, unless they refuse it.
    Enabled,
    /// None of its Pods is injected.
    Disabled,
    /// Nothing: Pods are injected that ask for it by a label.
    #[default]
    Unsaid,
}

/// Reads a Namespace.
///
/// The webhooks for Pods that ask by themselves, and those of a revision, leave out every Namespace with the label
/// `istio-injection`; that of its own takes only the value `enabled`.
///
/// Source: Istio `manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml`,
/// `manifests/charts/revisiontags`.
pub(crate) fn read(metadata: &Metadata) -> Result<Namespace, DecodeError> {
    let injection = match metadata.label(INJECTION_LABEL)? {
        Some("enabled") => NamespaceInjection::Enabled,
        Some(_) => NamespaceInjection::Disabled,
        None if metadata.label(REVISION_LABEL)?.is_some() => NamespaceInjection::Enabled,
        None => NamespaceInjection::Unsaid,
    };
    Ok(Namespace { injection })
}
