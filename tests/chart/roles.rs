//! The roles of the chart are what l7guard needs, and nothing else. Who it is and what it asks for stands in the audit log of the
//! API server, where RBAC alone decides.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Installed;
use crate::cluster::{Cluster, ENFORCE, NAMESPACE, succeeded};
use crate::render::RELEASE;
use crate::replica::Replica;
use control_plane::until;

pub(crate) const CASES: &[Installed] = &[(
    "with exactly the chart's roles nothing is forbidden, and each right is used",
    rights,
)];

/// A resource of a group.
pub(crate) type Resource = (String, String);

/// What is only asked for where something else is there: reports, which want their CRDs and findings, and Events.
/// The tests of the audit loop prove these.
const OCCASIONAL: &[&str] = &[
    "openreports.io",
    "wgpolicyk8s.io",
    "events.k8s.io",
    "coordination.k8s.io",
];

fn rights(cluster: &Cluster) -> Result<(), Failed> {
    cluster.installed(ENFORCE, |cluster| {
        let before = cluster.plane.audit_events()?.len();
        let _replica = Replica::start(cluster, "rights")?;
        exercise(cluster)?;
        let granted = granted(cluster)?;
        until("each right is used", || {
            let (allowed, forbidden) = asked(cluster, before)?;
            assert_eq!(forbidden, BTreeSet::new());
            Ok(granted.is_subset(&allowed).then_some(()))
        })
        .map_err(|error| {
            let used = asked(cluster, before)
                .map(|(allowed, _)| allowed)
                .unwrap_or_default();
            format!(
                "{error:?}: never used {:?}",
                granted.difference(&used).collect::<Vec<_>>()
            )
            .into()
        })
    })
}

fn is_occasional(rule: &Value) -> bool {
    resources(rule)
        .iter()
        .all(|(group, _)| OCCASIONAL.contains(&group.as_str()))
}

pub(crate) fn resources(rule: &Value) -> BTreeSet<Resource> {
    let texts = |field: &str| {
        let texts = rule[field]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    let groups = texts("apiGroups");
    let pairs = groups.iter().flat_map(|group| {
        texts("resources")
            .into_iter()
            .map(|resource| (group.clone(), resource))
    });
    pairs.collect()
}

/// All resources of both roles but the occasional ones, which are there: the others are no kinds of this cluster.
fn granted(cluster: &Cluster) -> Result<BTreeSet<Resource>, Failed> {
    let mut granted = BTreeSet::new();
    for kind in ["clusterrole", "role"] {
        let role = cluster.get(kind, RELEASE)?;
        for rule in role["rules"]
            .as_array()
            .ok_or("no rules")?
            .iter()
            .filter(|rule| !is_occasional(rule))
        {
            granted.extend(resources(rule));
        }
    }
    Ok(granted)
}

/// What l7guard asked for since then: what was allowed, and what was forbidden.
fn asked(
    cluster: &Cluster,
    before: usize,
) -> Result<(BTreeSet<Resource>, BTreeSet<Resource>), Failed> {
    let user = format!("system:serviceaccount:{RELEASE}:{RELEASE}");
    let (mut allowed, mut forbidden) = (BTreeSet::new(), BTreeSet::new());
    for event in cluster.plane.audit_events()?.split_off(before) {
        let object = &event["objectRef"];
        let Some(resource) = object["resource"]
            .as_str()
            .filter(|_| event["user"]["username"] == *user)
        else {
            continue;
        };
        let group = object["apiGroup"].as_str().unwrap_or_default();
        // The authorizer's own word: an answer of 403 can be an admission's, too.
        let is_allowed = event["annotations"]["authorization.k8s.io/decision"] == "allow";
        let set = if is_allowed {
            &mut allowed
        } else {
            &mut forbidden
        };
        set.insert((group.to_owned(), resource.to_owned()));
    }
    Ok((allowed, forbidden))
}

/// An application, whose Pods have to be looked at, with a Pod whose Namespace has to be read.
const APPLICATION: &str = r#"
{apiVersion: v1, kind: Service, metadata: {namespace: default, name: rights}, spec: {selector: {app: rights}, ports: [{port: 80}]}}
---
apiVersion: v1
kind: Pod
metadata:
  namespace: default
  name: rights
  labels: {app: rights}
  annotations: {proxy.istio.io/overrides: '{"containers":[{"name":"istio-proxy","args":["proxy","router"]}]}'}
spec: {containers: [{name: web, image: web}]}
"#;

pub(crate) fn exercise(cluster: &Cluster) -> Result<(), Failed> {
    succeeded(&cluster.plane.apply(APPLICATION)?)?;
    exercise_reviews(cluster)
}

/// What comes of it does not matter here.
pub(crate) fn exercise_reviews(cluster: &Cluster) -> Result<(), Failed> {
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"namespace": NAMESPACE, "name": "rights"},
        "spec": {
            "ingressClassName": "alb",
            "defaultBackend": {"service": {"name": "rights", "port": {"number": 80}}},
        },
    });
    let create = ["create", "--dry-run=server", "--filename", "-"];
    cluster
        .plane
        .run_kubectl_with(&create, &ingress.to_string())?;
    Ok(())
}
