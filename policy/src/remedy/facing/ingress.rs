//! An Ingress: its own annotations, those of its IngressGroup, and the IngressClassParams before both.
//!
//! Source: AWS Load Balancer Controller `pkg/ingress/{model_build_load_balancer,model_build_listener,model_builder}.go`,
//! `apis/elbv2/v1beta1/ingressclassparams_types.go`; EKS user guide, "automode/auto-configure-alb".

use serde_json::Value;

use super::Facing;
use crate::fronts::aws::AUTO_MODE_CONTROLLER;
use crate::fronts::ingress::{Group, group};
use crate::fronts::ingress_class;
use crate::identity::ObjectKey;
use crate::inventory::IndexKey;
use crate::objects::Facts;
use crate::objects::ingress::Ingress;
use crate::remedy::documents::DocumentKey;
use crate::remedy::draft::Draft;
use crate::remedy::json::{annotation, at, list};

const PREFIX: &str = "alb.ingress.kubernetes.io/";

/// Annotations that ask of an ALB what no Network Load Balancer does.
const LAYER_7: [(&str, &str); 7] = [
    ("wafv2-acl-arn", "AWS WAF"),
    ("wafv2-acl-name", "AWS WAF"),
    ("waf-acl-id", "AWS WAF"),
    ("web-acl-id", "AWS WAF"),
    ("auth-type", "authentication at the load balancer"),
    ("jwt-validation", "JWT validation at the load balancer"),
    ("shield-advanced-protection", "AWS Shield by annotation"),
];

/// What decides how an Ingress faces its callers.
struct Reading<'d, 'a> {
    draft: &'d Draft<'a>,
    own: Value,
    /// The other members of its group, whose annotations hold for the one load balancer.
    members: Vec<Value>,
    /// The IngressClassParams of its class, then those of the other members' classes.
    params: Vec<Value>,
}

/// How the Ingress faces its callers.
pub(in crate::remedy) fn of_ingress(draft: &Draft<'_>, key: &ObjectKey) -> Facing {
    let mut facing = Facing::default();
    let Some(Facts::Ingress(ingress)) = draft.world.facts(key) else {
        return facing;
    };
    let aws = &draft.configuration.aws;
    let is_by_annotation = ingress_class::is_matched_by_annotation(aws, ingress);
    let class = ingress_class::of_ingress(draft.world, ingress).filter(|_| !is_by_annotation);
    facing.is_auto_modes = class.is_some_and(|class| *class.controller == *AUTO_MODE_CONTROLLER);
    let own_params = params(draft, ingress);
    let members = members(draft, key, ingress);
    let mut all: Vec<Value> = own_params.clone().flatten().into_iter().collect();
    all.extend(members.iter().filter_map(|(_, params)| params.clone()));
    let reading = Reading {
        draft,
        own: draft.base(&key.into()).unwrap_or_default(),
        members: members.into_iter().map(|(object, _)| object).collect(),
        params: all,
    };
    reading.certificates(&mut facing);
    reading.listeners(&mut facing);
    reading.scheme(&mut facing);
    reading.restrictions(&mut facing);
    if matches!(own_params, Some(None)) {
        facing.is_unknown("What the IngressClassParams of its class say");
    }
    reading.layer_7(&mut facing);
    facing
}

/// The other members of an explicit group that are in sight.
fn members(draft: &Draft<'_>, own: &ObjectKey, ingress: &Ingress) -> Vec<(Value, Option<Value>)> {
    let Group::Explicit(name) = group(draft.world, &draft.configuration.aws, ingress) else {
        return Vec::new();
    };
    let mut keys: Vec<&ObjectKey> = draft
        .world
        .find(&IndexKey::InGroup(Box::from(name)))
        .map(|object| &object.key)
        .filter(|key| *key != own)
        .take(MOST_MEMBERS)
        .collect();
    keys.sort();
    keys.into_iter()
        .filter_map(|key| {
            let Some(Facts::Ingress(ingress)) = draft.world.facts(key) else {
                return None;
            };
            let object = draft.base(&key.into())?;
            Some((object, params(draft, ingress).flatten()))
        })
        .collect()
}

/// The IngressClassParams of an Ingress, where its class has any; the inner `None`: they are not in sight.
#[expect(
    clippy::option_option,
    reason = "having none and not seeing them differ"
)]
fn params(draft: &Draft<'_>, ingress: &Ingress) -> Option<Option<Value>> {
    let is_by_annotation =
        ingress_class::is_matched_by_annotation(&draft.configuration.aws, ingress);
    let class = ingress_class::of_ingress(draft.world, ingress).filter(|_| !is_by_annotation)?;
    let key = class.params.as_ref()?.key();
    Some(draft.document(&DocumentKey::from(&key)))
}

/// An ALB has at most 100 rules by default, and so few members.
const MOST_MEMBERS: usize = 100;

impl Reading<'_, '_> {
    /// The annotation of the Ingress or of another member.
    fn annotation(&self, name: &str) -> Option<&str> {
        let key = format!("{PREFIX}{name}");
        let all = std::iter::once(&self.own).chain(&self.members);
        all.into_iter().find_map(|object| annotation(object, &key))
    }

    fn param(&self, keys: &[&str]) -> Option<&Value> {
        let mut specs = self
            .params
            .iter()
            .filter_map(|params| at(params, &["spec"]));
        specs.find_map(|spec| at(spec, keys))
    }

    fn param_list(&self, names: &[&str]) -> Vec<String> {
        let found = names.iter().find_map(|name| self.param(&[name]));
        let elements = found.and_then(Value::as_array).map(Vec::as_slice);
        strings(elements.unwrap_or_default())
    }

    fn is_known(&self, value: &str) -> bool {
        !self.draft.world.is_unrendered(value)
    }

    fn certificates(&self, facing: &mut Facing) {
        let annotated = self
            .annotation("certificate-arn")
            .map(split)
            .unwrap_or_default();
        let of_class = self.param_list(&["certificateArn", "certificateARNs"]);
        for certificate in annotated.into_iter().chain(of_class) {
            if !facing.certificates.contains(&certificate) {
                facing.certificates.push(certificate);
            }
        }
    }

    /// `listen-ports` of this Ingress, else 443 where it has a certificate, else 80.
    fn listeners(&self, facing: &mut Facing) {
        let of_class = self.param(&["listeners"]).and_then(Value::as_array);
        for listener in of_class.into_iter().flatten() {
            if let Some(port) = listener["port"]
                .as_u64()
                .and_then(|port| u16::try_from(port).ok())
            {
                facing.listen(port, listener["protocol"] == "HTTPS");
            }
        }
        if !facing.listeners.is_empty() {
            return;
        }
        let key = format!("{PREFIX}listen-ports");
        if let Some(ports) = annotation(&self.own, &key)
            && let Ok(Value::Array(entries)) = serde_json::from_str(ports)
        {
            for (protocol, port) in entries.iter().filter_map(Value::as_object).flatten() {
                if let Some(port) = port.as_u64().and_then(|port| u16::try_from(port).ok()) {
                    facing.listen(port, protocol == "HTTPS");
                }
            }
        }
        if facing.listeners.is_empty() {
            let has_certificate = !facing.certificates.is_empty();
            facing.listen(if has_certificate { 443 } else { 80 }, has_certificate);
        }
    }

    fn scheme(&self, facing: &mut Facing) {
        let of_class = self.param(&["scheme"]).and_then(Value::as_str);
        let scheme = of_class.or_else(|| self.annotation("scheme"));
        match scheme {
            Some("internet-facing") => facing.faces_internet = true,
            Some(other) if !self.is_known(other) => facing.is_unknown("The scheme of the ALB"),
            _ => {}
        }
    }

    fn restrictions(&self, facing: &mut Facing) {
        let groups = self.annotation("security-groups");
        let of_class = self.param_list(&["inboundCIDRs", "inboundCidrs"]);
        let own = annotation(&self.own, &format!("{PREFIX}inbound-cidrs")).map(split);
        let ranges = if of_class.is_empty() {
            own.unwrap_or_default()
        } else {
            of_class
        };
        if ranges.iter().any(|range| !self.is_known(range)) {
            facing.is_unknown("Which source ranges the ALB admits");
        } else {
            facing.ranges = ranges;
        }
        let of_class = self
            .param_list(&["prefixListsIDs", "PrefixListsIDs"])
            .join(",");
        let lists = Some(of_class.as_str()).filter(|lists| !lists.is_empty());
        let lists = lists.or_else(|| self.annotation("security-group-prefix-lists"));
        let of_class = self.param(&["subnets"]);
        let subnets = of_class.map(|subnets| strings(list(subnets, &["ids"])).join(","));
        let subnets = subnets.filter(|subnets| !subnets.is_empty());
        let subnets = subnets.as_deref().or_else(|| self.annotation("subnets"));
        let address_type = self.param(&["ipAddressType"]).and_then(Value::as_str);
        let address_type = address_type.or_else(|| self.annotation("ip-address-type"));
        let carried = [
            (
                "security-groups",
                groups,
                "Which security groups the ALB has",
                true,
            ),
            (
                "security-group-prefix-lists",
                lists,
                "Which prefix lists the ALB admits",
                true,
            ),
            (
                "manage-backend-security-group-rules",
                self.annotation("manage-backend-security-group-rules"),
                "Who manages the rules of the targets",
                false,
            ),
            ("subnets", subnets, "Which subnets the ALB is in", true),
            (
                "ip-address-type",
                address_type.filter(|kind| *kind == "dualstack"),
                "The address type of the ALB",
                false,
            ),
        ];
        for (annotation, value, what, is_restriction) in carried {
            match value {
                Some(value) if self.is_known(value) => facing.carry(annotation, value.to_owned()),
                Some(_) if is_restriction => facing.is_unknown(what),
                _ => {}
            }
        }
    }

    fn layer_7(&self, facing: &mut Facing) {
        for (annotation, name) in LAYER_7 {
            let value = self.annotation(annotation);
            if value.is_some_and(|value| !matches!(value, "" | "none" | "false")) {
                facing.remark(format!(
                    "A Network Load Balancer has no {name} ({PREFIX}{annotation}): the mesh or CloudFront has to do that before the Ingress goes."
                ));
            }
        }
        if self.param(&["wafv2AclArn"]).is_some() {
            facing.remark("A Network Load Balancer has no AWS WAF (wafv2AclArn of the IngressClassParams): something else has to do that before the Ingress goes.");
        }
    }
}

fn split(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

fn strings(values: &[Value]) -> Vec<String> {
    values
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
