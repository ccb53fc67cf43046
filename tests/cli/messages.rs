//! What reports look like without a finding, with one and with five; what they say of exemptions.

use super::outputs::without_pages;
use super::run;

#[test]
fn reports_of_none_one_and_five_findings() {
    for (count, name) in [(0, "none"), (1, "one"), (5, "five")] {
        let file = format!("tests/fixtures/cli/messages/{name}.yaml");
        for output in ["text", "sarif", "junit", "github"] {
            let ended = run(&["check", "-o", output, &file]);
            assert_eq!(ended.status, i32::from(count > 0), "{name} {output}");
            let shown = match output {
                "sarif" => without_pages(&ended.stdout),
                _ => ended.stdout,
            };
            let message = "would put an AWS Application Load Balancer (L7)";
            let said = shown.matches(message).count();
            let wanted = match output {
                // As an attribute and in the case's text.
                "junit" => count..=2 * count,
                _ => count..=count,
            };
            assert!(wanted.contains(&said), "{name} {output}: {said}\n{shown}");
            assert!(!shown.contains("Remove the Ingress"), "{shown}");
            insta::assert_snapshot!(format!("{name}-{output}"), shown);
        }
    }
}

const EXEMPT: [&str; 4] = [
    "--config",
    "tests/fixtures/cli/everything/l7guard.yaml",
    "tests/fixtures/cli/everything/manifests/gateway.yaml",
    "tests/fixtures/cli/everything/manifests/exempt.yaml",
];

const JUSTIFICATION: &str = "exemption waf-at-the-edge until 2099-12-31, owner team-edge@example.com, ticket EDGE-17: The WAF rules move to the mesh with the next release.";

#[test]
fn every_output_says_which_exemption_covers_what_and_until_when() {
    let of = |output| {
        let ended = run(&[&["check", "-o", output], &EXEMPT[..]].concat());
        assert_eq!(ended.status, 0, "{output}: {}", ended.stdout);
        ended.stdout
    };
    let log: serde_json::Value = serde_json::from_str(&of("sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let suppressed = results
        .iter()
        .find(|result| result["suppressions"][0]["justification"] == JUSTIFICATION)
        .unwrap();
    assert_eq!(suppressed["suppressions"][0]["kind"], "external");
    assert_eq!(suppressed["level"], "error");
    let place = &suppressed["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "tests/fixtures/cli/everything/manifests/exempt.yaml"
    );
    // All results of a run say whether they are suppressed, or none does.
    assert!(
        results
            .iter()
            .all(|result| result["suppressions"].is_array())
    );
    let github = of("github");
    assert!(
        github
            .contains("::notice file=tests/fixtures/cli/everything/manifests/exempt.yaml,line=13,")
            && github.contains(JUSTIFICATION),
        "{github}"
    );
    let junit = of("junit");
    assert!(
        junit.contains("<skipped message=\"exemption waf-at-the-edge until 2099-12-31"),
        "{junit}"
    );
    let text = of("text");
    assert!(text.contains("until 2099-12-31, ticket EDGE-17"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&of("json")).unwrap();
    assert_eq!(json["exempt"][0]["ticket"], "EDGE-17");
    assert_eq!(json["exempt"][0]["owner"], "team-edge@example.com");
    assert_eq!(json["exempt"][0]["location"]["line"], 13);
}

#[test]
fn explain_names_the_exemption_and_its_end() {
    let explain = |subject| {
        let [config, configuration, gateway, exempt] = EXEMPT;
        let files = [config, configuration, "-f", gateway, "-f", exempt];
        run(&[&["explain", subject], &files[..]].concat()).stdout
    };
    let line = format!("Exempt from L7G001 (alb-ingress) by {JUSTIFICATION}\n");
    for subject in ["ingress/exempt", "service/istio-ingressgateway"] {
        let explained = explain(subject);
        assert!(explained.ends_with(&line), "{explained}");
    }
}
