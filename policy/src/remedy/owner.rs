//! Who makes an object, by the labels, annotations and owner references that tools leave behind.
//!
//! Sources: Istio `manifests/charts/gateway/templates/_helpers.tpl`, `manifests/charts/gateways/istio-ingress`,
//! `operator/pkg/install/install.go`, `pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go`; Helm
//! `pkg/action/validate.go`; Argo CD "resource tracking"; Flux `kustomize-controller` and `helm-controller` (ownership labels).
//! Sail deploys no gateways: a Service that refers to one of its objects is somebody's that nothing is known of.

use std::sync::Arc;

use serde_json::Value;

use super::change::Owner;
use super::json::{annotation, label, list, text};
use crate::identity::{Kind, ObjectKey};
use crate::objects::workload::{GATEWAY_NAME_LABELS, MANAGED_LABEL};

/// Who makes a Service and puts it back to what they made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// istiod, for this Gateway of the Gateway API.
    Gateway(ObjectKey),
    /// A Helm release of one of Istio's charts.
    Helm(Owner, Chart),
    /// Istio's installer, of the `IstioOperator` of this key.
    IstioOperator(Owner, ObjectKey),
    /// A controller whose configuration is not known here: kind and name of its object.
    Controller(String),
    /// A Helm release of a chart whose values are not known.
    Release(Owner),
}

/// How a chart of Istio takes its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chart {
    /// `istio/gateway`.
    Gateway {
        /// Whether it knows `service.loadBalancerClass` (since 1.26).
        has_class: bool,
    },
    /// `gateways/istio-ingress` and its predecessors.
    Gateways,
}

/// The maker of an object, if anything says that there is one.
pub(super) fn maker(object: &Value) -> Option<Maker> {
    by_owner_reference(object)
        .or_else(|| by_gateway_label(object))
        .or_else(|| by_installer(object))
        .or_else(|| by_chart(object))
}

fn by_owner_reference(object: &Value) -> Option<Maker> {
    let namespace = text(object, &["metadata", "namespace"]).unwrap_or_default();
    let references = list(object, &["metadata", "ownerReferences"]);
    let is_controller = |owner: &&Value| owner["controller"] == true || references.len() == 1;
    let owner = references.iter().find(is_controller)?;
    let (kind, name) = (text(owner, &["kind"])?, text(owner, &["name"])?);
    let version = text(owner, &["apiVersion"]).unwrap_or_default();
    if kind == "Gateway" && version.starts_with("gateway.networking.k8s.io/") {
        return Some(Maker::Gateway(ObjectKey::new(
            Kind::Gateway,
            namespace,
            name,
        )));
    }
    Some(Maker::Controller(format!("{kind} {name}")))
}

fn by_gateway_label(object: &Value) -> Option<Maker> {
    let name = GATEWAY_NAME_LABELS
        .iter()
        .find_map(|key| label(object, key));
    let namespace = text(object, &["metadata", "namespace"]).unwrap_or_default();
    match name {
        Some(name) => Some(Maker::Gateway(ObjectKey::new(
            Kind::Gateway,
            namespace,
            name,
        ))),
        None => label(object, MANAGED_LABEL).map(|_| Maker::Controller("istiod".to_owned())),
    }
}

fn by_installer(object: &Value) -> Option<Maker> {
    let resource = label(object, "install.operator.istio.io/owning-resource")
        .filter(|name| !name.is_empty() && *name != "unknown");
    let is_installed = label(object, "operator.istio.io/managed").is_some();
    if resource.is_none() && !is_installed {
        return None;
    }
    let namespace = label(
        object,
        "install.operator.istio.io/owning-resource-namespace",
    )
    .filter(|namespace| !namespace.is_empty())
    .unwrap_or("istio-system");
    let name = resource.unwrap_or("installed-state");
    let owner = Owner {
        tool: "IstioOperator",
        name: name.to_owned(),
        namespace: namespace.to_owned(),
        chart: None,
    };
    let key = ObjectKey::new(Kind::IstioOperator, Arc::from(namespace), Arc::from(name));
    Some(Maker::IstioOperator(owner, key))
}

fn by_chart(object: &Value) -> Option<Maker> {
    let manager =
        label(object, "app.kubernetes.io/managed-by").or_else(|| label(object, "heritage"));
    let chart = label(object, "helm.sh/chart").or_else(|| label(object, "chart"));
    let release = annotation(object, "meta.helm.sh/release-name")
        .or_else(|| label(object, "app.kubernetes.io/instance"))
        .or_else(|| label(object, "release"));
    let is_helms = matches!(manager, Some("Helm" | "Tiller"))
        || annotation(object, "meta.helm.sh/release-name").is_some();
    if !is_helms && chart.is_none() {
        return None;
    }
    let namespace = annotation(object, "meta.helm.sh/release-namespace")
        .or_else(|| text(object, &["metadata", "namespace"]));
    let owner = Owner {
        tool: "Helm",
        name: release.unwrap_or_default().to_owned(),
        namespace: namespace.unwrap_or_default().to_owned(),
        chart: chart.map(str::to_owned),
    };
    let (name, version) = chart.map_or(("", ""), split_chart);
    Some(match name {
        "gateway" => Maker::Helm(
            owner,
            Chart::Gateway {
                has_class: is_at_least(version, (1, 26)),
            },
        ),
        "gateways" | "istio-ingress" | "istio-ingressgateway" => {
            Maker::Helm(owner, Chart::Gateways)
        }
        _ if is_helms => Maker::Release(owner),
        _ => return None,
    })
}

/// `gateway-1.26.0` as name and version.
fn split_chart(chart: &str) -> (&str, &str) {
    let is_version = |at: &usize| chart[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    let cut = chart.match_indices('-').map(|(at, _)| at).find(is_version);
    cut.map_or((chart, ""), |at| (&chart[..at], &chart[at + 1..]))
}

fn is_at_least(version: &str, least: (u32, u32)) -> bool {
    let mut parts = version
        .split(['.', '-', '+'])
        .map_while(|part| part.parse::<u32>().ok());
    parts
        .next()
        .zip(parts.next())
        .is_some_and(|found| found >= least)
}

/// The `GitOps` tool that writes an object, if its marks say that one does.
#[must_use]
pub fn gitops(object: &Value) -> Option<Owner> {
    let owner = |tool, name: &str, namespace: Option<&str>| Owner {
        tool,
        name: name.to_owned(),
        namespace: namespace.unwrap_or_default().to_owned(),
        chart: None,
    };
    if let Some(tracked) = annotation(object, "argocd.argoproj.io/tracking-id") {
        let application = tracked.split(':').next().unwrap_or_default();
        return Some(owner("Argo CD", application, None));
    }
    if let Some(name) = label(object, "argocd.argoproj.io/instance") {
        return Some(owner("Argo CD", name, None));
    }
    ["kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"]
        .iter()
        .find_map(|group| {
            let name = label(object, &format!("{group}/name"))?;
            Some(owner(
                "Flux",
                name,
                label(object, &format!("{group}/namespace")),
            ))
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(labels: &Value) -> Value {
        json!({"metadata": {"name": "gw", "namespace": "edge", "labels": labels}})
    }

    #[test]
    fn charts_are_told_by_name_and_version() {
        assert_eq!(split_chart("gateway-1.26.0"), ("gateway", "1.26.0"));
        assert_eq!(
            split_chart("istio-ingress-1.24.1"),
            ("istio-ingress", "1.24.1")
        );
        assert_eq!(split_chart("gateways"), ("gateways", ""));
        assert!(is_at_least("1.26.0", (1, 26)) && is_at_least("1.30-dev", (1, 26)));
        assert!(!is_at_least("1.9.8", (1, 26)) && !is_at_least("", (1, 26)));
    }

    #[test]
    fn each_maker_is_told_by_its_marks() {
        let helm = maker(&service(&json!({
            "helm.sh/chart": "gateway-1.24.0", "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "edge-gw"
        })));
        assert!(
            matches!(helm, Some(Maker::Helm(owner, Chart::Gateway { has_class: false })) if owner.name == "edge-gw")
        );
        let installer = maker(&service(&json!({
            "install.operator.istio.io/owning-resource": "mesh", "install.operator.istio.io/owning-resource-namespace": "istio-system"
        })));
        assert!(matches!(installer, Some(Maker::IstioOperator(_, key)) if *key.name == *"mesh"));
        let generated = maker(&service(&json!({
            "gateway.istio.io/managed": "istio.io-gateway-controller", "gateway.networking.k8s.io/gateway-name": "web"
        })));
        assert_eq!(
            generated,
            Some(Maker::Gateway(ObjectKey::new(Kind::Gateway, "edge", "web")))
        );
        assert_eq!(maker(&service(&json!({"app": "gw"}))), None);
        let foreign = json!({"metadata": {"ownerReferences": [{"kind": "IstioMeshGateway", "name": "gw", "controller": true}]}});
        assert_eq!(
            maker(&foreign),
            Some(Maker::Controller("IstioMeshGateway gw".to_owned()))
        );
    }

    #[test]
    fn gitops_tools_are_told_by_their_marks() {
        let argo = json!({"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "edge:/Service:edge/gw"}}});
        assert_eq!(
            gitops(&argo).map(|owner| owner.name),
            Some("edge".to_owned())
        );
        let flux = service(&json!({"kustomize.toolkit.fluxcd.io/name": "apps"}));
        assert_eq!(gitops(&flux).map(|owner| owner.tool), Some("Flux"));
        assert_eq!(gitops(&service(&json!({}))), None);
    }
}
