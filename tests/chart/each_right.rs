//! Each right of the chart's roles is needed: without it the API server refuses something that l7guard asks for.
//!
//! A right is a verb of a resource. One that is taken away shows as the API server's own words in its audit log: `cannot VERB
//! resource "RESOURCE"`. They also name rights that are checked on the way, as `create` for an apply.
//!
//! What the audit loop publishes takes its time: `L7GUARD_RIGHTS=1` adds those rows.

use std::collections::BTreeSet;

use control_plane::until;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Installed;
use crate::cluster::{Cluster, NAMESPACE, succeeded};
use crate::crds;
use crate::render::RELEASE;
use crate::replica::Replica;
use crate::roles::{exercise, exercise_reviews};
use crate::targets::targets;

pub(crate) const CASES: &[Installed] = &[
    (
        "without the right to list or to watch a kind its watch is refused, each",
        watches,
    ),
    (
        "without any other right of the chart's roles a function is refused, each",
        functions,
    ),
];

/// A verb, a group and a resource.
type Right = (String, String, String);

const ROLES: [&str; 2] = ["clusterrole", "role"];

/// The rules of a role.
fn rules(cluster: &Cluster, kind: &str) -> Result<Vec<Value>, Failed> {
    let role = cluster.get(kind, RELEASE)?;
    Ok(role["rules"].as_array().ok_or("no rules")?.clone())
}

fn set_rules(cluster: &Cluster, kind: &str, rules: &[Value]) -> Result<(), Failed> {
    let patch = json!([{"op": "replace", "path": "/rules", "value": rules}]).to_string();
    let named = ["patch", kind, RELEASE, "--namespace", RELEASE];
    cluster
        .kubectl(&[&named[..], &["--type=json", "--patch", &patch]].concat())
        .map(drop)
}

fn texts(rule: &Value, field: &str) -> Vec<String> {
    let texts = rule[field].as_array().into_iter().flatten();
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The rights of a rule.
fn rights(rule: &Value) -> Vec<Right> {
    let mut rights = Vec::new();
    for group in texts(rule, "apiGroups") {
        for resource in texts(rule, "resources") {
            for verb in texts(rule, "verbs") {
                rights.push((verb, group.clone(), resource.clone()));
            }
        }
    }
    rights
}

/// The rules, one a right, but for those of `taken`.
fn without(rules: &[Value], taken: impl Fn(&Right) -> bool) -> Vec<Value> {
    let mut left = Vec::new();
    for rule in rules {
        for right in rights(rule).into_iter().filter(|right| !taken(right)) {
            let (verb, group, resource) = right;
            let mut rule = rule.clone();
            rule["apiGroups"] = json!([group]);
            rule["resources"] = json!([resource]);
            rule["verbs"] = json!([verb]);
            left.push(rule);
        }
    }
    left
}

/// Does something while these rights are missing.
fn while_missing<T>(
    cluster: &Cluster,
    taken: impl Fn(&Right) -> bool,
    act: impl FnOnce() -> Result<T, Failed>,
) -> Result<T, Failed> {
    let before = ROLES.map(|kind| rules(cluster, kind));
    let [of_cluster, of_namespace] = before;
    let before = [of_cluster?, of_namespace?];
    for (kind, rules) in ROLES.iter().zip(&before) {
        set_rules(cluster, kind, &without(rules, &taken))?;
    }
    let acted = act();
    for (kind, rules) in ROLES.iter().zip(&before) {
        set_rules(cluster, kind, rules)?;
    }
    acted
}

/// What l7guard was told since then that it may not do.
fn refused(cluster: &Cluster, before: usize) -> Result<BTreeSet<Right>, Failed> {
    let user = format!("system:serviceaccount:{RELEASE}:{RELEASE}");
    let events = cluster.plane.audit_events()?.split_off(before);
    let of_ours = |event: &&Value| event["user"]["username"] == *user;
    Ok(events
        .iter()
        .filter(of_ours)
        .filter_map(refused_right)
        .collect())
}

/// The right that the request lacks, or one that is checked while it is carried out: that is in the message alone.
fn refused_right(event: &Value) -> Option<Right> {
    if event["annotations"]["authorization.k8s.io/decision"] == "forbid" {
        let object = &event["objectRef"];
        let group = object["apiGroup"].as_str().unwrap_or_default();
        let (verb, resource) = (event["verb"].as_str()?, object["resource"].as_str()?);
        return Some((verb.to_owned(), group.to_owned(), resource.to_owned()));
    }
    message_right(event["responseStatus"]["message"].as_str()?)
}

/// Source: apiserver `endpoints/handlers/responsewriters/errors.go` (`forbiddenMessage`).
fn message_right(message: &str) -> Option<Right> {
    let (_, rest) = message.split_once(" cannot ")?;
    let (verb, rest) = rest.split_once(" resource \"")?;
    let (resource, rest) = rest.split_once('"')?;
    let (_, rest) = rest.split_once("in API group \"")?;
    let (group, _) = rest.split_once('"')?;
    Some((verb.to_owned(), group.to_owned(), resource.to_owned()))
}

/// All of a verb at once: the watches do not hinder each other.
fn watches(cluster: &Cluster) -> Result<(), Failed> {
    cluster.installed(&[], |cluster| {
        let mut all = BTreeSet::new();
        for kind in ROLES {
            all.extend(rules(cluster, kind)?.iter().flat_map(rights));
        }
        let watched: BTreeSet<(String, String)> = all
            .iter()
            .filter(|(verb, ..)| verb == "watch")
            .map(|(_, group, resource)| (group.clone(), resource.clone()))
            .collect();
        for wanted in ["list", "watch"] {
            let taken = |right: &Right| {
                right.0 == wanted && watched.contains(&(right.1.clone(), right.2.clone()))
            };
            let missing: BTreeSet<Right> =
                all.iter().filter(|right| taken(right)).cloned().collect();
            assert_eq!(missing.len(), watched.len());
            cluster.forget_authority()?;
            let before = cluster.plane.audit_events()?.len();
            while_missing(cluster, taken, || {
                let _replica = Replica::start_unready(cluster, "watches")?;
                until("each watch is refused", || {
                    Ok(missing.is_subset(&refused(cluster, before)?).then_some(()))
                })
                .map_err(|error| {
                    let told = refused(cluster, before).unwrap_or_default();
                    let never: Vec<_> = missing.difference(&told).collect();
                    format!("{error:?}: never refused: {never:?}").into()
                })
            })?;
        }
        Ok(())
    })
}

/// What makes l7guard use a right.
#[derive(Clone, Copy, Debug)]
enum Provoke {
    /// Reviews of an object of each kind.
    Reviews,
    /// An Ingress to a gateway comes and goes.
    Finding,
    /// The Secret of the authority is deleted.
    NoSecret,
    /// It holds nonsense.
    BrokenSecret,
    /// caBundle is wiped.
    NoBundle,
    /// The Lease is deleted.
    NoLease,
}

/// A function of l7guard, and the rights without which it fails.
struct Row {
    function: &'static str,
    provoke: Provoke,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
}

const fn row(
    function: &'static str,
    provoke: Provoke,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
) -> Row {
    Row {
        function,
        provoke,
        group,
        resource,
        verbs,
    }
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const CONFIGURATIONS: &str = "validatingwebhookconfigurations";

const ROWS: &[Row] = &[
    row(
        "Pods are looked at where no template decides",
        Provoke::Reviews,
        "",
        "pods",
        &["list"],
    ),
    row(
        "injection is judged by the Namespace",
        Provoke::Reviews,
        "",
        "namespaces",
        &["get"],
    ),
    row(
        "the authority is made",
        Provoke::NoSecret,
        "",
        "secrets",
        &["create"],
    ),
    row(
        "the authority is mended",
        Provoke::BrokenSecret,
        "",
        "secrets",
        &["update", "get"],
    ),
    row(
        "caBundle is written",
        Provoke::NoBundle,
        ADMISSION,
        CONFIGURATIONS,
        &["get", "patch"],
    ),
    row(
        "one replica publishes",
        Provoke::NoLease,
        "coordination.k8s.io",
        "leases",
        &["get", "create"],
    ),
    row(
        "one replica publishes",
        Provoke::Finding,
        "coordination.k8s.io",
        "leases",
        &["patch"],
    ),
    row(
        "findings become Events",
        Provoke::Finding,
        "events.k8s.io",
        "events",
        &["create"],
    ),
    row(
        "findings are reported",
        Provoke::Finding,
        "openreports.io",
        "reports",
        &["list", "create", "patch", "delete"],
    ),
];

fn functions(cluster: &Cluster) -> Result<(), Failed> {
    let crds = crds::reports();
    succeeded(&cluster.plane.apply(&crds)?)?;
    let done = cluster.installed(&["config.audit.interval=10s"], |cluster| {
        cluster.forget_authority()?;
        let _replica = Replica::start(cluster, "functions")?;
        exercise(cluster)?;
        let is_long = std::env::var_os("L7GUARD_RIGHTS").is_some();
        let is_run = |row: &&Row| is_long || !matches!(row.provoke, Provoke::Finding);
        for row in ROWS.iter().filter(is_run) {
            for verb in row.verbs {
                is_needed(cluster, row, verb).map_err(|error| {
                    let Row {
                        function,
                        group,
                        resource,
                        ..
                    } = row;
                    format!("{function}: {verb} {resource} {group}: {error:?}")
                })?;
            }
        }
        Ok(())
    });
    succeeded(
        &cluster
            .plane
            .run_kubectl_with(&["delete", "--filename", "-"], &crds)?,
    )?;
    done
}

fn is_needed(cluster: &Cluster, row: &Row, verb: &str) -> Result<(), Failed> {
    let right = (
        verb.to_owned(),
        row.group.to_owned(),
        row.resource.to_owned(),
    );
    let before = cluster.plane.audit_events()?.len();
    while_missing(
        cluster,
        |other| *other == right,
        || {
            let mut tries = 0;
            until("it is refused", || {
                if tries % 50 == 0 {
                    provoke(cluster, row.provoke, tries / 50)?;
                }
                tries += 1;
                Ok(refused(cluster, before)?.contains(&right).then_some(()))
            })
            .map_err(|error| format!("{error:?}: {:?}", refused(cluster, before)).into())
        },
    )
}

fn provoke(cluster: &Cluster, how: Provoke, time: usize) -> Result<(), Failed> {
    let secret = ["secret", "l7guard-ca", "--namespace", RELEASE];
    let patch = |what: &str, how: &str, patch: &str| {
        let named = ["patch", what, "--namespace", RELEASE, how, "--patch", patch];
        cluster.plane.run_kubectl(&named).map(drop)
    };
    match how {
        Provoke::Reviews => {
            exercise_reviews(cluster)?;
            for target in targets("right") {
                let create = ["create", "--dry-run=server", "--filename", "-"];
                cluster
                    .plane
                    .run_kubectl_with(&create, &target.object.to_string())?;
            }
        }
        Provoke::Finding => finding(cluster, time)?,
        Provoke::NoSecret => drop(
            cluster
                .plane
                .run_kubectl(&[&["delete"], &secret[..]].concat())?,
        ),
        Provoke::BrokenSecret => {
            let nonsense = json!({"data": {"authority.key": "bm9uc2Vuc2U="}}).to_string();
            patch("secret/l7guard-ca", "--type=merge", &nonsense)?;
        }
        Provoke::NoBundle => {
            let wipe = json!([{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]);
            patch(
                "validatingwebhookconfiguration/l7guard",
                "--type=json",
                &wipe.to_string(),
            )?;
        }
        Provoke::NoLease => {
            let named = ["delete", "lease", RELEASE, "--namespace", RELEASE];
            cluster.plane.run_kubectl(&named)?;
        }
    }
    Ok(())
}

/// It comes at even times and goes at odd ones.
fn finding(cluster: &Cluster, time: usize) -> Result<(), Failed> {
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"namespace": NAMESPACE, "name": "right"},
        "spec": {
            "ingressClassName": "alb",
            "defaultBackend": {"service": {"name": "istio-ingressgateway", "port": {"number": 80}}},
        },
    });
    let verb = ["create", "delete"][time % 2];
    let arguments = [verb, "--filename", "-"];
    cluster
        .plane
        .run_kubectl_with(&arguments, &ingress.to_string())?;
    Ok(())
}
