//! Folders of several clusters: every copy of an object is judged, and said where it stands.

use serde_json::Value;

use super::{VIOLATOR, directory, path, run};

/// Cluster `a` has the ALB in front of the gateway, cluster `b` in front of an application.
fn clusters() -> tempfile::TempDir {
    directory(&[
        ("a/edge.yaml", VIOLATOR),
        (
            "b/edge.yaml",
            &VIOLATOR.replace("istio-ingressgateway", "kiali"),
        ),
    ])
}

/// File and line of every finding of a JSON report.
fn places(report: &str) -> Vec<(String, u64)> {
    let report: Value = serde_json::from_str(report).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let location = &finding["location"];
            let file = location["file"].as_str().unwrap();
            let file = file.rsplit('/').nth(1).unwrap().to_owned();
            (file, location["line"].as_u64().unwrap())
        })
        .collect()
}

#[test]
fn the_copy_that_is_not_the_last_is_denied_where_it_stands() {
    let clusters = clusters();
    let ended = run(&["check", "-o", "json", path(clusters.path())]);
    assert_eq!(ended.status, 1);
    assert_eq!(places(&ended.stdout), [("a".to_owned(), 6)]);
    assert!(
        ended
            .stderr
            .contains("Ingress istio-system/edge is given twice with different content"),
        "{}",
        ended.stderr
    );
}

#[test]
fn different_content_in_two_files_is_said_in_every_output_also_when_little_is_to_be_said() {
    let clusters = clusters();
    for output in ["text", "json", "sarif", "junit", "github", "html"] {
        let ended = run(&["check", "--quiet", "-o", output, path(clusters.path())]);
        assert_eq!(ended.status, 1, "{output}");
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains("with different content"), "{output}: {said}");
    }
}

#[test]
fn copies_that_are_alike_are_reported_one_by_one_and_not_said_when_little_is_to_be_said() {
    let clusters = directory(&[("a/edge.yaml", VIOLATOR), ("b/edge.yaml", VIOLATOR)]);
    let ended = run(&["check", "--quiet", "-o", "json", path(clusters.path())]);
    assert_eq!(ended.status, 1);
    let mut places = places(&ended.stdout);
    places.sort();
    assert_eq!(places, [("a".to_owned(), 6), ("b".to_owned(), 6)]);
    assert_eq!(ended.stderr, "");
}

#[test]
fn sarif_tells_the_findings_of_copies_apart() {
    let clusters = directory(&[("a/edge.yaml", VIOLATOR), ("b/edge.yaml", VIOLATOR)]);
    let ended = run(&["check", "-o", "sarif", path(clusters.path())]);
    let log: Value = serde_json::from_str(&ended.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let prints: Vec<&str> = results
        .iter()
        .map(|result| {
            result["partialFingerprints"]["l7guard/v1"]
                .as_str()
                .unwrap()
        })
        .collect();
    let first = "L7G001/Ingress istio-system/edge/istio-system/istio-ingressgateway";
    assert_eq!(prints, [first, &format!("{first}#2")]);
}
