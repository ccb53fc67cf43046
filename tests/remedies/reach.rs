//! Every port of a front that reached a gateway reaches it afterwards, through a load balancer of layer 4.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::{Action, Change};
use crate::fault::Faults;
use crate::front::Listener;
use crate::gateway::Gateway;
use crate::load_balancer::{LoadBalancer, Mutator, Port, setting, words};
use crate::manifests::{Identity, Manifests, text};
use crate::subject::Subject;

/// What must be reached, and by which certificates it was encrypted.
pub(crate) struct Reached {
    pub(crate) listeners: BTreeSet<Listener>,
    certificates: BTreeSet<String>,
}

impl Reached {
    /// The ports of a finding's front, or of the load balancer of a finding's Service.
    pub(crate) fn of(subject: &Subject<'_>, before: &Manifests) -> Self {
        let front = &subject.front;
        let Some(object) = before.get(&subject.finding.object) else {
            return Self {
                listeners: BTreeSet::new(),
                certificates: BTreeSet::new(),
            };
        };
        match text(&object["kind"]) {
            "Service" => Self::of_service(object),
            "TargetGroupBinding" => {
                let port = object["spec"]["serviceRef"]["port"]
                    .as_u64()
                    .filter(|port| subject.gateway.has_port(*port, before));
                let listener = port.map(|port| Listener {
                    port,
                    is_tls: false,
                });
                Self {
                    listeners: listener.into_iter().collect(),
                    certificates: BTreeSet::new(),
                }
            }
            _ => Self {
                listeners: front.listeners.clone(),
                certificates: front.certificates.clone(),
            },
        }
    }

    fn of_service(service: &Value) -> Self {
        let ports = LoadBalancer::of(service, Mutator::Absent).map(|balancer| balancer.ports);
        let ports = ports.unwrap_or_default();
        let certificates =
            setting(service, "ssl-cert").filter(|_| ports.iter().any(|port| port.ends_tls));
        let listeners = ports.iter().map(|port| Listener {
            port: port.number,
            is_tls: port.ends_tls,
        });
        Self {
            listeners: listeners.collect(),
            certificates: certificates.map(words).unwrap_or_default(),
        }
    }
}

pub(crate) fn faults(
    subject: &Subject<'_>,
    reached: &Reached,
    after: &Manifests,
    changes: &[Change],
) -> Faults {
    let mut faults = Faults::default();
    let (finding, gateway) = (subject.finding, &subject.gateway);
    if gateway.is_local(after) {
        return faults;
    }
    for listener in &reached.listeners {
        let place = format!("{} port {}", finding.object, listener.port);
        let ports = ports(after, gateway, listener.port);
        faults.require(!ports.is_empty(), "a port is not reached any more", &place);
        let is_plain = ports
            .iter()
            .all(|(port, others)| leads_to_plain(port, others));
        // TLS on a port of plain text was nothing that a client could rely on.
        let is_meant = listener.is_tls && !matches!(listener.port, 80 | 8080 | 15021);
        if is_meant && !ports.is_empty() {
            faults.require(!is_plain, "TLS ends on a plain-text port", &place);
        }
    }
    let why: Vec<String> = changes
        .iter()
        .flat_map(Change::with_effect)
        .map(|change| format!("{} {:?}", change.why, change.patch))
        .collect();
    let why = why.join("\n");
    let names_place = why.contains("credentialName") || why.contains("certificateRefs");
    for certificate in &reached.certificates {
        let is_said = why.contains(certificate) && names_place;
        faults.require(
            is_said,
            "a certificate whose place is not said",
            certificate,
        );
    }
    faults
}

/// The ports of this number of the load balancers of layer 4 that lead to a gateway, each with its Service's others.
fn ports(world: &Manifests, gateway: &Gateway, number: u64) -> Vec<(Port, Vec<Port>)> {
    let services = world
        .services()
        .filter(|service| gateway.is_served_by(service));
    services
        .filter_map(|service| {
            let balancer = LoadBalancer::of(service, Mutator::Absent)?;
            let port = balancer.port(number).filter(|port| !port.is_http)?.clone();
            Some((port, balancer.ports))
        })
        .collect()
}

fn leads_to_plain(port: &Port, others: &[Port]) -> bool {
    let is_plain_number = matches!(port.target.as_u64(), Some(80 | 8080));
    let is_plain_name = matches!(text(&port.target), "http" | "http2");
    let shares = others
        .iter()
        .any(|other| other.number == 80 && port.number != 80 && other.target == port.target);
    // Where a load balancer that stands ends TLS, clients speak TLS to it.
    !port.ends_tls && (is_plain_number || is_plain_name || shares)
}

/// A load balancer that was there before and does it all: then none is made beside it, and it is named.
pub(crate) fn doubled(
    subject: &Subject<'_>,
    subjects: &[Subject<'_>],
    before: &Manifests,
    changes: &[Change],
) -> Faults {
    let mut faults = Faults::default();
    let gateway = &subject.gateway;
    let reached = Reached::of(subject, before);
    let standing = before.services().find(|service| {
        let Some(balancer) = LoadBalancer::of(service, Mutator::Absent) else {
            return false;
        };
        let has_port = |listener: &Listener| {
            balancer
                .port(listener.port)
                .is_some_and(|port| !port.is_http && (!listener.is_tls || !port.ends_tls))
        };
        gateway.is_served_by(service)
            && balancer.exposure.is_internet_facing >= subject.front.exposure.is_internet_facing
            && setting(service, "type") != Some("alb")
            && reached.listeners.iter().all(has_port)
    });
    let is_front = subject.has_front();
    let Some(service) = standing.filter(|_| is_front && !reached.listeners.is_empty()) else {
        return faults;
    };
    let name = text(&service["metadata"]["name"]);
    // A list that is about the load balancer too may have reasons to build another one.
    let is_faulty = subjects
        .iter()
        .any(|subject| subject.finding.object == Identity::of(service));
    let creates = changes
        .iter()
        .filter(|change| change.action == Action::Create)
        .filter_map(|change| change.object.as_ref())
        .any(|object| gateway.is_served_by(object));
    faults.require(is_faulty || !creates, "a second load balancer", name);
    let is_named = changes.iter().any(|change| change.why.contains(name));
    faults.require(
        is_named,
        "the load balancer that is there is not named",
        name,
    );
    faults
}
