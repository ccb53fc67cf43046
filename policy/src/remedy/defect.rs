//! Defects of a gateway's own Service: an ALB that it asks for, HTTP listeners, a certificate, a health check. Only what is at
//! fault is changed.

use serde_json::Value;

use super::documents::DocumentKey;
use super::draft::{Draft, Phase};
use super::facing::{Facing, Listener};
use super::json::{at, list, set, text, unset};
use super::network_load_balancer::{self as nlb, key};
use super::owner::{self, Maker};
use super::standing::has_network;
use super::{gateway_api, listener, ports, second_service};
use crate::gateways::kind::STATUS_PORT;
use crate::gateways::service::reach_from;
use crate::identity::{Kind, ObjectKey};
use crate::objects::service::Service;
use crate::rules::{Finding, RuleCode};

/// Where the annotations of the load balancer stand.
const OF_SERVICE: &[&str] = &["metadata", "annotations"];
const OF_GATEWAY: &[&str] = &["spec", "infrastructure", "annotations"];

/// Repairs the defect.
///
/// # Errors
///
/// It cannot be told how; the text says why.
pub(super) fn repair(draft: &mut Draft<'_>, finding: &Finding) -> Result<(), String> {
    let subject = &finding.object;
    if listener::is_about(finding) {
        return listener::pass_tls_on(draft, finding);
    }
    let mut key_at_fault = subject.clone();
    if subject.kind == Kind::Service {
        let maker = draft
            .base(&subject.into())
            .and_then(|object| owner::maker(&object));
        match maker {
            Some(Maker::Gateway(gateway)) if draft.document(&(&gateway).into()).is_some() => {
                key_at_fault = gateway;
            }
            Some(Maker::Gateway(gateway)) => {
                return Err(format!(
                    "istiod writes {subject} for {gateway}, which is not in sight"
                ));
            }
            Some(Maker::Controller(name)) => {
                return Err(format!(
                    "{subject} is written by {name}, of which nothing is known here"
                ));
            }
            _ => {}
        }
    }
    let document = DocumentKey::from(&key_at_fault);
    let Some(object) = draft.document(&document) else {
        return Err(format!("the whole object of {key_at_fault} is not at hand"));
    };
    if matches!(finding.rule, RuleCode::L7G004 | RuleCode::L7G101) && subject.kind == Kind::Service
    {
        stand_beside(draft, subject);
    }
    let place = place(&object, key_at_fault.kind);
    let service = draft.service(subject);
    let repair = Repair {
        rule: finding.rule,
        place,
        service: service.as_deref(),
        has_ip_targets: has_ip_targets(draft, finding),
    };
    let mut said = Vec::new();
    draft.edit(&document, Phase::Defect, |raw| said = repair.apply(raw));
    if key_at_fault != *subject {
        draft.edit(&subject.into(), Phase::Defect, |raw| {
            let of_service = Repair {
                place: OF_SERVICE,
                ..repair.clone()
            };
            of_service.apply(raw);
        });
        draft.explain(&subject.into(), "what istiod then writes");
        draft.is_effect_of(&subject.into(), &document);
    }
    if key_at_fault.kind == Kind::Gateway {
        gateway_api::refresh(draft, &key_at_fault);
    }
    for sentence in said {
        draft.explain(&document, sentence);
    }
    if finding.rule == RuleCode::L7G102 {
        let base = draft.base(&document).unwrap_or_default();
        draft.explain(&document, certificate(&base, place));
    }
    Ok(())
}

/// Repairs the defect in the Service itself, as far as that is right without anything beside it: a load balancer that cannot
/// become another one in place is not touched.
pub(super) fn repair_alone(draft: &mut Draft<'_>, finding: &Finding) {
    let document = DocumentKey::from(&finding.object);
    let is_own = draft
        .base(&document)
        .is_some_and(|object| owner::maker(&object).is_none());
    let is_in_place = matches!(finding.rule, RuleCode::L7G102 | RuleCode::L7G104);
    if finding.object.kind != Kind::Service || !is_in_place || !is_own {
        return;
    }
    let service = draft.service(&finding.object);
    let repair = Repair {
        rule: finding.rule,
        place: OF_SERVICE,
        service: service.as_deref(),
        has_ip_targets: has_ip_targets(draft, finding),
    };
    draft.edit(&document, Phase::Defect, |raw| {
        repair.apply(raw);
    });
}

/// Whether the load balancer registers Pods, which decides how it reads its health check.
fn has_ip_targets(draft: &Draft<'_>, finding: &Finding) -> bool {
    let service = draft.service(&finding.object);
    let request = service
        .as_ref()
        .and_then(|service| service.load_balancer.as_deref());
    match (request, draft.world.facts(&finding.object)) {
        (Some(request), _) => request.is_ip_mode(),
        (None, Some(crate::objects::Facts::Gateway(gateway))) => gateway
            .infrastructure
            .as_ref()
            .and_then(|service| service.load_balancer.as_deref())
            .is_some_and(crate::objects::service::LoadBalancerRequest::is_ip_mode),
        _ => false,
    }
}

/// The annotations that count: of a Gateway those of the infrastructure, else its own, which are copied.
fn place(object: &Value, kind: Kind) -> &'static [&'static str] {
    if kind == Kind::Gateway && at(object, OF_GATEWAY).is_some() {
        OF_GATEWAY
    } else {
        OF_SERVICE
    }
}

/// The NLB that takes over from a load balancer that cannot become one in place.
fn stand_beside(draft: &mut Draft<'_>, service: &ObjectKey) {
    let Some(old) = draft.document(&service.into()) else {
        return;
    };
    let end = reach_from(draft.world, &draft.configuration.istio, service.clone());
    let facing = Facing {
        // What the Service had is carried over.
        faces_internet: nlb::faces_internet(&old),
        listeners: ended(draft.service(service).as_deref()),
        is_auto_modes: draft.scene.is_auto_modes(draft.world),
        certificates: nlb::asked(&old, "ssl-cert")
            .map(str::to_owned)
            .into_iter()
            .collect(),
        ..Facing::default()
    };
    if !has_network(draft, &end, service) {
        second_service::create(draft, &end, service, &old, &facing);
    }
}

/// The ports on which the load balancer of a Service ends TLS.
fn ended(service: Option<&Service>) -> Vec<Listener> {
    let Some(service) = service else {
        return Vec::new();
    };
    let Some(request) = service.load_balancer.as_deref() else {
        return Vec::new();
    };
    let certificate = request.certificate(&service.ports);
    let ports = service
        .ports
        .iter()
        .filter(|port| certificate.applies(port));
    ports
        .map(|port| Listener {
            port: port.port,
            is_tls: true,
        })
        .collect()
}

#[derive(Clone)]
struct Repair<'r> {
    rule: RuleCode,
    place: &'static [&'static str],
    service: Option<&'r Service>,
    /// Whether targets are Pods.
    has_ip_targets: bool,
}

impl Repair<'_> {
    fn get<'o>(&self, object: &'o Value, name: &str) -> Option<&'o str> {
        let key = key(name);
        text(at(object, self.place)?, &[&key])
    }

    fn set(&self, object: &mut Value, name: &str, value: &str) {
        let key = key(name);
        set(object, &[self.place, &[&key]].concat(), value);
    }

    fn unset(&self, object: &mut Value, name: &str) {
        let key = key(name);
        unset(object, &[self.place, &[&key]].concat());
    }

    fn apply(&self, object: &mut Value) -> Vec<String> {
        match self.rule {
            RuleCode::L7G004 => {
                let value = self.get(object, "type").unwrap_or_default().trim();
                if matches!(&*value.to_lowercase(), "alb" | "application") {
                    self.unset(object, "type");
                }
                vec!["No controller knows the value, and the load balancer is built as without it: who builds it does not change.".to_owned()]
            }
            RuleCode::L7G101 => {
                self.set(object, "backend-protocol", "tcp");
                vec!["The listeners become TCP; the Classic Load Balancer itself stays until DNS has moved. TCP listeners hide the client's address, so move DNS first.".to_owned()]
            }
            RuleCode::L7G102 => self.pass_tls_through(object),
            _ => self.agree_on_health(object),
        }
    }

    fn pass_tls_through(&self, object: &mut Value) -> Vec<String> {
        let mut said = Vec::new();
        let plain: Vec<usize> = {
            let all = list(object, &["spec", "ports"]);
            let ended = ended(self.service);
            let is_tls = |port: &Value| {
                port["port"] == 443
                    || (port["port"] != 80
                        && ended.iter().any(|listener| port["port"] == listener.port))
            };
            (0..all.len())
                .filter(|at| is_tls(&all[*at]) && ports::is_plain(all, *at))
                .collect()
        };
        for at in plain {
            said.extend(ports::lead_to_tls(object, at));
        }
        for name in ["ssl-cert", "ssl-ports"] {
            self.unset(object, name);
        }
        if matches!(
            self.get(object, "backend-protocol"),
            Some("http" | "https" | "ssl")
        ) {
            self.unset(object, "backend-protocol");
        }
        said
    }

    /// The health check asks the status port, where the load balancer can name it; else it falls back to TCP on the
    /// traffic port.
    fn agree_on_health(&self, object: &mut Value) -> Vec<String> {
        let status = if self.has_ip_targets {
            Some(STATUS_PORT.to_string())
        } else {
            self.status_on_nodes(object)
        };
        let Some(status) = status else {
            for name in [
                "healthcheck-protocol",
                "healthcheck-port",
                "healthcheck-path",
            ] {
                self.unset(object, name);
            }
            return vec!["Targets are nodes and the status port's node port is not known: the load balancer's own check by TCP agrees with the gateway.".to_owned()];
        };
        for (name, value) in [
            ("healthcheck-protocol", "http"),
            ("healthcheck-port", &*status),
            ("healthcheck-path", "/healthz/ready"),
        ] {
            let is_known = self
                .get(object, name)
                .is_some_and(|known| known.eq_ignore_ascii_case(value));
            if !is_known {
                self.set(object, name, value);
            }
        }
        vec![format!(
            "The health check asks the gateway's status port ({status}) for /healthz/ready."
        )]
    }

    /// How the status port is named where targets are nodes: by the port's name to the AWS Load Balancer Controller, by its
    /// node port to the cloud provider.
    fn status_on_nodes(&self, object: &Value) -> Option<String> {
        let service = self.service?;
        let leads = |port: &&crate::objects::service::ServicePort| {
            port.target == crate::objects::service::TargetPort::Number(STATUS_PORT)
        };
        let port = service.ports.iter().find(leads)?;
        let is_controllers = at(object, &["spec", "loadBalancerClass"]).is_some()
            || matches!(self.get(object, "type"), Some("external" | "nlb-ip"));
        if is_controllers && !port.name.is_empty() {
            return Some(port.name.to_string());
        }
        port.node_port.map(|port| port.to_string())
    }
}

/// Where the certificate goes, with its name.
fn certificate(object: &Value, place: &[&str]) -> String {
    let key = key("ssl-cert");
    let name = at(object, place)
        .and_then(|annotations| text(annotations, &[&key]))
        .unwrap_or_default();
    format!(
        "TLS ends at the gateway now. The certificate {name} moves there: a Secret with it is named by spec.servers[].tls.credentialName of the Istio Gateway (of a Gateway API Gateway by spec.listeners[].tls.certificateRefs); that has to be in place before this change is applied."
    )
}
