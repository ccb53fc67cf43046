//! What is rendered by default, and what each value that matters changes of that.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::Rendered;
use crate::helm::Helms;
use crate::render::{render, template};

pub(crate) const CASES: &[Rendered] = &[
    (
        "the objects of the default values are those of the snapshot",
        defaults,
    ),
    (
        "each value changes what its snapshot says and nothing else",
        each_value,
    ),
    ("Helm 3 and Helm 4 render the same", both_render_alike),
    (
        "every level of enforcement renders the same entries, by name and order",
        entries_are_fixed,
    ),
    (
        "no caBundle and no key is rendered, whatever the values",
        nothing_secret_is_rendered,
    ),
];

/// A name for the snapshot, and the values.
pub(crate) const VARIANTS: &[(&str, &[&str])] = &[
    ("warn", &["enforcement=warn"]),
    ("enforce", &["enforcement=enforce"]),
    ("enforce-warn", &["enforcement=enforce", "config.mode=warn"]),
    ("no-webhook", &["webhook.enabled=false"]),
    (
        "kind-off",
        &[
            "enforcement=enforce",
            "webhook.kinds.services.enabled=false",
        ],
    ),
    (
        "kind-ignored",
        &[
            "enforcement=enforce",
            "webhook.kinds.targetGroupBindings.failurePolicy=Ignore",
        ],
    ),
    ("cert-manager", &["certificates.mode=certManager"]),
    (
        "cert-manager-issuer",
        &[
            "certificates.mode=certManager",
            "certificates.certManager.issuerRef.name=internal",
            "certificates.certManager.issuerRef.kind=ClusterIssuer",
        ],
    ),
    (
        "certificate-files",
        &[
            "certificates.mode=files",
            "certificates.files.secretName=brought",
        ],
    ),
    (
        "host-network",
        &[
            "hostNetwork=true",
            "webhook.port=9443",
            "operations.port=9444",
        ],
    ),
    (
        "network-policy",
        &[
            "networkPolicy.enabled=true",
            "networkPolicy.webhookFrom[0].ipBlock.cidr=10.0.0.0/28",
            "networkPolicy.operationsFrom[0].namespaceSelector.matchLabels.name=monitoring",
        ],
    ),
    (
        "names",
        &[
            "fullnameOverride=guard",
            "nameOverride=alb",
            "serviceAccount.name=reader",
        ],
    ),
    (
        "image-digest",
        &[
            "image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "imagePullSecrets[0].name=registry",
        ],
    ),
    (
        "without-rights",
        &[
            "rbac.create=false",
            "serviceAccount.create=false",
            "serviceAccount.name=mine",
        ],
    ),
    (
        "one-replica",
        &[
            "replicas=1",
            "podDisruptionBudget.enabled=false",
            "priorityClassName=",
        ],
    ),
    (
        "configuration",
        &["config.likely=warn", "config.rules.L7G102=audit"],
    ),
    (
        "monitoring",
        &[
            "monitoring.podMonitor.enabled=true",
            "monitoring.podMonitor.labels.release=prometheus",
            "monitoring.dashboard.enabled=true",
            "monitoring.dashboard.labels.grafana_dashboard=yes",
            "monitoring.dashboard.annotations.grafana_folder=guards",
        ],
    ),
    (
        "alerts",
        &[
            "monitoring.prometheusRule.enabled=true",
            "monitoring.prometheusRule.labels.release=prometheus",
            "monitoring.prometheusRule.runbook=https://example.com/runbook",
            "monitoring.prometheusRule.alerts.L7GuardFailOpen.severity=critical",
            "monitoring.prometheusRule.alerts.L7GuardFailOpen.for=5m",
            "monitoring.prometheusRule.alerts.L7GuardSlowReviews.threshold=0.25",
            "monitoring.prometheusRule.alerts.L7GuardAbsent.enabled=false",
        ],
    ),
    (
        "ipv6",
        &[
            "webhook.listenAddress=[::]",
            "service.ipFamilyPolicy=PreferDualStack",
        ],
    ),
    (
        "process",
        &[
            "logs.level=debug",
            "logs.format=text",
            "drainSeconds=30",
            "extraArguments={--max-reviews=64}",
        ],
    ),
];

fn defaults(helms: &Helms) -> Result<(), Failed> {
    let text = template(&helms.four, &[])?;
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("default", text);
    });
    Ok(())
}

fn each_value(helms: &Helms) -> Result<(), Failed> {
    let before = render(&helms.four, &[])?;
    for (name, values) in VARIANTS {
        let after = render(&helms.four, values)?;
        let shown = format!("{}\n\n{}", values.join("\n"), difference(&before, &after));
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(*name, shown);
        });
    }
    Ok(())
}

/// What went and what came: each value a line, an object that went as a whole one line alone.
fn difference(before: &[Value], after: &[Value]) -> String {
    let stays = |objects: &[Value], line: &String| {
        objects.iter().any(|object| line.starts_with(&name(object)))
    };
    let (old, new) = (lines(before), lines(after));
    let mut shown = BTreeSet::new();
    for line in old.difference(&new) {
        let object = before
            .iter()
            .map(name)
            .find(|object| line.starts_with(object));
        let line = if stays(after, line) {
            line.clone()
        } else {
            object.unwrap_or_default()
        };
        shown.insert(format!("- {line}\n"));
    }
    let come = new.difference(&old).map(|line| format!("+ {line}\n"));
    shown.into_iter().chain(come).collect()
}

fn both_render_alike(helms: &Helms) -> Result<(), Failed> {
    for (name, values) in VARIANTS {
        let [four, three] = helms.both().map(|helm| render(helm, values));
        assert_eq!(lines(&four?), lines(&three?), "{name}");
    }
    Ok(())
}

fn entries_are_fixed(helms: &Helms) -> Result<(), Failed> {
    for (name, values) in VARIANTS {
        let objects = render(&helms.four, values)?;
        let configurations = objects
            .iter()
            .filter(|object| object["kind"] == "ValidatingWebhookConfiguration");
        for configuration in configurations {
            let entries = configuration["webhooks"].as_array().ok_or("no entries")?;
            let names: Vec<&Value> = entries.iter().map(|entry| &entry["name"]).collect();
            // Never change these: docs/architecture.md and `_webhooks.tpl` say why.
            let fixed = [
                "ingresses.admission.l7guard",
                "ingressclasses.admission.l7guard",
                "services.admission.l7guard",
                "gateways.admission.l7guard",
                "gatewayclasses.admission.l7guard",
                "listenersets.admission.l7guard",
                "routes.admission.l7guard",
                "targetgroupbindings.admission.l7guard",
            ];
            assert_eq!(names, fixed, "{name}");
        }
    }
    Ok(())
}

fn nothing_secret_is_rendered(helms: &Helms) -> Result<(), Failed> {
    for (name, values) in VARIANTS {
        let objects = render(&helms.four, values)?;
        assert!(
            objects.iter().all(|object| object["kind"] != "Secret"),
            "{name}"
        );
        let text = template(&helms.four, values)?;
        assert!(!text.contains("caBundle:"), "{name}");
        assert!(!text.contains("PRIVATE KEY"), "{name}");
    }
    Ok(())
}

/// Each value of each object with its pointer, one a line.
fn lines(objects: &[Value]) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for object in objects {
        add_lines(&mut lines, &name(object), object);
    }
    lines
}

/// Ends with the blank that no other name has there.
fn name(object: &Value) -> String {
    let text = |pointer| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    format!("{} {} ", text("/kind"), text("/metadata/name"))
}

fn add_lines(lines: &mut BTreeSet<String>, place: &str, value: &Value) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                add_lines(lines, &format!("{place}/{key}"), value);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, value) in elements.iter().enumerate() {
                // Elements with names keep them: another order or number of others is no change.
                let index = value["name"]
                    .as_str()
                    .map_or(index.to_string(), str::to_owned);
                add_lines(lines, &format!("{place}/{index}"), value);
            }
        }
        other => drop(lines.insert(format!("{place}: {other}"))),
    }
}
