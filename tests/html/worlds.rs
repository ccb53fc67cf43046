//! Worlds, and the pages that `check` makes of them.

use std::process::Command;

/// The page of these paths.
pub(crate) fn page(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .args(["check", "--output", "html"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.stdout.is_empty(), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Findings of every severity, an exempt one, an object that cannot be told, errors with and without a line, a note.
pub(crate) fn everything() -> String {
    page(&[
        "--config",
        "tests/fixtures/cli/everything/l7guard.yaml",
        "tests/fixtures/cli/everything/manifests",
        "tests/fixtures/cli/everything/missing.yaml",
    ])
}

/// Nothing found.
pub(crate) fn innocent() -> String {
    page(&["examples/quickstart/world"])
}

/// The page of one file, with a configuration.
pub(crate) fn of_file(name: &str, manifests: &str, configuration: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("l7guard.yaml");
    std::fs::write(&config, configuration).unwrap();
    let file = directory.path().join(name);
    std::fs::write(&file, manifests).unwrap();
    page(&["--config", config.to_str().unwrap(), file.to_str().unwrap()])
}

/// A gateway of Istio in a namespace, with its Service.
pub(crate) fn gateway(namespace: &str) -> String {
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: istio-ingressgateway, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{istio: ingressgateway}}}}
  template:
    metadata: {{labels: {{istio: ingressgateway}}}}
    spec:
      containers:
        - {{name: istio-proxy, image: \"docker.io/istio/proxyv2:1.27.0\", args: [proxy, router]}}
---
apiVersion: v1
kind: Service
metadata: {{name: istio-ingressgateway, namespace: {namespace}}}
spec:
  type: ClusterIP
  selector: {{istio: ingressgateway}}
  ports: [{{name: http2, port: 80, targetPort: 8080}}]
---
"
    )
}

/// An Ingress of the class `alb`. The texts are put into double quotes.
pub(crate) fn ingress(namespace: &str, name: &str, service: &str) -> String {
    format!(
        "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {name:?}, namespace: {namespace:?}}}
spec:
  ingressClassName: alb
  defaultBackend: {{service: {{name: {service:?}, port: {{number: 80}}}}}}
---
"
    )
}

/// 500 findings at five gateways; those of one are warnings.
pub(crate) fn many() -> String {
    let gateways = [
        "istio-system",
        "edge-public",
        "edge-partners",
        "payments",
        "media",
    ];
    let mut manifests = String::new();
    for (at, namespace) in gateways.into_iter().enumerate() {
        manifests.push_str(&gateway(namespace));
        for number in 0..100 {
            let name = format!("team-{at}{number:02}");
            manifests.push_str(&ingress(namespace, &name, "istio-ingressgateway"));
        }
    }
    of_file(
        "ingresses.yaml",
        &manifests,
        "apiVersion: l7guard/v1\nkind: Configuration\nnamespaces: [{match: [media], mode: warn}]\n",
    )
}
