//! The configurations that worlds are judged under: the default one, and the switches that change what is a front and
//! what is a gateway.

use std::fmt;

use l7guard_policy::configuration::Configuration;
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
