//! The section `istio`: who makes Istio gateways, and what counts as one.

use l7guard_policy::configuration::{Istio, ServicePattern};
use l7guard_policy::gateways::kind::GatewayKind;

use super::document::IstioDocument;
use super::field::Field;
use super::list::{List, distinct};
use super::mapping::Mapping;
use super::names::Names;
use super::pointer::Pointer;
use super::problem::Problems;
use super::scalars::{ControllerName, Services};

/// The controller whose Gateways istiod leaves to others: it deploys nothing for them.
///
/// Source: Istio `pkg/config/constants/constants.go` (`UnmanagedGatewayController`).
const UNMANAGED_CONTROLLER: &str = "istio.io/unmanaged-gateway";

/// The section; what is left out, or wrong, keeps the default.
pub(super) fn read(
    given: Field<Mapping<IstioDocument>>,
    at: &Pointer,
    problems: &mut Problems<'_>,
) -> Istio {
    let default = Istio::default();
    let Some(section) = given.take(at, problems) else {
        return default;
    };
    let section = section.open(at, problems);
    let kinds = section.gateway_kinds.some_elements(
        &at.key("gatewayKinds"),
        "no gateway would be guarded; write at least ingress",
        problems,
    );
    let kinds = kinds.map(|kinds| distinct(kinds, problems));
    let gateway_kinds = kinds.map_or(default.gateway_kinds, |kinds| {
        kinds.into_iter().map(|(_, kind)| kind.0).collect()
    });
    refuse_unmanaged(&section.gateway_controllers, at, problems);
    let unknown_router = section
        .unknown_router
        .take(&at.key("unknownRouter"), problems);
    let domain = section
        .cluster_domain
        .take(&at.key("clusterDomain"), problems);
    let gateway_services = services(section.gateway_services, &gateway_kinds, at, problems);
    let mut names = Names { at, problems };
    Istio {
        gateway_kinds,
        gateway_controllers: names.some(
            "gatewayControllers",
            "no Gateway would become an Istio gateway; write the controllers of this cluster",
            section.gateway_controllers,
            default.gateway_controllers,
        ),
        well_known_service_names: names.any(
            "wellKnownServiceNames",
            section.well_known_service_names,
            default.well_known_service_names,
        ),
        gateway_services,
        unknown_router: unknown_router.map_or(default.unknown_router, |mode| mode.0),
        cluster_domain: domain.map_or(default.cluster_domain, Into::into),
    }
}

fn services(
    given: Field<List<Services>>,
    kinds: &[GatewayKind],
    at: &Pointer,
    problems: &mut Problems<'_>,
) -> Vec<ServicePattern> {
    let at = at.key("gatewayServices");
    let elements = given.elements(&at, problems).unwrap_or_default();
    let elements = distinct(elements, problems);
    if !elements.is_empty() && !kinds.contains(&GatewayKind::Ingress) {
        problems.error(
            &at,
            "these are ingress gateways, and `gatewayKinds` has no ingress: nothing would come of them",
        );
    }
    elements
        .into_iter()
        .map(|(_, services)| services.pattern)
        .collect()
}

/// It would have no effect: nothing is deployed for such a Gateway.
fn refuse_unmanaged(
    controllers: &Field<List<ControllerName>>,
    at: &Pointer,
    problems: &mut Problems<'_>,
) {
    let Field::Valid(list) = controllers else {
        return;
    };
    let at = at.key("gatewayControllers");
    for index in list.positions(|ControllerName(name)| name == UNMANAGED_CONTROLLER) {
        problems.error(
            &at.index(index),
            format!("Istio deploys nothing for a Gateway of {UNMANAGED_CONTROLLER}, so it makes no gateway: remove it"),
        );
    }
}
