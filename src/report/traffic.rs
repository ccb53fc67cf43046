//! The way that traffic takes to and from an object, drawn: every hop says on which layer it works, and where Layer 7
//! happens twice both hops are marked and the way it should be stands below. What is not known is said to be so.

use l7guard_policy::fronts::Provisioning;
use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::gateways::service::{Backends, ServiceTrace};
use l7guard_policy::objects::service::{LoadBalancerRequest, Service};
use l7guard_policy::paths::FrontPaths;
use l7guard_policy::rules::load_balancer::Built;

use super::diagnostic::Style;
use super::object_name;
use super::stations::{Station, draw_way};
use crate::visible_text::one_line;

/// What is behind one Service: as the policy asks about it, and with gateways of every kind.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    /// Gateways of the kinds that the configuration names.
    pub asked: &'a ServiceTrace,
    /// Gateways of every kind.
    pub wide: &'a ServiceTrace,
}

/// On which layer the first hop works.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layer {
    Seven,
    Four,
    Unknown,
}

/// Draws every way that leads from a front; `wide` are its paths to gateways of every kind, leg by leg.
#[must_use]
pub fn draw(paths: &FrontPaths<'_>, wide: &FrontPaths<'_>, style: Style) -> String {
    let front = object_name(&paths.front.object.key);
    let (what, layer, why) = match &paths.front.provisioning {
        Provisioning::Alb(proof) => ("ALB (L7)", Layer::Seven, proof.text.in_full()),
        Provisioning::Undecided => (
            "ALB (L7) or NLB (L4)",
            Layer::Unknown,
            "nothing says whose target group it is",
        ),
        Provisioning::Unknown(reason) => {
            ("unknown load balancer", Layer::Unknown, reason.in_full())
        }
        Provisioning::Nothing => {
            return format!("{front} makes no AWS load balancer that works on Layer 7.\n");
        }
    };
    let entry = || Station::new(what, format!("{front}: {}", one_line(why)));
    let mut drawing = String::new();
    for (leg, wide) in paths.legs.iter().zip(&wide.legs) {
        let trace = Trace {
            asked: &leg.reach,
            wide: &wide.reach,
        };
        draw_trace(&mut drawing, entry(), layer, trace, style);
    }
    for (_, group) in &paths.open_target_groups {
        let target = format!(
            "target group {}: nothing visible says what is behind it",
            one_line(group.as_str())
        );
        let way = [entry(), Station::new("?", target)];
        draw_way(&mut drawing, &way, style);
        drawing.push('\n');
    }
    if drawing.is_empty() {
        draw_way(&mut drawing, &[entry(), Station::new("nowhere", "")], style);
        drawing.push('\n');
    }
    drawing
}

/// Draws the way through the load balancer that a Service asks for itself.
#[must_use]
pub fn draw_own(
    service: &Service,
    request: &LoadBalancerRequest,
    trace: Trace<'_>,
    style: Style,
) -> String {
    let (what, layer, why) = match request.built(&service.ports) {
        Built::Network => ("NLB (L4)", Layer::Four, "a Network Load Balancer"),
        Built::Classic if request.has_http_listener(&service.ports) => (
            "Classic ELB (L7)",
            Layer::Seven,
            "no class and no type, so a Classic Load Balancer, with HTTP listeners by its backend-protocol",
        ),
        Built::Classic => (
            "Classic ELB (L4)",
            Layer::Four,
            "no class and no type, so a Classic Load Balancer, with TCP listeners",
        ),
        Built::Other => (
            "unknown load balancer",
            Layer::Unknown,
            "its class or type is none that l7guard knows, or nothing is built",
        ),
    };
    let name = trace
        .asked
        .services
        .first()
        .map(|hop| object_name(&hop.key));
    let because = format!("{}: {why}", name.unwrap_or_default());
    let mut drawing = String::new();
    draw_trace(
        &mut drawing,
        Station::new(what, because),
        layer,
        trace,
        style,
    );
    drawing
}

fn draw_trace(
    drawing: &mut String,
    mut entry: Station,
    layer: Layer,
    trace: Trace<'_>,
    style: Style,
) {
    let unasked = unasked_kind(trace);
    let shown = if unasked.is_some() {
        trace.wide
    } else {
        trace.asked
    };
    let is_twice = layer == Layer::Seven && shown.confidence().is_some();
    entry.is_twice = is_twice;
    let mut way = vec![entry];
    for hop in &shown.services {
        let name = hop.key.qualified_name();
        let because = format!("{}: {}", one_line(&name), one_line(hop.evidence.in_full()));
        way.push(Station::new("Service (L4)", because));
    }
    let what = unasked.map_or("Istio Envoy (L7)".to_owned(), |kind| {
        format!("Istio {} (L7)", in_words(kind))
    });
    way.extend(behind(shown, &what, is_twice));
    draw_way(drawing, &way, style);
    drawing.push('\n');
    let verdict = verdict(layer, shown, unasked);
    for line in style.wrap(&verdict, "  ") {
        drawing.push_str(&if is_twice { style.alarm(&line) } else { line });
        drawing.push('\n');
    }
    if is_twice && unasked.is_none() {
        drawing.push_str("\n  Client ──▶ NLB (L4) ──▶ Istio Envoy (L7) ──▶ application\n");
    }
    drawing.push('\n');
}

/// The kind of the gateway behind a Service that the policy does not ask about, if that is what is there.
fn unasked_kind(trace: Trace<'_>) -> Option<GatewayKind> {
    if trace.asked.backends == trace.wide.backends {
        return None;
    }
    let kind = match &trace.wide.backends {
        Backends::Gateways(gateways) => gateways.first().map(|gateway| gateway.evidence.kind),
        Backends::Likely(hint) | Backends::Stated(hint) => Some(hint.kind),
        Backends::Ordinary | Backends::Unknown(_) => None,
    };
    let is_known = matches!(trace.asked.backends, Backends::Ordinary);
    kind.filter(|_| is_known)
}

fn in_words(kind: GatewayKind) -> &'static str {
    match kind {
        GatewayKind::Ingress => "gateway",
        GatewayKind::Egress => "egress gateway",
        GatewayKind::EastWest => "east-west gateway",
    }
}

/// The stations behind the last Service.
fn behind(trace: &ServiceTrace, what: &str, is_twice: bool) -> Vec<Station> {
    let envoy = |because: String| Station {
        is_twice,
        ..Station::new(what, because)
    };
    let mut way: Vec<Station> = match &trace.backends {
        Backends::Gateways(gateways) => {
            let gateways = gateways.iter().enumerate();
            gateways
                .map(|(at, gateway)| {
                    let evidence = one_line(gateway.evidence.text.in_full());
                    Station {
                        is_alternative: at > 0,
                        ..envoy(format!("{}: {evidence}", object_name(&gateway.key)))
                    }
                })
                .collect()
        }
        Backends::Likely(hint) => {
            vec![envoy(format!("likely: {}", one_line(hint.text.in_full())))]
        }
        Backends::Stated(hint) => vec![envoy(one_line(hint.text.in_full()).into())],
        Backends::Unknown(reason) => vec![Station::new("?", one_line(reason.in_full()))],
        Backends::Ordinary => Vec::new(),
    };
    match &trace.backends {
        Backends::Unknown(_) => {}
        Backends::Ordinary if trace.service.is_none() => {
            way.push(Station::new("outside the cluster", ""));
        }
        _ => way.push(Station::new("application", "")),
    }
    way
}

/// What can be said of a way, and what cannot.
fn verdict(layer: Layer, trace: &ServiceTrace, unasked: Option<GatewayKind>) -> String {
    let is_gateway = trace.confidence().is_some();
    match (layer, &trace.backends) {
        (Layer::Seven, _) if is_gateway => match unasked {
            None => "Layer 7 happens twice (!): at the load balancer and at Istio's Envoy. It should be:".to_owned(),
            Some(kind) => format!(
                "Layer 7 happens twice (!): at the load balancer and at an Istio {}. l7guard refuses nothing here, as `istio.gatewayKinds` of the configuration does not ask about such gateways.",
                in_words(kind)
            ),
        },
        (Layer::Four, _) if is_gateway => {
            "Layer 7 happens once, at Istio's Envoy: this is as it should be.".to_owned()
        }
        (Layer::Unknown, _) if is_gateway => {
            "It cannot be told whether Layer 7 happens twice: that depends on the load balancer, which is not known here."
                .to_owned()
        }
        (_, Backends::Ordinary) if trace.service.is_none() => {
            "The way leaves the cluster: what is there is not known here.".to_owned()
        }
        (_, Backends::Ordinary) => {
            "No Istio gateway is on this way, so l7guard refuses nothing. It does not look at what else the workloads do with HTTP (nginx, a gateway of another vendor).".to_owned()
        }
        _ => "It cannot be told whether a gateway is behind this Service.".to_owned(),
    }
}
