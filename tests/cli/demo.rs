use super::run;

#[test]
fn the_demo_shows_one_refusal_and_two_that_pass() {
    let ended = run(&["demo"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    // The port is whatever was free.
    let from = ended.stdout.find("127.0.0.1:").unwrap();
    let to = from + ended.stdout[from..].find('/').unwrap();
    let stable = format!("{}ADDRESS{}", &ended.stdout[..from], &ended.stdout[to..]);
    insta::assert_snapshot!("demo", stable);
}

#[test]
fn explain_prints_the_page_of_a_rule_by_code_or_name() {
    let by_code = run(&["explain", "l7g001"]);
    assert_eq!(by_code.status, 0);
    assert!(by_code.stdout.starts_with("# L7G001: alb-ingress"));
    assert_eq!(run(&["explain", "alb-ingress"]).stdout, by_code.stdout);
    let unknown = run(&["explain", "L7G999"]);
    assert_eq!(unknown.status, 2);
    assert!(unknown.stderr.contains("L7G001"), "{}", unknown.stderr);
}

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = run(&["completions", shell]);
        assert_eq!(ended.status, 0);
        assert!(ended.stdout.contains("l7guard"), "{shell}");
    }
}

#[test]
fn explain_draws_the_way_from_a_front_and_to_a_gateway() {
    let files = ["-f", "examples/quickstart", "-n", "istio-system"];
    let from_front = run(&[&["explain", "ingress/edge"], &files[..]].concat());
    assert_eq!(from_front.status, 0, "{}", from_front.stderr);
    insta::assert_snapshot!("traffic", from_front.stdout);
    let to_gateway = run(&[&["explain", "Deployment/istio-ingressgateway"], &files[..]].concat());
    assert_eq!(to_gateway.stdout, from_front.stdout);
    let unknown = run(&[&["explain", "Ingress/other"], &files[..]].concat());
    assert_eq!(unknown.status, 2);
}

#[test]
fn explain_says_when_no_alb_leads_to_an_object() {
    let ended = run(&[
        "explain",
        "Deployment/istio-ingressgateway",
        "-n",
        "istio-system",
        "-f",
        "examples/quickstart/world",
    ]);
    assert_eq!(ended.status, 0);
    assert!(
        ended.stdout.starts_with("No AWS load balancer"),
        "{}",
        ended.stdout
    );
}
