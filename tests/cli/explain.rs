//! `explain`: pages of rules, and the way that traffic takes.

use std::fs::File;

use l7guard::snapshot::{Header, Lines, SnapshotWriter};

use super::terminal::{on_terminal, plain};
use super::{Ended, directory, l7guard, path, run, run_with_input};

pub(crate) const QUICKSTART: [&str; 2] = ["-f", "examples/quickstart"];

pub(crate) fn explain(subject: &str, more: &[&str]) -> Ended {
    run(&[&["explain", subject], more].concat())
}

#[test]
fn the_page_of_a_rule_is_printed_by_code_or_name() {
    let by_code = explain("l7g001", &[]);
    assert_eq!(by_code.status, 0);
    assert!(by_code.stdout.starts_with("# L7G001: alb-ingress"));
    assert_eq!(explain("alb-ingress", &[]).stdout, by_code.stdout);
    let unknown = explain("L7G999", &[]);
    assert_eq!(unknown.status, 2);
    assert!(unknown.stderr.contains("L7G001"), "{}", unknown.stderr);
}

#[test]
fn the_way_from_a_front_and_to_a_gateway_is_the_same_and_marked_where_layer_7_happens_twice() {
    let from_front = explain("ingress/edge", &QUICKSTART);
    assert_eq!(from_front.status, 0, "{}", from_front.stderr);
    insta::assert_snapshot!("traffic", from_front.stdout);
    for other in [
        "Deployment/istio-ingressgateway",
        "deploy/istio-ingressgateway",
        "svc/istio-ingressgateway",
        "services/istio-ingressgateway",
        "ingresses.networking.k8s.io/edge",
    ] {
        assert_eq!(
            explain(other, &QUICKSTART).stdout,
            from_front.stdout,
            "{other}"
        );
    }
}

#[test]
fn an_application_behind_an_alb_is_not_called_fine() {
    for subject in ["ingress/shop", "svc/shop", "deploy/shop"] {
        let ended = explain(subject, &QUICKSTART);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        let verdict = "No Istio gateway is on this way, so l7guard refuses nothing.";
        assert!(
            ended.stdout.contains(verdict),
            "{subject}: {}",
            ended.stdout
        );
        for word in ["!", "fine", "as it should be"] {
            assert!(!ended.stdout.contains(word), "{}", ended.stdout);
        }
    }
}

/// A router with this label, and a Service before it.
fn gateway(label: &str, service: &str) -> String {
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: gateway, namespace: mesh}}
spec:
  selector: {{matchLabels: {{istio: {label}}}}}
  template:
    metadata: {{labels: {{istio: {label}}}}}
    spec: {{containers: [{{name: istio-proxy, image: istio/proxyv2, args: [proxy, router]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: gateway, namespace: mesh{service}}}
---
"
    )
}

/// An Ingress to that Service, or to another one.
fn ingress(class: &str, service: &str) -> String {
    format!(
        "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: edge, namespace: mesh, annotations: {{alb.ingress.kubernetes.io/scheme: internal}}}}
spec: {{{class}defaultBackend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}
---
"
    )
}

#[test]
fn a_gateway_that_the_policy_does_not_ask_about_is_drawn() {
    for (label, words) in [
        ("egressgateway", "an Istio egress gateway"),
        ("eastwestgateway", "an Istio east-west gateway"),
    ] {
        let service = format!("}}\nspec: {{selector: {{istio: {label}}}, ports: [{{port: 80}}]");
        let world = gateway(label, &service) + &ingress("ingressClassName: alb, ", "gateway");
        for subject in ["ing/edge", "svc/gateway", "deploy/gateway"] {
            let ended = run_with_input(&["explain", subject, "-f", "-"], &world);
            let shown = &ended.stdout;
            let verdict = format!(
                "Layer 7 happens twice (!): at the load balancer and at {words}. l7guard refuses nothing here"
            );
            assert!(
                shown.contains(&verdict),
                "{subject}: {shown}{}",
                ended.stderr
            );
            assert_eq!(shown.matches("\n! ").count(), 2, "{shown}");
        }
    }
}

#[test]
fn the_load_balancer_that_a_service_asks_for_itself_is_drawn() {
    let service = |annotations: &str, more: &str| {
        let service = format!(
            ", annotations: {{{annotations}}}}}\nspec: {{type: LoadBalancer, {more}selector: {{istio: ingressgateway}}, ports: [{{port: 80}}]"
        );
        gateway("ingressgateway", &service)
    };
    let prefix = "service.beta.kubernetes.io/aws-load-balancer";
    for (annotations, more, station, verdict) in [
        (
            format!("{prefix}-backend-protocol: http"),
            "",
            "\n! Classic ELB (L7)     Service mesh/gateway: ",
            "Layer 7 happens twice (!)",
        ),
        (
            String::new(),
            "",
            "\n  Classic ELB (L4)     Service mesh/gateway: ",
            "Layer 7 happens once, at Istio's Envoy",
        ),
        (
            format!("{prefix}-type: nlb"),
            "",
            "\n  NLB (L4)             Service mesh/gateway: ",
            "Layer 7 happens once, at Istio's Envoy",
        ),
        (
            String::new(),
            "loadBalancerClass: example.com/own, ",
            "\n  unknown load balancer Service mesh/gateway: ",
            "It cannot be told whether Layer 7 happens twice",
        ),
    ] {
        let world = service(&annotations, more);
        for subject in ["svc/gateway", "deploy/gateway"] {
            let ended = run_with_input(&["explain", subject, "-f", "-"], &world);
            let shown = &ended.stdout;
            assert!(
                shown.contains(station),
                "{station}: {shown}{}",
                ended.stderr
            );
            assert!(shown.contains(verdict), "{verdict}: {shown}");
        }
    }
}

#[test]
fn what_is_not_known_is_not_called_fine() {
    let outside = "apiVersion: v1\nkind: Service\nmetadata: {name: out, namespace: mesh}\nspec: {type: ExternalName, externalName: example.com}\n---\n";
    for (world, verdict) in [
        // No class, beside annotations of an ALB.
        (
            ingress("", "istio-ingressgateway"),
            "It cannot be told whether Layer 7 happens twice",
        ),
        (
            ingress("ingressClassName: alb, ", "unknown"),
            "It cannot be told whether a gateway is behind this Service",
        ),
        (
            ingress("ingressClassName: alb, ", "out") + outside,
            "The way leaves the cluster",
        ),
    ] {
        let ended = run_with_input(&["explain", "ing/edge", "-f", "-"], &world);
        assert!(ended.stdout.contains(verdict), "{}", ended.stdout);
        assert!(!ended.stdout.contains("happens once"), "{}", ended.stdout);
    }
    let ended = run_with_input(
        &["explain", "ing/edge", "-f", "-"],
        &(ingress("ingressClassName: alb, ", "out") + outside),
    );
    assert!(
        ended.stdout.contains("\n  outside the cluster\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn what_no_alb_leads_to_is_said_to_be_so() {
    let ended = explain(
        "deploy/istio-ingressgateway",
        &["-f", "examples/quickstart/world"],
    );
    assert_eq!(ended.status, 0);
    assert!(
        ended.stdout.starts_with("No AWS load balancer"),
        "{}",
        ended.stdout
    );
}

#[test]
fn gateways_behind_one_service_are_alternatives_and_no_chain() {
    let gateway = "\
apiVersion: v1
kind: Pod
metadata: {name: NAME, labels: {istio: ingressgateway}}
spec: {containers: [{name: istio-proxy, image: istio/proxyv2, args: [proxy, router]}]}
---
";
    let world = "\
apiVersion: v1
kind: Service
metadata: {name: gateway}
spec: {selector: {istio: ingressgateway}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge}
spec:
  ingressClassName: alb
  defaultBackend: {service: {name: gateway, port: {number: 80}}}
";
    let text = [
        &gateway.replace("NAME", "a"),
        &gateway.replace("NAME", "b"),
        world,
    ]
    .concat();
    let ended = run_with_input(&["explain", "ing/edge", "-f", "-"], &text);
    let shown = &ended.stdout;
    assert!(
        shown.contains("\n    or\n! Istio Envoy (L7)"),
        "{shown}{}",
        ended.stderr
    );
}

#[test]
fn a_broken_file_is_an_error_beside_the_drawing() {
    let files = directory(&[("broken.yaml", "kind: [\n")]);
    let ended = explain(
        "ingress/edge",
        &["-f", "examples/quickstart", "-f", path(files.path())],
    );
    assert_eq!(ended.status, 2);
    assert!(
        ended.stdout.contains("Layer 7 happens twice"),
        "{}",
        ended.stdout
    );
    assert!(ended.stderr.contains("broken.yaml:1:7"), "{}", ended.stderr);
}

#[test]
fn the_drawing_fits_a_narrow_terminal_and_is_coloured_on_a_terminal_alone() {
    let arguments = ["explain", "ingress/edge", "-f", "examples/quickstart"];
    for columns in [60, 100, 160] {
        let screen = on_terminal(l7guard(&arguments), columns);
        let shown = plain(&screen);
        insta::assert_snapshot!(format!("traffic-{columns}"), shown);
        // Continuation lines keep their column.
        let reasons = shown.lines().filter(|line| line.starts_with("       "));
        for line in reasons {
            assert!(line.starts_with(&" ".repeat(23)), "{columns}: {line:?}");
            assert!(!line[23..].starts_with(' '), "{columns}: {line:?}");
        }
        // Where Layer 7 happens twice shows in colour, too.
        for what in [
            "! ALB (L7)",
            "! Istio Envoy (L7)",
            "Layer 7 happens twice (!)",
        ] {
            let at = screen.find(what).unwrap();
            assert!(screen[..at].ends_with('m'), "{columns}: {what}: {screen:?}");
        }
    }
    let without = run(&arguments).stdout;
    assert_eq!(without.matches("\n! ").count(), 2, "{without}");
    assert!(!without.contains('\u{1b}'));
}

/// The changes that a text shows, from the first one on.
fn changes(text: &str) -> &str {
    let from = text.find("\n# 1. ").map(|at| &text[at..]).unwrap();
    // The summary of a report stands below them.
    from.rsplit_once("\n\n").map_or(from, |(changes, last)| {
        if last.contains(" denied, ") {
            changes
        } else {
            from
        }
    })
}

#[test]
fn what_repairs_an_object_is_shown_whole_as_check_shows_it() {
    let checked = run(&["check", "examples/quickstart"]);
    let wanted = changes(&checked.stdout).trim_end();
    assert!(
        wanted.contains("\n  loadBalancerClass: service.k8s.aws/nlb\n"),
        "{wanted}"
    );
    for subject in [
        "ingress/edge",
        "svc/istio-ingressgateway",
        "deploy/istio-ingressgateway",
    ] {
        let explained = explain(subject, &QUICKSTART).stdout;
        assert_eq!(changes(&explained).trim_end(), wanted, "{subject}");
        // No cluster holds the files.
        assert!(!explained.contains("kubectl"), "{explained}");
    }
}

#[test]
fn where_nothing_can_be_changed_the_reason_stands() {
    let binding = "\
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: front, namespace: mesh}
spec: {targetGroupARN: a, serviceRef: {name: gateway, port: 80}}
";
    let world = gateway(
        "ingressgateway",
        "}\nspec: {selector: {istio: ingressgateway}, ports: [{port: 80}]",
    ) + binding;
    let ended = run_with_input(&["explain", "tgb/front", "-f", "-"], &world);
    assert!(
        ended.stdout.contains("[L7G103]"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    assert!(
        ended.stdout.contains("o changes are written out: "),
        "{}",
        ended.stdout
    );
}

/// A snapshot of a cluster is as good as its files, and no state that a command could change.
#[test]
fn an_object_of_a_snapshot_is_explained() {
    let objects = [
        r#"{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "edge", "namespace": "mesh"},
            "spec": {"ingressClassName": "alb", "defaultBackend": {"service": {"name": "gateway", "port": {"number": 80}}}}}"#,
        r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "gateway", "namespace": "mesh"},
            "spec": {"selector": {"istio": "ingressgateway"}, "ports": [{"port": 80}]}}"#,
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prod.world");
    let header = Header::new("prod", "2026-01-01T00:00:00Z".to_owned());
    let mut writer = SnapshotWriter::new(File::create(&file).unwrap(), &header).unwrap();
    for object in objects {
        writer.put(serde_json::from_str(object).unwrap()).unwrap();
    }
    writer.finish().unwrap();
    let ended = explain("ingress/edge", &["--world", path(&file)]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for part in [
        "Layer 7 happens twice",
        "[L7G001]",
        "\n# 1. change Service mesh/gateway",
        "\n# 2. remove Ingress mesh/edge\n",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("kubectl"), "{}", ended.stdout);
    let missing = explain("ingress/other", &["--world", path(&file)]);
    assert_eq!(missing.status, 2);
    let wanted = "there is no ingress/other in this cluster";
    assert!(missing.stderr.contains(wanted), "{}", missing.stderr);
}
