//! What can be given to `check`, and what stands beside manifests without being one.

use super::{APPLICATION, Ended, VIOLATOR, directory, l7guard, path, run, run_with_input};

/// Runs in a directory of these files.
fn run_in(files: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let directory = directory(files);
    let output = l7guard(arguments).current_dir(directory.path()).output();
    Ended::of(&output.unwrap())
}

#[test]
fn patterns_are_matched_where_the_shell_has_not() {
    let files = [
        ("apps/a/one.yaml", VIOLATOR),
        ("apps/b/two.yml", APPLICATION),
        ("apps/b/deep/three.yaml", APPLICATION),
        ("apps/b/notes.txt", "no manifest"),
        ("apps/Makefile", "no: [manifest"),
        ("apps/.git/four.yaml", "kind: ["),
        ("other/five.yaml", "kind: ["),
    ];
    for (pattern, objects, status) in [
        ("apps/**/*.yaml", "2 objects,", 1),
        ("apps/*/*.y*ml", "2 objects,", 1),
        ("apps/[b-z]", "2 objects,", 0),
        ("apps/*", "3 objects,", 1),
        ("**/thre?.yaml", "1 object,", 0),
    ] {
        let ended = run_in(&files, &["check", pattern]);
        assert_eq!(ended.status, status, "{pattern}: {}", ended.stdout);
        assert!(
            ended.stdout.contains(objects),
            "{pattern}: {}",
            ended.stdout
        );
    }
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error_and_hides_nothing() {
    let files = [("a.yaml", VIOLATOR), ("notes.txt", "no manifest")];
    for pattern in ["b*.yaml", "no*"] {
        let ended = run_in(&files, &["check", pattern, "a.yaml"]);
        assert_eq!(ended.status, 2, "{pattern}");
        let stdout = &ended.stdout;
        assert!(stdout.contains("matches no file"), "{pattern}: {stdout}");
        assert!(stdout.contains(&format!("--> {pattern}\n")), "{stdout}");
        assert!(stdout.contains("error[L7G001]"), "{pattern}: {stdout}");
    }
    let ended = run_in(&files, &["check", "a[.yaml"]);
    assert_eq!(ended.status, 2);
    assert!(
        ended.stdout.contains("no pattern either"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_file_that_is_called_like_a_pattern_is_that_file() {
    let ended = run_in(
        &[("a[1].yaml", VIOLATOR), ("a1.yaml", APPLICATION)],
        &["check", "a[1].yaml"],
    );
    assert_eq!(ended.status, 1, "{}", ended.stdout);
    assert!(ended.stdout.contains("1 object,"), "{}", ended.stdout);
}

#[test]
fn a_violator_is_found_in_whatever_form_it_is_written() {
    let json = r#"{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "edge"},
        "spec": {"ingressClassName": "alb", "defaultBackend": {"service": {"name": "istio-ingressgateway"}}}}"#;
    let indented = format!("  {}", VIOLATOR.replace('\n', "\n  "));
    let list = format!("apiVersion: v1\nkind: List\nitems:\n-{}", &indented[1..]);
    let typed = "\
apiVersion: networking.k8s.io/v1
kind: IngressList
items:
- metadata: {name: edge}
  spec: {ingressClassName: alb, defaultBackend: {service: {name: istio-ingressgateway}}}
";
    for (form, text) in [
        ("YAML", VIOLATOR.to_owned()),
        ("second document", format!("{APPLICATION}---\n{VIOLATOR}")),
        ("List", list),
        ("typed list", typed.to_owned()),
        ("JSON", json.to_owned()),
        (
            "JSON stream",
            format!("{{\"apiVersion\": \"v1\", \"kind\": \"Secret\"}} {json}\n{json}"),
        ),
        (
            "JSON list",
            format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [{json}]}}"),
        ),
        ("CRLF", VIOLATOR.replace('\n', "\r\n")),
        ("CR", VIOLATOR.replace('\n', "\r")),
        ("byte order mark", format!("\u{feff}{VIOLATOR}")),
        ("byte order mark in JSON", format!("\u{feff}{json}")),
        ("no line break at the end", VIOLATOR.trim_end().to_owned()),
        (
            "comments and dots",
            format!("# a\n---\n...\n---\n{VIOLATOR}...\n"),
        ),
    ] {
        let ended = run_with_input(&["check", "-"], &text);
        assert_eq!(ended.status, 1, "{form}: {}", ended.stdout);
        assert!(
            ended.stdout.contains("error[L7G001]"),
            "{form}: {}",
            ended.stdout
        );
    }
}

#[test]
fn what_helm_and_kustomize_make_objects_of_is_skipped_and_said_how_to_render() {
    let unrendered = [
        (
            "chart/Chart.yaml",
            "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
            "helm template",
        ),
        (
            "chart/values.yaml",
            "ingress: {class: alb}\n",
            "helm template",
        ),
        ("chart/values-prod.yaml", "replicas: 3\n", "helm template"),
        (
            "chart/templates/a.yaml",
            "{{- if .Values.x }}\nkind: Ingress\n{{- end }}\n",
            "helm template",
        ),
        (
            "chart/templates/b.yaml",
            "kind: Ingress\nmetadata: {name: {{ .Release.Name }}}\n",
            "helm template",
        ),
        (
            "k/kustomization.yaml",
            "resources: [base.yaml]\n",
            "kustomize build",
        ),
        (
            "l/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamePrefix: a-\n",
            "kustomize build",
        ),
        (
            "m/component.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: []\n",
            "kustomize build",
        ),
        (
            "k/json6902.yaml",
            "- {op: replace, path: /spec/ingressClassName, value: alb}\n",
            "kustomize build",
        ),
        (
            "k/json6902.json",
            "[{\"op\": \"remove\", \"path\": \"/spec\"}]\n",
            "kustomize build",
        ),
        (
            "k/delete.yaml",
            "$patch: delete\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n",
            "kustomize build",
        ),
        (
            "k/small.yaml",
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\n",
            "kustomize build",
        ),
    ];
    for (file, text, how) in unrendered {
        let alone = run_in(&[(file, text)], &["check", "."]);
        assert_eq!(alone.status, 2, "{file}: {}", alone.stdout);
        assert!(
            alone.stdout.contains("no Kubernetes objects found"),
            "{file}: {}",
            alone.stdout
        );
        let beside = run_in(&[(file, text), ("z.yaml", APPLICATION)], &["check", "."]);
        assert_eq!(beside.status, 0, "{file}: {}", beside.stdout);
        assert!(
            beside.stdout.contains("note: "),
            "{file}: {}",
            beside.stdout
        );
        assert!(beside.stdout.contains(how), "{file}: {}", beside.stdout);
        assert!(beside.stdout.contains(file), "{file}: {}", beside.stdout);
        assert!(
            beside.stdout.contains("1 object,"),
            "{file}: {}",
            beside.stdout
        );
    }
}

/// A strategic merge patch has the name of its object, and would stand in for it.
#[test]
fn a_patch_that_a_kustomization_names_does_not_hide_its_object() {
    let patch = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge, namespace: istio-system}
spec: {tls: [{hosts: [a.example.com]}]}
";
    for kustomization in [
        "resources: [../base]\npatches: [{path: tls.yaml}]\n",
        "resources: [../base]\npatches:\n  - patch: '[]'\n  - {target: {kind: Ingress}, path: ./tls.yaml}\n",
        "bases: [../base]\npatchesStrategicMerge: [tls.yaml, \"a: b\"]\n",
        "{\"patchesJson6902\": [{\"path\": \"tls.yaml\"}]}",
    ] {
        let files = [
            ("base/edge.yaml", VIOLATOR),
            ("overlay/tls.yaml", patch),
            ("overlay/kustomization.yaml", kustomization),
        ];
        for paths in [&["."][..], &["base/edge.yaml", "overlay/tls.yaml"]] {
            let ended = run_in(&files, &[&["check"], paths].concat());
            assert_eq!(ended.status, 1, "{kustomization}: {}", ended.stdout);
            assert!(
                ended.stdout.contains("1 object, 1 denied"),
                "{}",
                ended.stdout
            );
            assert!(ended.stdout.contains("kustomize build"), "{}", ended.stdout);
        }
    }
}

#[test]
fn a_real_object_is_never_skipped_as_a_patch() {
    let files = |kustomization: &'static str| {
        [
            ("a/edge.yaml", VIOLATOR),
            ("a/kustomization.yaml", kustomization),
        ]
    };
    for kustomization in [
        "resources: [edge.yaml]\n",
        "resources: [edge.yaml]\npatches: [{path: edge.yaml}]\n",
        "patches: [{path: ../edge.yaml}, {path: other.yaml}]\n",
        "patches: [{patch: edge.yaml}]\n",
        "patches: [{path: edge.yaml\n",
        "patches: edge.yaml\n",
    ] {
        let ended = run_in(&files(kustomization), &["check", "a/edge.yaml"]);
        assert_eq!(ended.status, 1, "{kustomization}: {}", ended.stdout);
    }
    let looks_alike = [
        ("values.yaml", VIOLATOR),
        ("kustomization.yaml", VIOLATOR),
        ("Chart.yaml", VIOLATOR),
        ("patch.yaml", VIOLATOR),
    ];
    for file in looks_alike {
        let ended = run_in(&[file], &["check", "."]);
        assert_eq!(ended.status, 1, "{}: {}", file.0, ended.stdout);
    }
    // Flux has a Kustomization that is an object.
    let flux =
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n";
    let ended = run_in(&[("kustomization.yaml", flux)], &["check", "."]);
    assert_eq!(ended.stdout, "1 object, 0 denied, 0 warnings\n");
}

#[test]
fn a_broken_kustomization_is_an_error_where_it_is_broken() {
    let files = [
        ("edge.yaml", VIOLATOR),
        ("kustomization.yaml", "patches: [\n"),
    ];
    let ended = run_in(&files, &["check", "."]);
    assert_eq!(ended.status, 2, "{}", ended.stdout);
    assert!(
        ended.stdout.contains("kustomization.yaml:1:10"),
        "{}",
        ended.stdout
    );
    assert!(ended.stdout.contains("error[L7G001]"), "{}", ended.stdout);
}

#[test]
fn notes_go_to_standard_error_where_the_format_has_no_place_for_them() {
    let files = [("values.yaml", "a: 1\n"), ("z.yaml", APPLICATION)];
    for output in ["json", "junit"] {
        let ended = run_in(&files, &["check", "-o", output, "."]);
        assert!(
            ended.stderr.starts_with("note: ./values.yaml:1:"),
            "{}",
            ended.stderr
        );
        let quiet = run_in(&files, &["check", "-q", "-o", output, "."]);
        assert_eq!(quiet.stderr, "");
    }
    let directory = directory(&files);
    let ended = run(&["check", "-o", "github", path(directory.path())]);
    assert!(
        ended.stdout.contains("::notice title=l7guard::note: "),
        "{}",
        ended.stdout
    );
}
