//! Who writes the objects.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Place;
use super::values::{mark, object, one_of};

/// Who writes a gateway's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Nobody,
    ArgoCd,
    ArgoCdByLabel,
    Flux,
    /// The chart `istio/gateway`.
    GatewayChart,
    GatewayChartInArgoCd,
    /// The chart `gateways` of Istio 1.5.
    OldChart,
    /// `istioctl` or the operator, whose resource is not among the objects.
    Operator,
    OperatorInSight,
}

pub(super) fn owner() -> BoxedStrategy<Owner> {
    one_of(&[
        Owner::Nobody,
        Owner::Nobody,
        Owner::Nobody,
        Owner::ArgoCd,
        Owner::ArgoCdByLabel,
        Owner::Flux,
        Owner::GatewayChart,
        Owner::GatewayChartInArgoCd,
        Owner::OldChart,
        Owner::Operator,
        Owner::OperatorInSight,
    ])
}

/// A tool that writes a front, or nobody.
pub(super) fn tool() -> BoxedStrategy<Owner> {
    one_of(&[Owner::Nobody, Owner::Nobody, Owner::ArgoCd, Owner::Flux])
}

impl Owner {
    /// Marks an object as this owner does.
    pub(super) fn mark(self, object: &mut Value, place: Place) {
        let (namespace, name) = (place.namespace, place.name);
        match self {
            Self::Nobody => {}
            Self::ArgoCd => {
                let id = format!(
                    "edge:{}:{namespace}/{name}",
                    object["kind"].as_str().unwrap_or_default()
                );
                mark(
                    object,
                    "annotations",
                    &[("argocd.argoproj.io/tracking-id", &id)],
                );
            }
            Self::ArgoCdByLabel => {
                mark(object, "labels", &[("argocd.argoproj.io/instance", "edge")]);
            }
            Self::Flux => mark(
                object,
                "labels",
                &[
                    ("kustomize.toolkit.fluxcd.io/name", "edge"),
                    ("kustomize.toolkit.fluxcd.io/namespace", "flux-system"),
                ],
            ),
            Self::GatewayChart | Self::GatewayChartInArgoCd => {
                mark(
                    object,
                    "labels",
                    &[
                        ("app.kubernetes.io/managed-by", "Helm"),
                        ("app.kubernetes.io/name", name),
                        ("helm.sh/chart", "gateway-1.27.1"),
                    ],
                );
                mark(
                    object,
                    "annotations",
                    &[
                        ("meta.helm.sh/release-name", name),
                        ("meta.helm.sh/release-namespace", namespace),
                    ],
                );
                if self == Self::GatewayChartInArgoCd {
                    Self::ArgoCd.mark(object, place);
                }
            }
            Self::OldChart => mark(
                object,
                "labels",
                &[
                    ("chart", "gateways"),
                    ("heritage", "Tiller"),
                    ("release", "istio"),
                ],
            ),
            Self::Operator | Self::OperatorInSight => mark(
                object,
                "labels",
                &[
                    (
                        "install.operator.istio.io/owning-resource",
                        "installed-state",
                    ),
                    (
                        "install.operator.istio.io/owning-resource-namespace",
                        "istio-system",
                    ),
                    ("operator.istio.io/component", "IngressGateways"),
                ],
            ),
        }
    }

    /// What the owner adds to the world.
    pub(super) fn objects(self, place: Place) -> Vec<Value> {
        if self != Self::OperatorInSight {
            return Vec::new();
        }
        let spec = json!({"components": {"ingressGateways": [
            {"name": place.name, "namespace": place.namespace, "enabled": true},
        ]}});
        let version = "install.istio.io/v1alpha1";
        vec![object(
            version,
            "IstioOperator",
            "istio-system",
            "installed-state",
            &spec,
        )]
    }
}
