//! The way that traffic takes to and from an object, drawn: every Layer-7 hop is marked, and where there are two the
//! way it should be stands below.

use std::fmt::Write as _;

use l7guard_policy::fronts::Making;
use l7guard_policy::gateways::service::Behind;
use l7guard_policy::paths::{FrontPaths, Leg};

use super::{object_name, one_line};

/// Draws every way that leads from a front.
#[must_use]
pub fn draw(paths: &FrontPaths<'_>) -> String {
    let mut drawing = String::new();
    let front = object_name(&paths.front.object.key);
    let (entry, why) = match &paths.front.making {
        Making::Alb(proof) => ("ALB (L7)", proof.text.clone()),
        Making::Undecided => (
            "ALB (L7) or NLB (L4)",
            "nothing says whose target group it is".to_owned(),
        ),
        Making::Unknown(reason) => ("unknown load balancer", reason.clone()),
        Making::Nothing => {
            return format!("{front} makes no AWS load balancer that works on Layer 7.\n");
        }
    };
    let entry = format!("{entry:<20} {front}: {}", one_line(&why));
    for leg in &paths.legs {
        draw_leg(&mut drawing, &entry, paths, leg);
    }
    for (_, group) in &paths.open_target_groups {
        let target = format!("target group {}", one_line(group.as_str()));
        let lines = [
            "Client".to_owned(),
            entry.clone(),
            format!(
                "{:<20} {target}: nothing visible says what is behind it",
                "?"
            ),
        ];
        drawing.push_str(&chain(&lines));
        drawing.push('\n');
    }
    if drawing.is_empty() {
        let _ = writeln!(drawing, "{entry}\n\nIt routes nowhere.");
    }
    drawing
}

fn draw_leg(drawing: &mut String, entry: &str, paths: &FrontPaths<'_>, leg: &Leg) {
    let mut lines = vec!["Client".to_owned(), entry.to_owned()];
    for hop in &leg.reach.services {
        lines.push(format!(
            "{:<20} {}: {}",
            "Service (L4)",
            one_line(&hop.key.qualified_name()),
            one_line(&hop.evidence)
        ));
    }
    match &leg.reach.behind {
        Behind::Gateways(gateways) => {
            for gateway in gateways {
                lines.push(format!(
                    "{:<20} {}: {}",
                    "Istio Envoy (L7)",
                    object_name(&gateway.key),
                    one_line(&gateway.evidence.text)
                ));
            }
            lines.push("application".to_owned());
        }
        Behind::Likely(hint) => {
            lines.push(format!(
                "{:<20} likely: {}",
                "Istio Envoy (L7)",
                one_line(&hint.text)
            ));
            lines.push("application".to_owned());
        }
        Behind::Ordinary => lines.push("application".to_owned()),
        Behind::Unknown(reason) => lines.push(format!("{:<20} {}", "?", one_line(reason))),
    }
    drawing.push_str(&chain(&lines));
    if paths.confidence(leg).is_some() {
        drawing.push_str(
            "\nLayer 7 happens twice: at the ALB and at Istio's Envoy. It should be:\n\n  \
             Client ──▶ NLB (L4) ──▶ Istio Envoy (L7) ──▶ application\n",
        );
    }
    drawing.push('\n');
}

/// Lines joined by arrows.
fn chain(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}\n")).collect();
    lines.join("    │\n    ▼\n")
}
