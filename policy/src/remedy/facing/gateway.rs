//! A route: the listeners of the ALB Gateways that it is attached to, and the `LoadBalancerConfiguration` of Gateway and class.
//!
//! Source: AWS Load Balancer Controller `apis/gateway/v1beta1/loadbalancerconfig_types.go`,
//! `pkg/gateway/gatewayutils` (how the two configurations are merged).

use serde_json::Value;

use super::Facing;
use crate::identity::{Kind, ObjectKey};
use crate::objects::Facts;
use crate::objects::route::Parent;
use crate::remedy::documents::DocumentKey;
use crate::remedy::draft::Draft;
use crate::remedy::json::{at, list, text};

/// The API group of the controller's configurations.
const GROUP: &str = "gateway.k8s.aws";

/// How the ALB Gateways of a route, by its references to them, face their callers.
pub(in crate::remedy) fn of_route(draft: &Draft<'_>, references: &[(Parent, Value)]) -> Facing {
    let mut facing = Facing::default();
    let mut is_first = true;
    for (parent, reference) in references {
        let mut sources = vec![parent.key()];
        if let Some(Facts::ListenerSet(set)) = draft.world.facts(&parent.key()) {
            sources.push(ObjectKey::new(
                Kind::Gateway,
                set.gateway.0.clone(),
                set.gateway.1.clone(),
            ));
        }
        // A reference to a ListenerSet reaches that set's listeners alone.
        if let Some(object) = sources.first().and_then(|key| draft.document(&key.into())) {
            listeners(&mut facing, &object, reference);
        }
        if let Some(key) = sources.last().filter(|key| key.kind == Kind::Gateway) {
            let one = of_gateway(draft, key);
            // Of several Gateways the narrowest counts, as one load balancer stands in for all.
            facing.faces_internet = one.faces_internet && (is_first || facing.faces_internet);
            if is_first || facing.ranges.is_empty() {
                facing.ranges = one.ranges;
                facing.annotations = one.annotations;
            }
            for remark in one.remarks {
                facing.remark(remark);
            }
            is_first = false;
        }
    }
    facing
}

fn listeners(facing: &mut Facing, object: &Value, reference: &Value) {
    let (section, port) = (text(reference, &["sectionName"]), at(reference, &["port"]));
    for listener in list(object, &["spec", "listeners"]) {
        let is_meant = section.is_none_or(|section| listener["name"] == section)
            && port.is_none_or(|port| listener["port"] == *port);
        let number = listener["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        if let Some(number) = number.filter(|_| is_meant) {
            let is_tls = matches!(listener["protocol"].as_str(), Some("HTTPS" | "TLS"));
            facing.listen(number, is_tls);
            for secret in list(listener, &["tls", "certificateRefs"]) {
                facing
                    .certificates
                    .extend(text(secret, &["name"]).map(str::to_owned));
            }
        }
    }
}

fn of_gateway(draft: &Draft<'_>, key: &ObjectKey) -> Facing {
    let mut facing = Facing::default();
    let gateway = draft.document(&key.into()).unwrap_or_default();
    let class = text(&gateway, &["spec", "gatewayClassName"]).unwrap_or_default();
    let class = ObjectKey::new(Kind::GatewayClass, "", class);
    let class = draft.document(&(&class).into()).unwrap_or_default();
    let own = at(&gateway, &["spec", "infrastructure", "parametersRef"]);
    let of_class = at(&class, &["spec", "parametersRef"]);
    let find = |reference: Option<&Value>| {
        let reference = reference.filter(|reference| reference["group"] == GROUP)?;
        let namespace = text(reference, &["namespace"]).unwrap_or(&key.namespace);
        let name = text(reference, &["name"])?;
        Some(draft.document(&DocumentKey::of(
            GROUP,
            "LoadBalancerConfiguration",
            namespace,
            name,
        )))
    };
    let (own, of_class) = (find(own), find(of_class));
    if matches!(own, Some(None)) || matches!(of_class, Some(None)) {
        facing.is_unknown("What the LoadBalancerConfiguration of its Gateway or class says");
        return facing;
    }
    let (own, of_class) = (own.flatten(), of_class.flatten());
    let prefers_gateway = of_class
        .as_ref()
        .is_some_and(|class| text(class, &["spec", "mergingMode"]) == Some("prefer-gateway"));
    let mut configurations = [of_class, own];
    if prefers_gateway {
        configurations.reverse();
    }
    let field = |name: &str| {
        let found = configurations.iter().flatten();
        found
            .into_iter()
            .find_map(|object| at(object, &["spec", name]))
    };
    let strings = |name: &str, of: &[&str]| -> Vec<String> {
        let elements = field(name).and_then(Value::as_array).map(Vec::as_slice);
        let elements = elements.unwrap_or_default().iter();
        elements
            .filter_map(|element| text(element, of))
            .map(str::to_owned)
            .collect()
    };
    let ranges = strings("sourceRanges", &[]);
    let groups = strings("securityGroups", &[]).join(",");
    let lists = strings("securityGroupPrefixes", &[]).join(",");
    let subnets = strings("loadBalancerSubnets", &["identifier"]).join(",");
    let unknown = |text: &str| draft.world.is_unrendered(text);
    facing.faces_internet = field("scheme").and_then(Value::as_str) == Some("internet-facing");
    for (annotation, value) in [
        ("security-groups", groups),
        ("security-group-prefix-lists", lists),
        ("subnets", subnets),
    ] {
        if unknown(&value) {
            facing.is_unknown("What restricts the ALB");
        } else if !value.is_empty() {
            facing.carry(annotation, value);
        }
    }
    if field("ipAddressType").and_then(Value::as_str) == Some("dualstack") {
        facing.carry("ip-address-type", "dualstack".to_owned());
    }
    if ranges.iter().any(|range| unknown(range)) {
        facing.is_unknown("Which source ranges the ALB admits");
    } else {
        facing.ranges = ranges;
    }
    if field("wafV2").is_some() {
        facing.remark("A Network Load Balancer has no AWS WAF (wafV2 of the LoadBalancerConfiguration): something else has to do that before the route goes.");
    }
    facing
}
