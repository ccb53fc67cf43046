//! The configurations that worlds are judged under: the default one, and the switches that change what is a front and
//! what is a gateway.

use l7guard_policy::configuration::Configuration;
use l7guard_policy::gateways::kind::GatewayKind;
use proptest::prelude::*;

/// Mostly the default configuration.
pub(crate) fn configuration() -> impl Strategy<Value = Configuration> {
    prop_oneof![
        6 => Just(Configuration::default()),
        1 => Just(with_all_kinds()),
        1 => Just(with_classless()),
        1 => Just(with_gateway_class_names()),
    ]
}

fn with_all_kinds() -> Configuration {
    let mut configuration = Configuration::default();
    configuration.istio.gateway_kinds = vec![
        GatewayKind::Ingress,
        GatewayKind::Egress,
        GatewayKind::EastWest,
    ];
    configuration
}

fn with_classless() -> Configuration {
    let mut configuration = Configuration::default();
    configuration.aws.manages_classless_ingresses = true;
    configuration
}

fn with_gateway_class_names() -> Configuration {
    let mut configuration = Configuration::default();
    configuration.aws.well_known_gateway_class_names = vec!["alb".into()];
    configuration
}
