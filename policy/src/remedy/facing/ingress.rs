//! An Ingress: its own annotations, those of its IngressGroup, and the IngressClassParams before both.
//!
//! Source: AWS Load Balancer Controller `pkg/ingress/{model_build_load_balancer,model_build_listener,model_builder}.go`,
//! `apis/elbv2/v1beta1/ingressclassparams_types.go`; EKS user guide, "automode/auto-configure-alb".

use serde_json::Value;

use super::Facing;
use super::members::{self, Stated};
use crate::fronts::aws::AUTO_MODE_CONTROLLER;
use crate::fronts::ingress_class;
use crate::identity::ObjectKey;
use crate::objects::Facts;
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
    own: Stated,
    /// The other members of its group: what they say holds for the one load balancer.
    members: Vec<Stated>,
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
    let own_params = members::params(draft, ingress);
    let members = members::of_ingress(draft, key, ingress);
    let reading = Reading {
        draft,
        own: Stated {
            object: draft.base(&key.into()).unwrap_or_default(),
            params: own_params.clone().flatten(),
        },
        members: members.known,
    };
    reading.certificates(&mut facing);
    reading.listeners(&mut facing);
    reading.scheme(&mut facing);
    reading.restrictions(&mut facing);
    if matches!(own_params, Some(None)) {
        facing.is_unknown("What the IngressClassParams of its class say");
    }
    reading.layer_7(&mut facing);
    for other in members.untold {
        facing.remark(format!(
            "{other} names the same IngressGroup, and whether it is a member cannot be told here: what it says of the ALB is left out."
        ));
    }
    facing
}

impl Reading<'_, '_> {
    fn all(&self) -> impl Iterator<Item = &Stated> {
        std::iter::once(&self.own).chain(&self.members)
    }

    /// The annotation of the Ingress or of another member.
    fn annotation(&self, name: &str) -> Option<&str> {
        self.all().find_map(|stated| stated.annotation(name))
    }

    fn param(&self, keys: &[&str]) -> Option<&Value> {
        self.all().find_map(|stated| stated.param(keys))
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
        let of_class = self.own.param(&["listeners"]).and_then(Value::as_array);
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
        if let Some(ports) = self.own.annotation("listen-ports")
            && let Ok(Value::Array(entries)) = serde_json::from_str(ports)
        {
            for (protocol, port) in entries.iter().filter_map(Value::as_object).flatten() {
                if let Some(port) = port.as_u64().and_then(|port| u16::try_from(port).ok()) {
                    facing.listen(port, protocol == "HTTPS");
                }
            }
        }
        if facing.listeners.is_empty() {
            let has_certificate = self.own.has_certificate();
            facing.listen(if has_certificate { 443 } else { 80 }, has_certificate);
        }
    }

    /// The scheme that the Ingress says itself, else the one that the members agree on.
    fn scheme(&self, facing: &mut Facing) {
        let own = self.own.scheme();
        let others = self.members.iter().filter_map(Stated::scheme);
        let mut schemes: Vec<&str> = match own {
            Some(own) => vec![own],
            None => others.collect(),
        };
        schemes.dedup();
        if schemes == ["internet-facing"] {
            facing.faces_internet = true;
        } else if schemes.iter().any(|scheme| !self.is_known(scheme)) {
            facing.is_unknown("The scheme of the ALB");
        }
    }

    fn restrictions(&self, facing: &mut Facing) {
        let groups = self.annotation("security-groups");
        let of_class = self.param_list(&["inboundCIDRs", "inboundCidrs"]);
        let own = self.own.annotation("inbound-cidrs").map(split);
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

impl Stated {
    fn annotation(&self, name: &str) -> Option<&str> {
        annotation(&self.object, &format!("{PREFIX}{name}"))
    }

    fn param(&self, keys: &[&str]) -> Option<&Value> {
        at(at(self.params.as_ref()?, &["spec"])?, keys)
    }

    /// The parameters of the class come before the annotation.
    fn scheme(&self) -> Option<&str> {
        let of_class = self.param(&["scheme"]).and_then(Value::as_str);
        of_class.or_else(|| self.annotation("scheme"))
    }

    fn has_certificate(&self) -> bool {
        let annotated = self.annotation("certificate-arn").map(split);
        let of_class = ["certificateArn", "certificateARNs"];
        let mut of_class = of_class.iter().filter_map(|name| self.param(&[name]));
        annotated.is_some_and(|annotated| !annotated.is_empty())
            || of_class.any(|listed| !list(listed, &[]).is_empty())
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
