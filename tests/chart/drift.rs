//! A tool for `GitOps` that applies what the chart renders and reads it back finds no difference.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::Installed;
use crate::cluster::{Cluster, succeeded};
use crate::render::{RELEASE, objects, template, template_without_hooks};
use crate::snapshots::VARIANTS;

pub(crate) const CASES: &[Installed] = &[
    (
        "the API server takes all that is rendered, strictly and without a warning",
        strict,
    ),
    (
        "each field that the API server defaults is rendered",
        defaults_are_rendered,
    ),
    ("a second apply of deploy/ changes nothing", second_apply),
];

/// All variants, and the defaults.
fn variants() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let defaults: (&str, &[&str]) = ("default", &[]);
    std::iter::once(defaults).chain(VARIANTS.iter().copied())
}

fn with_namespace(cluster: &Cluster) -> Result<(), Failed> {
    let namespace = "{apiVersion: v1, kind: Namespace, metadata: {name: l7guard}}";
    succeeded(&cluster.plane.apply(namespace)?)
}

fn strict(cluster: &Cluster) -> Result<(), Failed> {
    with_namespace(cluster)?;
    for (name, values) in variants() {
        let text = template(&cluster.helms.four, values)?;
        for how in [&["--server-side"][..], &[]] {
            let apply = [
                &[
                    "apply",
                    "--dry-run=server",
                    "--validate=strict",
                    "--filename",
                    "-",
                ],
                how,
            ]
            .concat();
            let outcome = cluster.plane.run_kubectl_with(&apply, &text)?;
            assert!(outcome.status.success(), "{name}: {}", outcome.stderr);
            assert_eq!(outcome.stderr, "", "{name}");
        }
    }
    Ok(())
}

fn defaults_are_rendered(cluster: &Cluster) -> Result<(), Failed> {
    with_namespace(cluster)?;
    for (name, values) in variants() {
        let text = template_without_hooks(&cluster.helms.four, values)?;
        let create = ["create", "--filename", "-", "--output", "json"];
        let outcome = cluster.plane.run_kubectl_with(&create, &text)?;
        succeeded(&outcome)?;
        let stored = serde_json::Deserializer::from_str(&outcome.stdout).into_iter::<Value>();
        let stored: Vec<Value> = stored.collect::<Result<_, _>>()?;
        succeeded(
            &cluster
                .plane
                .run_kubectl_with(&["delete", "--filename", "-"], &text)?,
        )?;
        let rendered = objects(&text)?;
        assert_eq!(rendered.len(), stored.len(), "{name}");
        for (rendered, stored) in rendered.iter().zip(&stored) {
            assert_eq!(rendered["kind"], stored["kind"]);
            let (rendered, stored) = (leaves(rendered), leaves(stored));
            let added: Vec<&String> = stored.difference(&rendered).collect();
            let lost: Vec<&String> = rendered.difference(&stored).collect();
            assert!(
                added.is_empty() && lost.is_empty(),
                "{name}: added {added:#?} lost {lost:#?}"
            );
        }
    }
    Ok(())
}

/// What the API server writes into every object, or what it allocates.
const ALLOCATED: &[&str] = &[
    "/metadata/uid",
    "/metadata/resourceVersion",
    "/metadata/generation",
    "/metadata/creationTimestamp",
    "/status",
    "/spec/clusterIP",
    "/spec/clusterIPs",
    "/spec/ipFamilies",
];

fn leaves(object: &Value) -> BTreeSet<String> {
    let mut leaves = BTreeSet::new();
    add_leaves(&mut leaves, "", object);
    leaves
}

fn add_leaves(leaves: &mut BTreeSet<String>, place: &str, value: &Value) {
    if ALLOCATED.contains(&place) {
        return;
    }
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                add_leaves(leaves, &format!("{place}/{key}"), value);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, value) in elements.iter().enumerate() {
                add_leaves(leaves, &format!("{place}/{index}"), value);
            }
        }
        other => drop(leaves.insert(format!("{place}: {other}"))),
    }
}

fn second_apply(cluster: &Cluster) -> Result<(), Failed> {
    for file in ["deploy/audit.yaml", "deploy/enforce.yaml"] {
        for how in [&["--server-side", "--force-conflicts"][..], &[]] {
            let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
            cluster.kubectl(&[&["apply", "--filename", &path], how].concat())?;
            let diff = [&["diff", "--filename", &path], how].concat();
            let outcome = cluster.plane.run_kubectl(&diff)?;
            assert_eq!(
                outcome.status.code(),
                Some(0),
                "{file} {how:?}: {}{}",
                outcome.stdout,
                outcome.stderr
            );
        }
        // As an Application that was removed: everything but the namespace goes.
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path)?;
        let (_, rest) = text.split_once("\n---\n").ok_or("one document alone")?;
        succeeded(
            &cluster
                .plane
                .run_kubectl_with(&["delete", "--filename", "-"], rest)?,
        )?;
        assert!(
            !cluster
                .plane
                .run_kubectl(&["get", "deployment", RELEASE, "--namespace", RELEASE])?
                .status
                .success()
        );
    }
    Ok(())
}
