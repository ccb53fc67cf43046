//! Evidence R2: the role that the injection templates named on a Pod give its proxy.
//!
//! Sources: Istio, `pkg/kube/inject/inject.go` (`selectTemplates`, `RunTemplate`) and the templates in
//! `manifests/charts/istio-control/istio-discovery/files`.

/// What the annotation `inject.istio.io/templates` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InjectionTemplate {
    /// A gateway: the proxy runs as a router unless the Pod's own `args` say otherwise.
    Gateway,
    /// A sidecar, a gRPC agent, or no proxy at all: no gateway.
    Sidecar,
    /// Only templates that Istio does not ship. One of them may be an alias of `gateway`.
    Custom,
    /// Istio refuses to inject, so the Pod is never created.
    Refused,
}

/// Reads the value of the annotation `inject.istio.io/templates`: names between commas, blanks around
/// them ignored, applied in their order.
///
/// Each template that holds the proxy container replaces its arguments, so the last of these decides.
/// `grpc-simple` holds none, and custom ones are taken to add other things only. Istio refuses a
/// name that it cannot find, which an empty one is, and the templates that are made for its own
/// Gateways.
#[must_use]
pub fn injection_template(annotation: &str) -> InjectionTemplate {
    let mut result = InjectionTemplate::Custom;
    for name in annotation.split(',').map(str::trim) {
        result = match (name, result) {
            ("" | "waypoint" | "kube-gateway" | "agentgateway", _) => {
                return InjectionTemplate::Refused;
            }
            ("gateway", _) => InjectionTemplate::Gateway,
            ("sidecar" | "grpc-agent", _) | ("grpc-simple", InjectionTemplate::Custom) => {
                InjectionTemplate::Sidecar
            }
            (_, before) => before,
        };
    }
    result
}

#[cfg(test)]
mod tests {
    use super::InjectionTemplate::{Custom, Gateway, Refused, Sidecar};
    use super::injection_template;

    #[test]
    fn the_last_template_with_a_proxy_decides() {
        for (annotation, wanted) in [
            ("gateway", Gateway),
            ("sidecar", Sidecar),
            ("grpc-agent", Sidecar),
            ("gateway,sidecar", Sidecar),
            ("gateway,grpc-agent", Sidecar),
            ("sidecar,gateway", Gateway),
            ("grpc-agent,gateway", Gateway),
            ("gateway,gateway", Gateway),
        ] {
            assert_eq!(injection_template(annotation), wanted, "{annotation:?}");
        }
    }

    #[test]
    fn a_template_without_a_proxy_leaves_the_role_alone() {
        assert_eq!(injection_template("grpc-simple"), Sidecar);
        assert_eq!(injection_template("gateway,grpc-simple"), Gateway);
        assert_eq!(injection_template("grpc-simple,gateway"), Gateway);
    }

    #[test]
    fn custom_templates_only_add() {
        for (annotation, wanted) in [
            ("gateway,spire", Gateway),
            ("spire,gateway", Gateway),
            (" gateway , x", Gateway),
            ("\tgateway\n", Gateway),
            ("sidecar,spire", Sidecar),
            ("gateway,spire,sidecar", Sidecar),
        ] {
            assert_eq!(injection_template(annotation), wanted, "{annotation:?}");
        }
    }

    #[test]
    fn names_that_istio_does_not_ship_are_custom() {
        for annotation in [
            "Gateway",
            "GATEWAY",
            "my-gw",
            "spire,my-gw",
            "gateway sidecar",
        ] {
            assert_eq!(injection_template(annotation), Custom, "{annotation:?}");
        }
    }

    #[test]
    fn what_istio_cannot_render_is_refused() {
        for annotation in [
            "",
            " ",
            ",",
            "gateway,",
            ",gateway",
            "gateway,,spire",
            "waypoint",
            "kube-gateway",
            "agentgateway",
            "gateway,waypoint",
            "kube-gateway,gateway",
        ] {
            assert_eq!(injection_template(annotation), Refused, "{annotation:?}");
        }
    }
}
