//! A repository of a large project's shape, judged in one run: objects, charts, overlays, files of other programs, two clusters.

use serde_json::Value;
use tempfile::TempDir;

use super::{APPLICATION, Ended, VIOLATOR, directory, path, run, run_with_input};

/// Lines that a run may print besides its findings.
const MOST_LINES: usize = 10;

/// Files of other programs, of which some are no YAML and no JSON either.
const FOREIGN: &[(&str, &str)] = &[
    (
        ".github/workflows/ci.yaml",
        "on: push\njobs: {a: {runs-on: x}}\n",
    ),
    (".pre-commit-config.yaml", "repos: []\n"),
    (".golangci.yml", "linters: {enable: [a]}\n"),
    (
        ".eslintrc.json",
        "{\n  // a comment\n  \"root\": true,\n}\n",
    ),
    (
        "workflow-templates/release.yml",
        "name: r\non: push\njobs: {a: {runs-on: x}}\n",
    ),
    (
        "action.yml",
        "name: a\nruns: {using: composite, steps: []}\n",
    ),
    (
        "package.json",
        "{\"name\": \"a\", \"version\": \"1.0.0\"}\n",
    ),
    ("package-lock.json", "{\"lockfileVersion\": 3}\n"),
    ("web/pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
    ("web/conda-lock.yml", "metadata: {}\npackage: []\n"),
    (
        "web/tsconfig.json",
        "{\n  // strict\n  \"compilerOptions\": {\"strict\": true,},\n}\n",
    ),
    ("web/tsconfig.build.json", "/* a */ {}\n"),
    (
        "docker-compose.yaml",
        "services: {db: {image: postgres}}\nvolumes: {a: }\n",
    ),
    (
        "deploy/stack.yml",
        "version: '3'\nservices: {db: {image: postgres}}\n",
    ),
    (
        "infra/vpc.yaml",
        "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  A: {Type: 'AWS::EC2::VPC', Properties: {X: !Ref Y}}\n",
    ),
    (
        "mkdocs.yml",
        "site_name: a\nmarkdown_extensions:\n  - x: {y: !!python/name:a.b }\n",
    ),
    (
        "api/shop.yaml",
        "openapi: 3.0.0\ninfo: {title: a}\npaths: {}\n",
    ),
    ("ansible/site.yml", "- hosts: all\n  tasks: []\n"),
    ("prometheus.yml", "scrape_configs: []\n"),
];

const GATEWAY: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}, annotations: {inject.istio.io/templates: gateway}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec: {selector: {istio: ingressgateway}, ports: [{port: 80}]}
";

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: NAME, namespace: flux-system}
spec: {chart: {spec: {chart: NAME}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: NAME, namespace: argocd}
spec: {source: {repoURL: https://example.com, chart: NAME}}
";

/// The repository: a hundred folders of applications, twenty charts, two clusters.
fn repository() -> TempDir {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut add = |file: String, text: String| files.push((file, text));
    for (file, text) in FOREIGN {
        add((*file).to_owned(), (*text).to_owned());
    }
    for number in 0..100 {
        let name = format!("app-{number}");
        let base = format!("apps/{name}/base");
        add(
            format!("{base}/app.yaml"),
            format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {name}}}}}\n---\n{}",
                APPLICATION.replace("shop", &name)
            ),
        );
        add(
            format!("{base}/kustomization.yaml"),
            "resources: [app.yaml]\n".to_owned(),
        );
        for overlay in ["dev", "prod"] {
            let folder = format!("apps/{name}/overlays/{overlay}");
            add(
                format!("{folder}/kustomization.yaml"),
                "resources: [../../base]\npatches: [{path: patch.yaml}]\n".to_owned(),
            );
            add(
                format!("{folder}/patch.yaml"),
                format!(
                    "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{type: NodePort}}\n"
                ),
            );
        }
        // An ALB whose application is elsewhere.
        let elsewhere = APPLICATION
            .replace("shop", &format!("elsewhere-{number}"))
            .replace("nginx", "alb");
        add(format!("elsewhere/{name}.yaml"), elsewhere);
    }
    for number in 0..20 {
        let chart = format!("charts/chart-{number}");
        add(
            format!("{chart}/Chart.yaml"),
            "apiVersion: v2\nname: a\nversion: 1.0.0\n".to_owned(),
        );
        add(format!("{chart}/values.yaml"), "replicas: 1\n".to_owned());
        add(
            format!("{chart}/ci/test-values.yaml"),
            "replicas: 2\n".to_owned(),
        );
        add(
            format!("{chart}/templates/ingress.yaml"),
            "{{- if .Values.x }}\nkind: Ingress\n{{- end }}\n".to_owned(),
        );
        add(
            format!("config/settings-{number}.yaml"),
            "a: {b: c}\n".to_owned(),
        );
    }
    for cluster in ["east", "west"] {
        let folder = format!("clusters/{cluster}");
        add(format!("{folder}/gateway.yaml"), GATEWAY.to_owned());
        for number in 0..10 {
            let name = format!("edge-{number}");
            let ingress = VIOLATOR.replace("edge", &name);
            let backend =
                format!("backend: {{service: {{name: {cluster}, port: {{number: 80}}}}}}");
            let rules = format!(
                "  rules: [{{http: {{paths: [{{path: /a, pathType: Prefix, {backend}}}]}}}}]\n"
            );
            add(format!("{folder}/{name}.yaml"), format!("{ingress}{rules}"));
            add(
                format!("{folder}/release-{number}.yaml"),
                RELEASE.replace("NAME", &name),
            );
            add(
                format!("{folder}/flux-{number}.yaml"),
                APPLICATION.replace("{name: shop}", &format!("\n  name: ${{cluster}}-{name}")),
            );
        }
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(file, text)| (file.as_str(), text.as_str()))
        .collect();
    directory(&files)
}

/// The lines of a text report that are no part of a finding.
fn besides_findings(ended: &Ended) -> Vec<&str> {
    let (before, findings) = ended.stdout.split_once("error[L7G").unwrap();
    let lines = before.lines().filter(|line| !line.is_empty());
    lines.chain(findings.lines().last()).collect()
}

#[test]
fn a_large_repository_is_judged_in_one_run_with_few_words() {
    let repository = repository();
    let ended = run(&["check", path(repository.path())]);
    assert_eq!(ended.status, 1, "{}", ended.stdout);
    let lines = besides_findings(&ended);
    assert!(lines.len() <= MOST_LINES, "{lines:#?}");
    assert_eq!(ended.stdout.matches("\nerror[L7G001]").count(), 20);
    assert!(!ended.stdout.contains(":0"), "{lines:#?}");
    let summary = "384 objects, 20 denied, 0 warnings, 120 unresolved";
    assert_eq!(lines.last().unwrap(), &summary);
    for part in [
        "note: 80 files of Helm charts (templates, values) are skipped: render them",
        "note: 500 files of kustomize (kustomizations, patches) are skipped: render them",
        "note: 20 documents are no Kubernetes objects: skipped",
        "note: 20 files hold values that are not rendered yet",
        "note: 40 objects hold charts or manifests that are not rendered here",
        "note: 10 objects are given with different content in several files",
        "(unresolved: 120 in all; --verbose lists them)",
    ] {
        let is_said = lines.iter().any(|line| line.contains(part));
        assert!(is_said, "{part}: {lines:#?}");
    }
}

/// What a controller in the cluster installs is not in these files: what is said of it names what it is.
#[test]
fn objects_that_name_what_a_controller_installs_are_noted_by_what_it_is() {
    const CHART: &str = "holds a chart that is not rendered here: what it installs is not judged. Render it: `helm template";
    const MANIFESTS: &str = "holds manifests that are not rendered here: what it installs is not judged. Check its path, or render it: `kustomize build";
    let application = |spec: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: edge}}\nspec: {spec}\n"
        )
    };
    let set = |spec: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: edge}}\nspec: {{template: {{spec: {spec}}}}}\n"
        )
    };
    let path_alone = "{source: {repoURL: https://example.com/deploy.git, path: apps/edge}}";
    for (object, note) in [
        (application(path_alone), Some(MANIFESTS)),
        (set(path_alone), Some(MANIFESTS)),
        (
            application("{source: {repoURL: https://example.com/deploy.git}}"),
            Some(MANIFESTS),
        ),
        (
            application("{sourceHydrator: {drySource: {repoURL: https://example.com, path: a}}}"),
            Some(MANIFESTS),
        ),
        (
            application("{source: {repoURL: https://example.com, path: charts/edge, helm: {}}}"),
            Some(CHART),
        ),
        (
            application(
                "{sources: [{repoURL: https://example.com, ref: values}, {repoURL: https://example.com, chart: edge}]}",
            ),
            Some(CHART),
        ),
        (
            application("{sources: [{repoURL: https://example.com, ref: values}]}"),
            None,
        ),
        (application("{project: default}"), None),
    ] {
        let ended = run_with_input(&["check", "-"], &object);
        let notes = ended.stdout.matches("not rendered here").count();
        assert_eq!(
            notes,
            usize::from(note.is_some()),
            "{object}{}",
            ended.stdout
        );
        if let Some(note) = note {
            assert!(ended.stdout.contains(note), "{object}{}", ended.stdout);
        }
    }
}

#[test]
fn every_note_is_listed_when_all_are_wanted_and_in_json() {
    let repository = repository();
    let directory = path(repository.path());
    let verbose = run(&["check", "--verbose", directory]).stdout;
    assert_eq!(verbose.matches("\nunresolved: ").count(), 120);
    for number in 0..20 {
        let file = format!("charts/chart-{number}/templates/ingress.yaml:1:1");
        assert!(verbose.contains(&file), "{file}");
    }
    let json = run(&["check", "-o", "json", directory]);
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    let notes = report["notes"].as_array().unwrap();
    let count = |reason: &str| notes.iter().filter(|note| note["reason"] == reason).count();
    let counted = [
        "helm",
        "kustomize",
        "notAnObject",
        "placeholder",
        "release",
        "conflict",
    ];
    assert_eq!(counted.map(count), [80, 500, 20, 20, 40, 10]);
    for (file, _) in FOREIGN {
        let is_said = notes
            .iter()
            .any(|note| note["file"].as_str().unwrap().ends_with(file));
        assert!(!is_said, "{file}");
    }
    assert!(!json.stderr.contains(":0"), "{}", json.stderr);
    let github = run(&["check", "-o", "github", directory]).stdout;
    assert_eq!(github.matches("::notice ").count(), 1, "{github}");
}

#[test]
fn an_object_is_judged_whatever_its_file_is_called() {
    for (file, _) in FOREIGN {
        if file.starts_with(".github/") {
            continue;
        }
        let text = match file.strip_suffix(".json") {
            Some(_) => VIOLATOR.to_owned(),
            None => format!("{VIOLATOR}---\nkind: [\n"),
        };
        let files = directory(&[(file, &text)]);
        let ended = run(&["check", path(files.path())]);
        assert!(
            ended.stdout.contains("1 denied"),
            "{file}: {}",
            ended.stdout
        );
        let is_broken = text.contains("kind: [");
        assert_eq!(ended.status, if is_broken { 2 } else { 1 }, "{file}");
    }
    // What was meant as an object is told of, whatever else it looks like.
    let files = directory(&[
        ("a.yaml", "kind: Ingress\nstages: []\n"),
        ("z.yaml", APPLICATION),
    ]);
    let ended = run(&["check", path(files.path())]);
    assert!(
        ended.stdout.contains("a.yaml:1:1: no `apiVersion`"),
        "{}",
        ended.stdout
    );
}

#[test]
fn what_is_excluded_is_not_read() {
    let files = [
        ("edge.yaml", VIOLATOR),
        ("vendor/a/edge.yaml", VIOLATOR),
        ("apps/vendor/edge.yaml", VIOLATOR),
        ("charts/a/ci/broken.yaml", "kind: [\n"),
        ("z.yaml", APPLICATION),
    ];
    for (exclusions, denied, status) in [
        (&["charts/*/ci"][..], 3, 1),
        (&["charts"], 3, 1),
        (&["charts", "vendor"], 1, 1),
        (&["charts", "/vendor"], 2, 1),
        (&["charts", "./vendor/"], 2, 1),
        (&["charts", "**/vendor/**"], 1, 1),
        (&["charts", "edge.yaml"], 0, 0),
        (&["charts", "/edge.yaml", "vendor"], 0, 0),
        (&["charts", "*.yml", "edge.*"], 0, 0),
        (&["charts", "*/edge.yaml"], 3, 1),
        (&["vendor"], 1, 2),
    ] {
        let repository = directory(&files);
        let mut arguments = vec!["check", path(repository.path())];
        for exclusion in exclusions {
            arguments.extend(["--exclude", exclusion]);
        }
        let ended = run(&arguments);
        assert_eq!(ended.status, status, "{exclusions:?}: {}", ended.stdout);
        let counted = format!(", {denied} denied");
        assert!(
            ended.stdout.contains(&counted),
            "{exclusions:?}: {}",
            ended.stdout
        );
    }
    let repository = directory(&files);
    let ended = run(&[
        "check",
        path(repository.path()),
        "--exclude",
        "vendro",
        "--exclude",
        "charts",
    ]);
    let idle = "note: --exclude vendro: this pattern excludes nothing";
    assert!(ended.stdout.contains(idle), "{}", ended.stdout);
    assert_eq!(ended.stdout.matches("excludes nothing").count(), 1);
    let bad = run(&["check", ".", "--exclude", "a["]);
    assert_eq!(bad.status, 2);
    assert!(
        bad.stderr.contains("\"a[\" is no pattern"),
        "{}",
        bad.stderr
    );
}

#[test]
fn what_is_excluded_whole_is_no_directory_without_manifests() {
    let repository = directory(&[("vendor/edge.yaml", VIOLATOR)]);
    let other = directory(&[("z.yaml", APPLICATION)]);
    let ended = run(&[
        "check",
        path(repository.path()),
        path(other.path()),
        "--exclude",
        "vendor",
    ]);
    assert_eq!(ended.status, 0, "{}", ended.stdout);
}

#[test]
fn what_cannot_be_told_fails_where_that_is_asked_for() {
    let open = APPLICATION.replace("nginx", "alb");
    let files = directory(&[("open.yaml", &open)]);
    let check = |arguments: &[&str]| run(&[&["check", path(files.path())], arguments].concat());
    assert_eq!(check(&[]).status, 0);
    assert_eq!(check(&["--fail-on", "warn"]).status, 0);
    for output in ["text", "json", "sarif", "junit", "github"] {
        let ended = check(&["--fail-on", "unresolved", "-q", "-o", output]);
        assert_eq!(ended.status, 1, "{output}");
        if output != "sarif" {
            let reason = "the Service is not among these files";
            assert!(ended.stdout.contains(reason), "{output}: {}", ended.stdout);
        }
    }
    let innocent = directory(&[("a.yaml", APPLICATION)]);
    let ended = run(&["check", "--fail-on", "unresolved", path(innocent.path())]);
    assert_eq!(ended.status, 0, "{}", ended.stdout);
    let denied = directory(&[("a.yaml", VIOLATOR)]);
    let ended = run(&["check", "--fail-on", "unresolved", path(denied.path())]);
    assert_eq!(ended.status, 1);
}
