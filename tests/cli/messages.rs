//! What reports look like without a finding, with one and with five; what they say of exemptions.

use super::outputs::without_pages;
use super::{VIOLATOR, directory, path, run};

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

#[test]
fn every_output_names_the_page_that_the_configuration_names() {
    let pages = directory(&[
        (
            "pages.yaml",
            "apiVersion: l7guard/v1\nkind: Configuration\nmessages: {documentation: \"https://wiki.example.com/l7guard/{code}\"}\n",
        ),
        ("edge.yaml", VIOLATOR),
    ]);
    let file = |name| pages.path().join(name);
    let (configuration, edge) = (file("pages.yaml"), file("edge.yaml"));
    let of = |output: &str, more: &[&str]| {
        run(&[&["check", "-o", output, path(&edge)], more].concat()).stdout
    };
    let configured = ["--config", path(&configuration)];
    let url = "https://wiki.example.com/l7guard/L7G001";
    let json =
        |more: &[&str]| -> serde_json::Value { serde_json::from_str(&of("json", more)).unwrap() };
    let documentation = "/findings/0/documentation";
    assert_eq!(json(&configured).pointer(documentation).unwrap(), url);
    assert_eq!(
        json(&[]).pointer(documentation).unwrap(),
        "docs/rules/L7G001.md"
    );
    let sarif =
        |more: &[&str]| -> serde_json::Value { serde_json::from_str(&of("sarif", more)).unwrap() };
    for rule in sarif(&configured)["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
    {
        let code = rule["id"].as_str().unwrap();
        assert_eq!(
            rule["helpUri"],
            format!("https://wiki.example.com/l7guard/{code}")
        );
    }
    let unset = sarif(&[]);
    assert!(
        unset
            .pointer("/runs/0/tool/driver/rules/0/helpUri")
            .is_none()
    );
    for output in ["text", "github"] {
        assert!(of(output, &configured).contains(url), "{output}");
        assert!(
            of(output, &[]).contains("l7guard explain L7G001"),
            "{output}"
        );
    }
}
