use super::{APPLICATION, VIOLATOR, directory, path, run, run_with_input};

#[test]
fn a_violator_in_the_example_is_shown_with_its_line_and_what_to_write_instead() {
    let ended = run(&[
        "check",
        "examples/quickstart/world",
        "examples/quickstart/alb-to-gateway.yaml",
    ]);
    assert_eq!(ended.status, 1);
    assert_eq!(ended.stderr, "");
    insta::assert_snapshot!("text", ended.stdout);
}

#[test]
fn sarif_has_the_finding_with_rule_place_and_a_stable_fingerprint() {
    let ended = run_with_input(&["check", "-o", "sarif", "-"], VIOLATOR);
    assert_eq!(ended.status, 1);
    let log: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "L7G001");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["region"]["startLine"], 6);
    assert_eq!(
        result["partialFingerprints"]["l7guard/v1"],
        "L7G001/Ingress istio-system/edge/istio-system/istio-ingressgateway"
    );
    let moved = run_with_input(
        &["check", "-o", "sarif", "-"],
        &format!("# moved\n{VIOLATOR}"),
    );
    let moved: serde_json::Value = serde_json::from_str(&moved.stdout).unwrap();
    assert_eq!(
        moved["runs"][0]["results"][0]["partialFingerprints"],
        result["partialFingerprints"]
    );
}

#[test]
fn an_innocent_ends_with_zero() {
    let ended = run_with_input(&["check", "-"], APPLICATION);
    assert_eq!(ended.status, 0, "{}", ended.stdout);
    assert_eq!(ended.stdout, "1 object, 0 denied, 0 warnings\n");
}

#[test]
fn a_broken_document_is_an_error_with_its_position_and_hides_no_violator() {
    let files = directory(&[(
        "a.yaml",
        &format!("{APPLICATION}---\nkind: [\n---\n{VIOLATOR}"),
    )]);
    let file = files.path().join("a.yaml");
    let ended = run(&["check", path(&file)]);
    assert_eq!(ended.status, 2, "two beats one");
    assert!(ended.stdout.contains("a.yaml:8:"), "{}", ended.stdout);
    assert!(ended.stdout.contains("error[L7G001]"), "{}", ended.stdout);
}

#[test]
fn a_wrong_type_in_a_field_that_a_rule_reads_is_an_error_of_that_object_alone() {
    let broken = APPLICATION.replace("ingressClassName: nginx", "ingressClassName: [nginx]");
    let ended = run_with_input(&["check", "-"], &format!("{broken}---\n{VIOLATOR}"));
    assert_eq!(ended.status, 2);
    assert!(
        ended.stdout.contains("/spec/ingressClassName"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("<stdin>:5:"), "{}", ended.stdout);
    assert!(ended.stdout.contains("error[L7G001]"), "{}", ended.stdout);
}

#[test]
fn a_wrong_type_in_an_annotation_that_no_rule_reads_is_none_of_our_business() {
    let odd = APPLICATION.replace(
        "metadata: {name: shop}",
        "metadata: {name: shop, annotations: {alb.ingress.kubernetes.io/certificate-arn: {your arn}}}",
    );
    let ended = run_with_input(&["check", "-"], &odd);
    assert_eq!(ended.status, 0, "{}", ended.stdout);
}

#[test]
fn a_template_is_skipped_with_a_note_and_a_patch_too() {
    let files = directory(&[
        ("template.yaml", "kind: {{ .Values.kind }}\n{{ if x }}\n"),
        (
            "patch.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: edge}\n",
        ),
        ("application.yaml", APPLICATION),
    ]);
    let ended = run(&["check", path(files.path())]);
    assert_eq!(ended.status, 0, "{}", ended.stdout);
    assert!(ended.stdout.contains("helm template"), "{}", ended.stdout);
    assert!(ended.stdout.contains("is a patch"), "{}", ended.stdout);
    assert!(ended.stdout.contains("1 object,"), "{}", ended.stdout);
}

#[test]
fn nothing_to_judge_is_an_error() {
    let files = directory(&[("values.yaml", "replicas: 1\n")]);
    let ended = run(&["check", path(files.path())]);
    assert_eq!(ended.status, 2);
    assert!(
        ended.stdout.contains("no Kubernetes objects found"),
        "{}",
        ended.stdout
    );
    assert_eq!(run(&["check", "/nonexistent/file"]).status, 2);
    let usage = run(&["check"]);
    assert_eq!(usage.status, 2);
    assert!(usage.stderr.contains("Usage"), "{}", usage.stderr);
}

#[test]
fn escape_sequences_of_an_object_do_not_reach_the_terminal() {
    let hostile = VIOLATOR.replace("name: edge", "name: \"\\e[2Jedge\\u202e\"");
    for output in ["text", "junit", "github", "html"] {
        let ended = run_with_input(&["check", "-o", output, "-"], &hostile);
        assert_eq!(ended.status, 1, "{output}");
        assert!(
            !ended.stdout.contains(['\u{1b}', '\u{202e}']),
            "{output}: {}",
            ended.stdout
        );
    }
}

#[test]
fn fail_on_sets_what_fails() {
    assert_eq!(
        run_with_input(&["check", "--fail-on", "never", "-"], VIOLATOR).status,
        0
    );
    assert_eq!(
        run_with_input(&["check", "--fail-on", "warn", "-"], VIOLATOR).status,
        1
    );
}
