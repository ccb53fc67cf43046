//! Updates: only what they add counts.

use std::io::Write;
use std::process::{Command, Stdio};

use libtest_mimic::Failed;

use crate::Case;
use crate::audit_log::{annotation, event};
use crate::kubectl::{assert_shown, silent_success};
use crate::scene::{Scene, WEBHOOK};

pub(crate) const CASES: &[Case] = &[
    (
        "a label on an Ingress that was there before the webhook is allowed with a warning",
        label_is_allowed_with_a_warning,
    ),
    (
        "an update that adds a gateway to such an Ingress is refused",
        another_gateway_is_refused,
    ),
    (
        "an update that turns an Ingress from an application to the gateway is refused",
        turning_to_the_gateway_is_refused,
    ),
    (
        "what exists is judged by the line of the page of limits",
        what_exists_is_judged,
    ),
];

/// The page's command, between `kubectl` and the pipe.
fn get_what_exists() -> Result<Vec<&'static str>, Failed> {
    const PAGE: &str = include_str!("../../docs/limits.md");
    let line = PAGE.lines().find(|line| line.starts_with("kubectl get "));
    let (get, check) = line
        .and_then(|line| line.split_once(" | "))
        .ok_or("the page has no such line")?;
    assert_eq!(check, "l7guard check -");
    Ok(get.split(' ').skip(1).collect())
}

fn what_exists_is_judged(scene: &Scene) -> Result<(), Failed> {
    let got = scene.kubectl(&get_what_exists()?)?;
    let mut check = Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = check.stdin.take().ok_or("no standard input")?;
    input.write_all(silent_success(&got)?.as_bytes())?;
    drop(input);
    let ended = check.wait_with_output()?;
    let report = String::from_utf8(ended.stdout)?;
    assert_eq!(ended.status.code(), Some(1), "{report}");
    assert!(
        report.contains("Ingress istio-system/older-labelled would put"),
        "{report}"
    );
    assert!(!report.contains("Ingress shop/"), "{report}");
    Ok(())
}

fn label_is_allowed_with_a_warning(scene: &Scene) -> Result<(), Failed> {
    let arguments = [
        "label",
        "ingress",
        "older-labelled",
        "--namespace",
        "istio-system",
        "team=web",
    ];
    assert_shown("label-on-older", &arguments, &scene.kubectl(&arguments)?);
    let event = event(&scene.cluster, "patch", "older-labelled")?;
    assert_eq!(annotation(&event, WEBHOOK, "decision"), "warn");
    assert_eq!(annotation(&event, WEBHOOK, "rules"), "L7G001");
    Ok(())
}

/// `istio-ingress` does not exist. It is the name that Istio's documentation gives to a gateway's Service.
fn another_gateway_is_refused(scene: &Scene) -> Result<(), Failed> {
    let patch = r#"{"spec": {"rules": [{"http": {"paths": [{"path": "/", "pathType": "Prefix",
        "backend": {"service": {"name": "istio-ingress", "port": {"number": 80}}}}]}}]}}"#;
    let outcome = scene.kubectl(&[
        "patch",
        "ingress",
        "older-extended",
        "--namespace",
        "istio-system",
        "--patch",
        patch,
    ])?;
    assert_eq!(outcome.status.code(), Some(1));
    let refusal = "Error from server (Forbidden): admission webhook \"l7guard.l7guard.svc\" denied the request: \
        Ingress istio-system/older-extended would put an AWS Application Load Balancer (L7) in front of the Istio ingress gateway behind \
        Service istio-system/istio-ingress.\n";
    assert!(outcome.stderr.contains(refusal), "{}", outcome.stderr);
    Ok(())
}

fn turning_to_the_gateway_is_refused(scene: &Scene) -> Result<(), Failed> {
    let ingress = |service: &str| {
        format!(
            "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{namespace: istio-system, name: turned}}
spec:
  ingressClassName: public
  defaultBackend: {{service: {{name: {service}, port: {{number: 80}}}}}}
"
        )
    };
    silent_success(&scene.apply(&ingress("grafana"))?)?;
    let refused = scene.apply(&ingress("istio-ingressgateway"))?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        refused.stderr.contains("(Forbidden)") && refused.stderr.contains("[L7G001]"),
        "{}",
        refused.stderr
    );
    silent_success(&scene.apply(&ingress("kiali"))?)?;
    Ok(())
}
