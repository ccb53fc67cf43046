//! `explain`: pages of rules, and the way that traffic takes.

use super::terminal::{on_terminal, plain};
use super::{Ended, directory, l7guard, path, run, run_with_input};

const QUICKSTART: [&str; 2] = ["-f", "examples/quickstart"];

fn explain(subject: &str, more: &[&str]) -> Ended {
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
fn an_application_behind_an_alb_is_fine() {
    let ended = explain("ingress/shop", &QUICKSTART);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("Layer 7 happens once"),
        "{}",
        ended.stdout
    );
    assert!(!ended.stdout.contains('!'), "{}", ended.stdout);
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
fn an_object_that_is_not_there_is_an_error_that_says_what_is() {
    for (subject, more, answer) in [
        (
            "ingress/egde",
            &QUICKSTART[..],
            "did you mean:\n  Ingress/edge -n istio-system\n",
        ),
        (
            "ingress/x",
            &QUICKSTART,
            "of that kind there is:\n  Ingress/edge -n istio-system\n",
        ),
        (
            "ingress/edge",
            &["-n", "shop", "-f", "examples/quickstart"],
            "no ingress/edge -n shop in these files; there is:\n  Ingress/edge -n istio-system\n",
        ),
        ("httproute/x", &QUICKSTART, "nothing of that kind is"),
        (
            "configmap/x",
            &QUICKSTART,
            "l7guard reads no kind \"configmap\"; it reads DaemonSet, ",
        ),
        ("ingress/edge", &[], "-f manifests/"),
    ] {
        let ended = explain(subject, more);
        assert_eq!(ended.status, 2, "{subject}");
        assert_eq!(ended.stdout, "", "{subject}");
        assert!(ended.stderr.contains(answer), "{subject}: {}", ended.stderr);
    }
}

#[test]
fn one_of_several_has_to_be_named() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: edge, namespace: NS}\nspec: {}\n---\n";
    let gateways = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: a}
spec: {selector: {istio: x}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: a}
spec: {gatewayClassName: istio}
";
    let text = [
        &ingress.replace("NS", "a"),
        &ingress.replace("NS", "b"),
        gateways,
    ]
    .concat();
    let ask = |subject: &str, more: &[&str]| {
        run_with_input(&[&["explain", subject, "-f", "-"], more].concat(), &text)
    };
    let several = ask("ingress/edge", &[]);
    assert_eq!(several.status, 2);
    assert!(
        several
            .stderr
            .contains("say which:\n  Ingress/edge -n a\n  Ingress/edge -n b\n"),
        "{}",
        several.stderr
    );
    assert_eq!(ask("ingress/edge", &["-n", "b"]).status, 0);
    let several = ask("gateway/web", &["-n", "a"]);
    assert!(
        several
            .stderr
            .contains("\n  Gateway.networking.istio.io/web -n a\n"),
        "{}",
        several.stderr
    );
    assert_eq!(ask("gateway.networking.istio.io/web", &[]).status, 0);
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
    let screen = on_terminal(l7guard(&arguments), 60);
    assert!(screen.contains("\u{1b}["), "{screen}");
    insta::assert_snapshot!("traffic-60", plain(&screen));
    assert!(!run(&arguments).stdout.contains('\u{1b}'));
}
