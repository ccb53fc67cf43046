//! The picture of a path: the stations that traffic passes, each with the layer that it works on, as it is and as it should be.

use l7guard_policy::rules::{Finding, Hop, HopRole, RuleCode};

use super::shown::Shown;

/// A way from the client to the application.
pub(super) struct Picture {
    /// What the picture shows.
    pub(super) caption: &'static str,
    /// Stations in the order of the traffic.
    pub(super) stations: Vec<Station>,
}

/// Something that traffic passes.
#[derive(Default)]
pub(super) struct Station {
    /// What it is.
    pub(super) what: &'static str,
    /// The layer that it works on, `L4` or `L7`; empty where that says nothing.
    pub(super) layer: &'static str,
    /// The objects that make it so; traffic passes one of several.
    pub(super) objects: Vec<Shown>,
    /// What is to be known about it; empty if nothing.
    pub(super) remark: &'static str,
    /// Whether it is what the finding is about.
    pub(super) is_at_fault: bool,
}

impl Station {
    fn new(what: &'static str, layer: &'static str) -> Self {
        Self {
            what,
            layer,
            ..Self::default()
        }
    }

    fn remark(self, remark: &'static str) -> Self {
        Self { remark, ..self }
    }

    fn at_fault(self) -> Self {
        Self {
            is_at_fault: true,
            ..self
        }
    }

    fn of(self, objects: Vec<Shown>) -> Self {
        Self { objects, ..self }
    }
}

/// The path as it is.
pub(super) fn now(finding: &Finding) -> Picture {
    let mut stations = vec![Station::new("Client", "")];
    stations.push(load_balancer(finding.rule).of(objects(finding, HopRole::Front)));
    stations.extend(services(finding));
    match finding.rule {
        RuleCode::L7G105 => stations
            .push(Station::new("Target group", "").remark("what is behind it is not visible")),
        RuleCode::L7G106 => {
            stations.push(Station::new("Nothing", "").remark("the action cannot be read"));
        }
        rule => {
            let gateway = gateway(finding);
            stations.push(match rule {
                RuleCode::L7G102 | RuleCode::L7G104 => gateway,
                RuleCode::L7G103 => gateway
                    .at_fault()
                    .remark("Layer 7, perhaps for the second time"),
                _ => gateway.at_fault().remark("Layer 7 for the second time"),
            });
            stations.push(Station::new("Application", ""));
        }
    }
    Picture {
        caption: "The path as it is",
        stations,
    }
}

/// What stands in front of the gateway.
fn load_balancer(rule: RuleCode) -> Station {
    let alb = Station::new("Application Load Balancer", "L7");
    match rule {
        RuleCode::L7G001 | RuleCode::L7G002 | RuleCode::L7G003 => {
            alb.at_fault().remark("Layer 7 for the first time")
        }
        RuleCode::L7G004 => alb
            .at_fault()
            .remark("asked for by annotation; no controller builds it"),
        RuleCode::L7G101 => Station::new("Classic Load Balancer, HTTP", "L7")
            .at_fault()
            .remark("Layer 7 for the first time"),
        RuleCode::L7G102 => Station::new("Load balancer", "L4")
            .at_fault()
            .remark("TLS ends here, before Istio"),
        RuleCode::L7G103 => Station::new("ALB or NLB", "L7 or L4")
            .at_fault()
            .remark("the binding does not say which"),
        RuleCode::L7G104 => Station::new("Load balancer", "L4")
            .at_fault()
            .remark("its health check cannot agree with the gateway's"),
        RuleCode::L7G105 => alb.at_fault(),
        RuleCode::L7G106 => alb.at_fault().remark("not built as it is written"),
    }
}

/// The path as it should be; `None` where the finding does not tell what is meant.
pub(super) fn instead(finding: &Finding) -> Option<Picture> {
    let rule = finding.rule;
    if rule == RuleCode::L7G106 {
        return None;
    }
    let mut balancer = Station::new("Network Load Balancer", "L4");
    let mut gateway = gateway(finding);
    if rule == RuleCode::L7G102 {
        balancer = balancer.remark("passes TLS on");
        gateway = gateway.remark("TLS ends here");
    }
    if rule == RuleCode::L7G104 {
        balancer = balancer.remark("checks /healthz/ready on the gateway's status port");
    }
    let mut stations = vec![Station::new("Client", ""), balancer];
    stations.extend(services(finding));
    stations.push(gateway);
    stations.push(Station::new("Application", ""));
    let caption = match rule {
        RuleCode::L7G105 => "As it should be, if an Istio gateway is behind the target group",
        _ => "As it should be",
    };
    Some(Picture { caption, stations })
}

fn gateway(finding: &Finding) -> Station {
    Station::new("Istio ingress gateway", "L7").of(objects(finding, HopRole::Gateway))
}

/// Services by their names alone: the station says what they are.
fn services(finding: &Finding) -> impl Iterator<Item = Station> {
    let hops = finding.path.iter();
    let services = hops.filter(|hop| hop.role == HopRole::Service);
    services.map(|hop| {
        let name = Shown::line(hop.object.qualified_name());
        Station::new("Service", "L4").of(vec![name])
    })
}

/// The objects of the path that play this part.
fn objects(finding: &Finding, role: HopRole) -> Vec<Shown> {
    let hops = finding.path.iter().filter(|hop| hop.role == role);
    hops.map(|hop: &Hop| Shown::line(&hop.object)).collect()
}
