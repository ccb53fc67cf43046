//! The way that traffic takes to and from an object, drawn: every hop says on which layer it works, and where Layer 7
//! happens twice both hops are marked and the way it should be stands below.

use l7guard_policy::fronts::Provisioning;
use l7guard_policy::gateways::service::Backends;
use l7guard_policy::paths::{FrontPaths, Leg};

use super::diagnostic::Style;
use super::object_name;
use crate::visible_text::one_line;

/// A station on the way.
struct Station {
    /// What it is, with its layer.
    what: &'static str,
    /// Which object makes it so, and what proves it.
    because: String,
    /// Whether it is one of the two that work on Layer 7.
    is_twice: bool,
    /// Whether traffic takes it or the one before it, not both.
    is_alternative: bool,
}

impl Station {
    fn new(what: &'static str, because: impl Into<String>) -> Self {
        Self {
            what,
            because: because.into(),
            is_twice: false,
            is_alternative: false,
        }
    }
}

/// Draws every way that leads from a front.
#[must_use]
pub fn draw(paths: &FrontPaths<'_>, style: Style) -> String {
    let front = object_name(&paths.front.object.key);
    let (what, why) = match &paths.front.provisioning {
        Provisioning::Alb(proof) => ("ALB (L7)", proof.text.in_full()),
        Provisioning::Undecided => (
            "ALB (L7) or NLB (L4)",
            "nothing says whose target group it is",
        ),
        Provisioning::Unknown(reason) => ("unknown load balancer", reason.in_full()),
        Provisioning::Nothing => {
            return format!("{front} makes no AWS load balancer that works on Layer 7.\n");
        }
    };
    let entry = || Station::new(what, format!("{front}: {}", one_line(why)));
    let mut drawing = String::new();
    for leg in &paths.legs {
        draw_leg(&mut drawing, entry(), paths, leg, style);
    }
    for (_, group) in &paths.open_target_groups {
        let target = format!(
            "target group {}: nothing visible says what is behind it",
            one_line(group.as_str())
        );
        let way = [
            Station::new("Client", ""),
            entry(),
            Station::new("?", target),
        ];
        draw_way(&mut drawing, &way, style);
        drawing.push('\n');
    }
    if drawing.is_empty() {
        let way = [
            Station::new("Client", ""),
            entry(),
            Station::new("nowhere", ""),
        ];
        draw_way(&mut drawing, &way, style);
        drawing.push('\n');
    }
    drawing
}

fn draw_leg(
    drawing: &mut String,
    mut entry: Station,
    paths: &FrontPaths<'_>,
    leg: &Leg,
    style: Style,
) {
    let is_twice = paths.confidence(leg).is_some();
    entry.is_twice = is_twice;
    let mut way = vec![Station::new("Client", ""), entry];
    for hop in &leg.reach.services {
        let name = hop.key.qualified_name();
        let because = format!("{}: {}", one_line(&name), one_line(hop.evidence.in_full()));
        way.push(Station::new("Service (L4)", because));
    }
    let envoy = |because: String| Station {
        is_twice,
        ..Station::new("Istio Envoy (L7)", because)
    };
    match &leg.reach.backends {
        Backends::Gateways(gateways) => {
            way.extend(gateways.iter().enumerate().map(|(at, gateway)| {
                let evidence = one_line(gateway.evidence.text.in_full());
                Station {
                    is_alternative: at > 0,
                    ..envoy(format!("{}: {evidence}", object_name(&gateway.key)))
                }
            }));
        }
        Backends::Likely(hint) => {
            way.push(envoy(format!("likely: {}", one_line(hint.text.in_full()))));
        }
        Backends::Stated(hint) => way.push(envoy(one_line(hint.text.in_full()).into())),
        Backends::Unknown(reason) => way.push(Station::new("?", one_line(reason.in_full()))),
        Backends::Ordinary => {}
    }
    if !matches!(leg.reach.backends, Backends::Unknown(_)) {
        way.push(Station::new("application", ""));
    }
    draw_way(drawing, &way, style);
    let verdict: &[&str] = match &leg.reach.backends {
        _ if is_twice => &[
            "Layer 7 happens twice (!): at the load balancer and at Istio's Envoy. It should be:",
            "",
            "  Client ──▶ NLB (L4) ──▶ Istio Envoy (L7) ──▶ application",
        ],
        Backends::Ordinary => &["Layer 7 happens once: this is fine."],
        _ => &[],
    };
    if !verdict.is_empty() {
        drawing.push('\n');
    }
    for line in verdict {
        for line in style.wrap(line, "  ") {
            drawing.push_str(&line);
            drawing.push('\n');
        }
    }
    drawing.push('\n');
}

/// Draws stations from the top down, joined by arrows.
fn draw_way(drawing: &mut String, way: &[Station], style: Style) {
    for (at, station) in way.iter().enumerate() {
        if station.is_alternative {
            drawing.push_str("    or\n");
        } else if at > 0 {
            drawing.push_str("    │\n    ▼\n");
        }
        let mark = if station.is_twice { "!" } else { " " };
        let what = format!("{mark} {}", station.what);
        let line = format!("{what:<22} {}", station.because);
        for (at, line) in style.wrap(line.trim_end(), "      ").iter().enumerate() {
            let (head, rest) = match line.strip_prefix(&what) {
                Some(rest) if at == 0 && station.is_twice => (style.alarm(&what), rest),
                _ => (String::new(), line.as_str()),
            };
            drawing.push_str(&head);
            drawing.push_str(rest);
            drawing.push('\n');
        }
    }
}
