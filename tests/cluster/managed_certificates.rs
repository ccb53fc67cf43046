//! Certificates that the replicas make themselves: made once, told to the API server, rotated, mended.

use std::thread;
use std::time::Duration;

use control_plane::WebhookCertificate;
use libtest_mimic::Failed;
use serde_json::json;

use crate::Case;
use crate::managed::{Managed, Replica, THEIRS, certificates};
use crate::scene::Scene;
use control_plane::until;

// Where each trial's installation is.
pub(crate) const MADE: &str = "made";
pub(crate) const WIPED: &str = "wiped";
pub(crate) const ROTATED: &str = "rotated";
pub(crate) const MENDED: &str = "mended";
pub(crate) const LAGGING: &str = "lagging";
pub(crate) const WITHOUT_RIGHTS: &str = "without-rights";
pub(crate) const FOREIGN: &str = "foreign";
pub(crate) const SWITCHED: &str = "switched";

pub(crate) const CASES: &[Case] = &[
    (
        "two replicas that start at once make one authority, and the API server trusts it",
        one_authority_is_made,
    ),
    (
        "caBundle that is wiped comes back, and nothing is written that is right already",
        a_wiped_bundle_comes_back,
    ),
    (
        "authorities and certificates rotate under load, and no write is lost or let through",
        rotation_loses_nothing,
    ),
    (
        "a Secret that is deleted or broken is mended under load, and no write is lost or let through",
        a_broken_secret_is_mended,
    ),
    (
        "a replica that lags behind a rotation is verified, and not ready before its certificate ends",
        a_lagging_replica_is_verified,
    ),
    (
        "a replica without rights is not ready and says which are missing, one after the other",
        missing_rights_are_named,
    ),
    (
        "a Secret of another type is left alone and named",
        a_foreign_secret_is_left_alone,
    ),
    (
        "replicas that come after certificates from files leave those trusted, and lose no write",
        what_was_trusted_stays_trusted,
    ),
];

/// An authority lasts 45 seconds, its certificates 16, and a new one is trusted for five before it signs.
const SHORT: &str = "45,16,5";

/// A replica that lags behind has four seconds between the end of its readiness and that of its certificate.
const LONGER: &str = "60,32,5";

fn one_authority_is_made(scene: &Scene) -> Result<(), Failed> {
    let made = Managed::install(scene, MADE, None)?;
    let replicas = made.start_two()?;
    made.until_asked()?;
    let created = replicas
        .iter()
        .map(|replica| replica.logged("change=\"created\""))
        .sum::<Result<usize, Failed>>()?;
    assert_eq!(created, 1);
    let secret = made.secret()?;
    assert_eq!(secret["type"], "l7guard/certificate-authority");
    let data = secret["data"].as_object().ok_or("no data")?;
    let keys: Vec<_> = data.keys().collect();
    assert_eq!(keys, ["authority.crt", "authority.key"]);
    let configuration = made.configuration()?;
    let bundle = |entry: usize| &configuration["webhooks"][entry]["clientConfig"]["caBundle"];
    assert_eq!(
        certificates(bundle(0))?,
        certificates(&data["authority.crt"])?
    );
    assert_eq!(bundle(2), bundle(0));
    assert_eq!(certificates(bundle(1))?, [THEIRS]);
    Ok(())
}

fn a_wiped_bundle_comes_back(scene: &Scene) -> Result<(), Failed> {
    let made = Managed::install(scene, WIPED, None)?;
    let replicas = made.start_two()?;
    let right = made.configuration()?;
    let version = |value: &serde_json::Value| value["metadata"]["resourceVersion"].clone();
    for wiped in ["/webhooks/0", "/webhooks/2"] {
        let patch = json!([{"op": "remove", "path": format!("{wiped}/clientConfig/caBundle")}]);
        let patch = patch.to_string();
        let named = ["patch", "validatingwebhookconfiguration", made.namespace];
        made.kubectl(&[&named[..], &["--type=json", "--patch", &patch]].concat())?;
        until("caBundle is back", || {
            let now = made.configuration()?;
            Ok((now["webhooks"] == right["webhooks"]).then_some(()))
        })?;
    }
    made.until_asked()?;
    // Every replica looks again when it hears of a change, and after a second while it has no trusted certificate.
    let settled = version(&made.configuration()?);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(version(&made.configuration()?), settled);
    let writes = replicas
        .iter()
        .map(|replica| replica.logged("caBundle written"))
        .sum::<Result<usize, Failed>>()?;
    assert_eq!(writes, 3);
    Ok(())
}

fn rotation_loses_nothing(scene: &Scene) -> Result<(), Failed> {
    let rotated = Managed::install(scene, ROTATED, Some(SHORT))?;
    let replicas = rotated.start_two()?;
    rotated.until_asked()?;
    let written = |change: &str| {
        let counts = replicas.iter().map(|replica| replica.logged(change));
        counts.sum::<Result<usize, Failed>>()
    };
    let first = rotated.trusted()?;
    let writes = rotated.under_load(|| {
        for (change, times) in [
            ("next_made", 1),
            ("promoted", 1),
            ("previous_dropped", 1),
            ("promoted", 2),
        ] {
            until(change, || {
                Ok((written(&format!("change=\"{change}\""))? >= times).then_some(()))
            })?;
        }
        Ok(())
    })?;
    assert!(writes.iter().all(|&count| count > 20), "{writes:?}");
    assert!(!rotated.trusted()?.contains(&first[0]));
    for replica in &replicas {
        assert!(replica.logged("certificate issued")? > 4);
        assert!(replica.is_ready()?);
    }
    Ok(())
}

fn a_broken_secret_is_mended(scene: &Scene) -> Result<(), Failed> {
    let made = Managed::install(scene, MENDED, None)?;
    let replicas = made.start_two()?;
    made.until_asked()?;
    let named = ["secret", "guard-ca", "--namespace", made.namespace];
    let break_key = r#"{"data": {"authority.key": "bm9uc2Vuc2U="}}"#;
    made.under_load(|| {
        for (verb, options) in [("delete", &[][..]), ("patch", &["--patch", break_key])] {
            let before = made.trusted()?;
            let issued = |replica: &Replica| replica.logged("certificate issued");
            let counts = [issued(&replicas[0])?, issued(&replicas[1])?];
            let options = if verb == "delete" {
                &["--wait=false"][..]
            } else {
                options
            };
            made.kubectl(&[&[verb], &named[..], options].concat())?;
            for (replica, count) in replicas.iter().zip(counts) {
                until("a certificate of the new authority", || {
                    Ok((issued(replica)? > count).then_some(()))
                })?;
            }
            let after = made.trusted()?;
            assert!(before.iter().all(|certificate| after.contains(certificate)));
            assert_eq!(after.len(), before.len() + 1);
        }
        Ok(())
    })?;
    Ok(())
}

fn a_lagging_replica_is_verified(scene: &Scene) -> Result<(), Failed> {
    let lagging = Managed::install(scene, LAGGING, Some(LONGER))?;
    let developer = scene.cluster.developer_kubeconfig();
    grant(&lagging, &["Role", "ClusterRole"])?;
    let leader = lagging.start("leader", scene.cluster.kubeconfig())?;
    leader.until_ready()?;
    let behind = lagging.start("behind", developer)?;
    behind.until_ready()?;
    lagging.service.add(behind.endpoint);
    lagging.until_asked()?;
    until("the next authority", || {
        Ok((lagging.trusted()?.len() > 1).then_some(()))
    })?;
    // From now on it hears of nothing: a watch that stands goes on, but what it would read is forbidden.
    let unbind = [
        "delete",
        "rolebinding",
        "l7guard",
        "--namespace",
        lagging.namespace,
    ];
    lagging.scene.kubectl(&unbind)?;
    lagging.under_load(|| {
        until("the next authority signs", || {
            Ok(lagging.secret()?["data"].get("previous.crt").map(drop))
        })?;
        behind.until_not_ready("is about to expire: cannot get Secret lagging/guard-ca")
    })?;
    grant(&lagging, &["Role"])?;
    behind.until_ready()?;
    lagging.until_asked()
}

fn missing_rights_are_named(scene: &Scene) -> Result<(), Failed> {
    let without = Managed::install(scene, WITHOUT_RIGHTS, None)?;
    let replica = without.start("one", scene.cluster.developer_kubeconfig())?;
    replica.until_not_ready("cannot get Secret without-rights/guard-ca")?;
    grant(&without, &["Role"])?;
    replica.until_not_ready("cannot get ValidatingWebhookConfiguration without-rights")?;
    grant(&without, &["ClusterRole"])?;
    replica.until_ready()
}

fn a_foreign_secret_is_left_alone(scene: &Scene) -> Result<(), Failed> {
    let foreign = Managed::install(scene, FOREIGN, None)?;
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"namespace": foreign.namespace, "name": "guard-ca"},
        "data": {"authority.key": "bm9uc2Vuc2U="},
    });
    scene.apply(&secret.to_string())?;
    let before = foreign.secret()?;
    let replica = foreign.start("one", scene.cluster.kubeconfig())?;
    replica.until_not_ready("Secret foreign/guard-ca has the type \"Opaque\"")?;
    assert_eq!(foreign.secret()?, before);
    foreign.kubectl(&[
        "delete",
        "secret",
        "guard-ca",
        "--namespace",
        foreign.namespace,
        "--wait=false",
    ])?;
    replica.until_ready()
}

/// From certificates of files to managed ones by a rolling update: replicas of both kinds stand side by side for a while.
fn what_was_trusted_stays_trusted(scene: &Scene) -> Result<(), Failed> {
    let switched = Managed::install(scene, SWITCHED, None)?;
    let folder = tempfile::tempdir()?;
    let certificate = WebhookCertificate::write_into(folder.path(), "guard.switched.svc")?;
    let old = switched.start_with_files("old", &certificate)?;
    switched.trust(&certificate.authority)?;
    switched.service.add(old.endpoint);
    switched.until_asked()?;
    switched.under_load(|| {
        let new = switched.start("new", scene.cluster.kubeconfig())?;
        new.until_ready()?;
        switched.service.add(new.endpoint);
        let trusted = switched.trusted()?;
        assert_eq!(trusted.len(), 2);
        let is_ours =
            |pem: &String| pem.replace('\r', "") == certificate.authority.replace('\r', "");
        assert!(trusted.iter().any(is_ours));
        thread::sleep(Duration::from_secs(3));
        switched.service.remove(old.endpoint);
        Ok(())
    })?;
    switched.until_asked()
}

/// Binds roles of `docs/operations.md` to the ordinary user, those of the cluster with what the world needs.
fn grant(managed: &Managed<'_>, kinds: &[&str]) -> Result<(), Failed> {
    const PAGE: &str = include_str!("../../docs/operations.md");
    let namespace = managed.namespace;
    let block = |marker: &str| -> Result<String, Failed> {
        let (_, after) = PAGE.split_once(marker).ok_or("no such block")?;
        let text = after
            .split("```yaml")
            .nth(1)
            .and_then(|text| text.split("```").next());
        Ok(text.ok_or("no block")?.to_owned())
    };
    let mut documents: Vec<String> = vec![block("<!-- cluster role -->")?];
    documents.extend(
        block("<!-- roles of certificates -->")?
            .split("---")
            .map(str::to_owned),
    );
    for (number, document) in documents.iter().enumerate() {
        let kind = if document.contains("kind: ClusterRole") {
            "ClusterRole"
        } else {
            "Role"
        };
        if !kinds.contains(&kind) {
            continue;
        }
        let name = format!("{namespace}-{number}");
        let role = document
            .replace("l7guard-ca]", "guard-ca]")
            .replace(
                "resourceNames: [l7guard]",
                &format!("resourceNames: [{namespace}]"),
            )
            .replace("namespace: l7guard", &format!("namespace: {namespace}"))
            .replace("name: l7guard-certificates\n", &format!("name: {name}\n"))
            .replace("name: l7guard\n", &format!("name: {name}\n"));
        let mut binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": format!("{kind}Binding"),
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
            "subjects": [{"kind": "User", "name": "developer", "apiGroup": "rbac.authorization.k8s.io"}],
        });
        if kind == "Role" {
            binding["metadata"]["namespace"] = json!(namespace);
            binding["metadata"]["name"] = json!("l7guard");
        }
        managed.scene.apply(&format!("{role}\n---\n{binding}"))?;
    }
    Ok(())
}
