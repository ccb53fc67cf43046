//! What a screen reader finds.

use super::browser::{DESK, Node, Page, View};
use super::{Case, worlds};

pub(crate) const CASES: &[Case] = &[
    (
        "accessibility::everything_is_said_in_text",
        everything_is_said_in_text,
    ),
    (
        "accessibility::landmarks_headings_and_tables_have_names",
        landmarks_headings_and_tables_have_names,
    ),
    (
        "accessibility::pictures_are_lists_of_stations",
        pictures_are_lists_of_stations,
    ),
    (
        "accessibility::every_text_has_enough_contrast",
        every_text_has_enough_contrast,
    ),
];

fn of_role<'a>(nodes: &'a [Node], role: &str) -> Vec<&'a str> {
    let nodes = nodes.iter().filter(|node| node.role == role);
    nodes.map(|node| node.name.as_str()).collect()
}

fn everything_is_said_in_text() {
    let mut page = Page::open(&worlds::everything(), DESK);
    let text = page.evaluate("document.body.innerText");
    let text = text.as_str().unwrap();
    for said in [
        "1 finding would be refused, 1 warning, 1 in audit mode",
        "7 objects judged",
        "deny",
        "warn",
        "audit",
        "Ingress istio-system/denied would put an AWS Application Load Balancer (L7) in front of the Istio ingress gateway",
        "tests/fixtures/cli/everything/manifests/denied.yaml:13:23",
        "/spec/rules/0/http/paths/0/backend/service/name",
        "ingressClassName alb, a well-known name of an ALB's class (the IngressClass is not among these files)",
        "container \"istio-proxy\" runs `proxy router`",
        "Do not route the Ingress to the gateway; let the gateway's Service ask for a Network Load Balancer (L4) instead.",
        "path: \"/spec/ports/-\"",
        "likely: an object that would prove it is not visible here.",
        "would deny",
        "Enforced, the rule refuses this object.",
        "Exemptions of tests/fixtures/cli/everything/l7guard.yaml cover these findings.",
        "Ingress istio-system/exempt",
        "waf-at-the-edge",
        "The WAF rules move to the mesh with the next release.",
        "team-edge@example.com, ticket EDGE-17",
        "tests/fixtures/cli/everything/manifests/exempt.yaml:",
        "until 2099-12-31",
        "days left",
        "Ingress shop/open makes an ALB route to Service shop/nobody-knows: the Service is not among these files",
        "tests/fixtures/cli/everything/missing.yaml",
        "`{` is never closed",
        "tests/fixtures/cli/everything/manifests/template.yaml:4:9",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
    let mut innocent = Page::open(&worlds::innocent(), DESK);
    let text = innocent.evaluate("document.body.innerText");
    let sentence =
        "No load balancer that works on Layer 7 is in front of an Istio ingress gateway.";
    assert!(text.as_str().unwrap().contains(sentence), "{text}");
}

fn landmarks_headings_and_tables_have_names() {
    let nodes = Page::open(&worlds::everything(), DESK).accessible();
    for (role, count) in [("banner", 1), ("main", 1), ("contentinfo", 1)] {
        assert_eq!(of_role(&nodes, role).len(), count, "{role}");
    }
    assert_eq!(of_role(&nodes, "navigation"), ["Summary"]);
    let regions = of_role(&nodes, "region");
    for name in [
        "Not readable",
        "Findings",
        "Exempt",
        "Unresolved",
        "Notes",
        "Deployment istio-system/istio-ingressgateway",
    ] {
        assert!(regions.contains(&name), "{name} in {regions:?}");
    }
    assert_eq!(
        of_role(&nodes, "table"),
        ["Findings by gateway", "Findings by rule"]
    );
    let articles = of_role(&nodes, "article");
    assert_eq!(articles.len(), 3);
    assert_eq!(
        articles[0],
        "deny L7G001 Ingress istio-system/denied to istio-system/istio-ingressgateway"
    );
    // A level is never left out on the way down, and there is one first one.
    let levels: Vec<u64> = nodes
        .iter()
        .filter(|node| node.role == "heading")
        .filter_map(|node| node.level)
        .collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert_eq!(levels[0], 1);
    for pair in levels.windows(2) {
        assert!(pair[1] <= pair[0] + 1, "{levels:?}");
    }
    assert_eq!(levels.iter().max(), Some(&5));
    for role in ["link", "button", "searchbox", "DisclosureTriangle"] {
        let names = of_role(&nodes, role);
        assert!(
            !names.is_empty() && !names.contains(&""),
            "{role}: {names:?}"
        );
    }
    assert!(of_role(&nodes, "button").contains(&"Copy the changes of Ingress istio-system/denied"));
}

fn pictures_are_lists_of_stations() {
    let mut page = Page::open(&worlds::everything(), DESK);
    let lists = of_role_owned(&page.accessible(), "list");
    assert!(lists.contains(&"The path as it is".to_owned()), "{lists:?}");
    let stations = page.evaluate(
        "Array.from(document.querySelectorAll('#finding-1 .picture'), (picture) => \
           Array.from(picture.querySelectorAll('li'), (station) => station.innerText.replace(/\\s+/g, ' ')).join(' > ')\
         ).join(' | ')",
    );
    assert_eq!(
        stations,
        "Client > L7 Application Load Balancer Ingress istio-system/denied Layer 7 for the first time > \
         L4 Service istio-system/istio-ingressgateway > \
         L7 Istio ingress gateway Deployment istio-system/istio-ingressgateway Layer 7 for the second time > Application | \
         Client > L4 Network Load Balancer > L4 Service istio-system/istio-ingressgateway > \
         L7 Istio ingress gateway Deployment istio-system/istio-ingressgateway > Application"
    );
}

fn of_role_owned(nodes: &[Node], role: &str) -> Vec<String> {
    of_role(nodes, role)
        .into_iter()
        .map(str::to_owned)
        .collect()
}

/// WCAG 2.2, success criterion 1.4.3: 4.5 to 1. Grounds are of one colour, so the nearest one that is not transparent counts.
const CONTRAST: &str = "(() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(`${ratio.toFixed(2)} ${element.className}: ${texts.currentNode.data.trim()}`);
    seen += 1;
  }
  return seen < 100 ? 'few texts' : Array.from(poor).join('; ');
})()";

fn every_text_has_enough_contrast() {
    for is_dark in [false, true] {
        let mut page = Page::open(&worlds::everything(), View { is_dark, ..DESK });
        assert_eq!(page.evaluate(CONTRAST), "", "dark: {is_dark}");
        page.print();
        assert_eq!(page.evaluate(CONTRAST), "", "in print, dark: {is_dark}");
    }
}
