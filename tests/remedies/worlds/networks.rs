//! A Network Load Balancer's Gateway before a gateway's Service, with a listener that ends TLS.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Place;
use super::values::{in_cluster, object, one_of};

const VERSION: &str = "gateway.networking.k8s.io/v1";

/// The Gateway, and the routes that lead on from it.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
#[derive(Clone, Debug)]
pub(super) struct Network {
    route: &'static str,
    /// `sectionName` of the route; without one it takes from all listeners.
    has_section: bool,
    has_plain_listener: bool,
    says_mode: bool,
    has_hostname: bool,
    has_certificate: bool,
    port: u16,
    is_of_listener_set: bool,
}

/// Any of them.
pub(super) fn network() -> BoxedStrategy<Network> {
    let route = one_of(&["TCPRoute", "TCPRoute", "TCPRoute", "TLSRoute"]);
    let port = one_of(&[443, 443, 443, 80]);
    (route, port, any::<[bool; 6]>())
        .prop_map(
            |(route, port, [section, plain, mode, hostname, certificate, set])| Network {
                route,
                has_section: section,
                has_plain_listener: plain,
                says_mode: mode,
                has_hostname: hostname,
                has_certificate: certificate,
                port,
                is_of_listener_set: set,
            },
        )
        .boxed()
}

impl Network {
    /// All its objects.
    pub(super) fn objects(&self, place: Place, service: &str) -> Vec<Value> {
        let name = format!("{service}-network");
        let class = in_cluster(
            VERSION,
            "GatewayClass",
            &name,
            &json!({"controllerName": "gateway.k8s.aws/nlb"}),
        );
        let plain = json!({"name": "tcp", "protocol": "TCP", "port": 80});
        let mut own = Vec::new();
        if self.has_plain_listener || self.is_of_listener_set {
            own.push(plain);
        }
        let (kind, more) = if self.is_of_listener_set {
            let spec = json!({"parentRef": {"name": name}, "listeners": [self.listener()]});
            let set = object(VERSION, "ListenerSet", place.namespace, &name, &spec);
            ("ListenerSet", Some(set))
        } else {
            own.push(self.listener());
            ("Gateway", None)
        };
        let spec = json!({"gatewayClassName": name, "listeners": own});
        let gateway = object(VERSION, "Gateway", place.namespace, &name, &spec);
        let mut parent = json!({"kind": kind, "name": name});
        if self.has_section {
            parent["sectionName"] = json!("tls");
        }
        let spec = json!({
            "parentRefs": [parent],
            "rules": [{"backendRefs": [{"name": service, "port": self.port}]}],
        });
        let version = "gateway.networking.k8s.io/v1alpha2";
        let route = object(version, self.route, place.namespace, &name, &spec);
        [class, gateway, route].into_iter().chain(more).collect()
    }

    /// The listener that ends TLS.
    fn listener(&self) -> Value {
        let mut listener = json!({"name": "tls", "protocol": "TLS", "port": 443, "tls": {}});
        if self.says_mode {
            listener["tls"]["mode"] = json!("Terminate");
        }
        if self.has_certificate {
            listener["tls"]["certificateRefs"] = json!([{"name": "front-tls"}]);
        }
        if self.has_hostname {
            listener["hostname"] = json!("shop.example.com");
        }
        listener
    }
}
