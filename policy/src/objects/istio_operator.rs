//! `IstioOperator`: which gateways Istio's installer is told to make. Often it is all that a repository shows of a mesh.
//!
//! Source: Istio `operator/pkg/component/component.go` (`Component.Get`: a gateway is made unless it is disabled, in its own
//! namespace, else the operator's, else `istio-system`), `operator/pkg/apis/types.go`; until Istio 1.23
//! `operator/pkg/name/name.go` (`values.global.istioNamespace`).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::metadata::Metadata;
use super::reading::{List, Mapping, elements};
use super::text::shared;
use crate::identity::ServiceKey;

/// Where Istio is installed if nothing says otherwise.
const ISTIO_NAMESPACE: &str = "istio-system";

/// What the rules read of an `IstioOperator`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IstioOperator {
    /// The Services of its ingress gateways.
    pub ingress_gateways: Box<[ServiceKey]>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct SpecView {
    components: Option<Mapping<ComponentsView>>,
    values: Option<Mapping<ValuesView>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ComponentsView {
    ingress_gateways: List<GatewayView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GatewayView {
    enabled: Option<Value>,
    #[serde(deserialize_with = "shared")]
    name: Option<Arc<str>>,
    #[serde(deserialize_with = "shared")]
    namespace: Option<Arc<str>>,
    k8s: Option<Mapping<KubernetesView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KubernetesView {
    overlays: List<OverlayView>,
}

/// Changes of one object that the installer makes.
#[derive(Default, Deserialize)]
#[serde(default)]
struct OverlayView {
    kind: Option<String>,
    patches: List<PatchView>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PatchView {
    path: Option<String>,
    value: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ValuesView {
    global: Option<Mapping<GlobalView>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GlobalView {
    #[serde(deserialize_with = "shared")]
    istio_namespace: Option<Arc<str>>,
}

impl GatewayView {
    /// Only what says `false` is disabled: what is not rendered yet may be either.
    fn is_enabled(&self) -> bool {
        self.enabled != Some(Value::Bool(false))
    }

    /// What an overlay of the Service puts at this path.
    fn overlaid(&self, path: &str) -> Option<Arc<str>> {
        let overlays = &self.k8s.as_ref()?.overlays;
        elements(overlays)
            .filter(|(_, overlay)| overlay.kind.as_deref() == Some("Service"))
            .flat_map(|(_, overlay)| elements(&overlay.patches))
            .filter(|(_, patch)| patch.path.as_deref() == Some(path))
            .filter_map(|(_, patch)| patch.value.as_ref()?.as_str().map(Arc::from))
            .last()
    }
}

/// Reads an `IstioOperator`. Releases of Istio differ in where they install gateways that name no namespace, so both
/// answers are taken where they differ.
pub(crate) fn read(metadata: &Metadata, spec: SpecView) -> IstioOperator {
    let named = |name: Option<Arc<str>>| name.filter(|name| !name.is_empty());
    let global = spec.values.and_then(|values| values.0.global);
    let mut defaults: Vec<Arc<str>> = named(global.and_then(|global| global.0.istio_namespace))
        .into_iter()
        .chain(named(metadata.namespace.clone()))
        .collect();
    if defaults.is_empty() {
        defaults.push(Arc::from(ISTIO_NAMESPACE));
    }
    let gateways = spec.components.unwrap_or_default().0.ingress_gateways;
    let mut services = Vec::new();
    for (_, gateway) in elements(&gateways).filter(|(_, gateway)| gateway.is_enabled()) {
        let name = named(gateway.overlaid("metadata.name")).or_else(|| named(gateway.name.clone()));
        let Some(name) = name else { continue };
        let own = named(gateway.overlaid("metadata.namespace"))
            .or_else(|| named(gateway.namespace.clone()));
        match own {
            Some(namespace) => services.push((namespace, name)),
            None => services.extend(
                defaults
                    .iter()
                    .map(|namespace| (Arc::clone(namespace), Arc::clone(&name))),
            ),
        }
    }
    IstioOperator {
        ingress_gateways: services.into_boxed_slice(),
    }
}
