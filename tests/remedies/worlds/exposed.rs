//! Who a Service's load balancer lets in.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::values::{mark, one_of};

const PREFIX: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// What is said of a load balancer beside who builds it.
#[derive(Clone, Debug)]
pub(super) struct Exposed {
    scheme: &'static [(&'static str, &'static str)],
    ranges: &'static str,
    groups: &'static str,
    subnets: &'static str,
    addresses: &'static str,
    has_proxy_protocol: bool,
    policy: &'static str,
}

pub(super) fn exposed() -> BoxedStrategy<Exposed> {
    let schemes: [&'static [(&str, &str)]; 6] = [
        &[],
        &[("scheme", "internal")],
        &[("scheme", "internet-facing")],
        &[("internal", "true")],
        &[("internal", "0.0.0.0/0")],
        &[("scheme", "internet-facing"), ("internal", "true")],
    ];
    (
        one_of(&schemes),
        one_of(&["", "", "spec", "annotation"]),
        one_of(&["", "", "sg-0123"]),
        one_of(&["", "", "subnet-a,subnet-b"]),
        one_of(&["", "", "eipalloc-1,eipalloc-2"]),
        prop::bool::weighted(0.15),
        one_of(&["", "Cluster", "Local"]),
    )
        .prop_map(
            |(scheme, ranges, groups, subnets, addresses, has_proxy_protocol, policy)| Exposed {
                scheme,
                ranges,
                groups,
                subnets,
                addresses,
                has_proxy_protocol,
                policy,
            },
        )
        .boxed()
}

impl Exposed {
    /// Says it of a Service.
    pub(super) fn write(&self, service: &mut Value) {
        for (name, value) in self.scheme {
            annotate(service, name, value);
        }
        match self.ranges {
            "spec" => service["spec"]["loadBalancerSourceRanges"] = json!(["203.0.113.0/24"]),
            "annotation" => mark(
                service,
                "annotations",
                &[(
                    "service.beta.kubernetes.io/load-balancer-source-ranges",
                    "10.0.0.0/8,192.0.2.0/24",
                )],
            ),
            _ => {}
        }
        for (name, value) in [
            ("security-groups", self.groups),
            ("subnets", self.subnets),
            ("eip-allocations", self.addresses),
        ] {
            if !value.is_empty() {
                annotate(service, name, value);
            }
        }
        if self.has_proxy_protocol {
            annotate(service, "proxy-protocol", "*");
        }
        if !self.policy.is_empty() {
            service["spec"]["externalTrafficPolicy"] = json!(self.policy);
        }
    }
}

/// Sets one of the annotations of load balancers.
pub(super) fn annotate(service: &mut Value, name: &str, value: &str) {
    mark(
        service,
        "annotations",
        &[(&format!("{PREFIX}{name}"), value)],
    );
}
