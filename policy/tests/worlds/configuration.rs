//! The configurations that worlds are judged under: the default one, and the switches that change what is a front and
//! what is a gateway.

use std::fmt;

use l7guard_policy::configuration::{Configuration, NamePattern, ServicePattern, UnknownRouter};
use l7guard_policy::gateways::kind::GatewayKind;
use proptest::prelude::*;

/// A configuration under a short name.
#[derive(Clone)]
pub(crate) struct Setting {
    name: &'static str,
    pub(crate) configuration: Configuration,
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Mostly the default configuration.
pub(crate) fn setting() -> impl Strategy<Value = Setting> {
    let setting = |name, configuration| {
        Just(Setting {
            name,
            configuration,
        })
    };
    prop_oneof![
        6 => setting("default", Configuration::default()),
        1 => setting("all gateway kinds", with_all_kinds()),
        1 => setting("class-less Ingresses managed", with_classless()),
        1 => setting("Services stated", with_gateway_services()),
        1 => setting("unknown routers denied", with_unknown_routers(UnknownRouter::Deny)),
        1 => setting("unknown routers warned of", with_unknown_routers(UnknownRouter::Warn)),
        1 => setting("other gateway controllers", with_gateway_controllers()),
        1 => setting("GatewayClass alb well known", with_gateway_class_names()),
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

fn with_gateway_services() -> Configuration {
    let mut configuration = Configuration::default();
    let pattern = |text: &str| NamePattern::parse(text).expect("a pattern");
    configuration.istio.gateway_services = vec![ServicePattern {
        namespace: pattern("istio-*"),
        name: pattern("e?ge"),
    }];
    configuration
}

fn with_unknown_routers(mode: UnknownRouter) -> Configuration {
    let mut configuration = Configuration::default();
    configuration.istio.unknown_router = mode;
    configuration
}

/// Without the controller of the class that istiod makes.
fn with_gateway_controllers() -> Configuration {
    let mut configuration = Configuration::default();
    configuration.istio.gateway_controllers = vec!["istio.io/agentgateway-controller".into()];
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
