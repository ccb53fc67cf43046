//! From nothing to audit, to enforcement, and away again, with real Helm. l7guard runs as the Deployment describes it.

use std::fs;
use std::path::Path;

use control_plane::{AWS_CRDS, Outcome};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Installed;
use crate::cluster::{Cluster, NAMESPACE, install, install_chart, succeeded, uninstall};
use crate::helm::{CHART, Helms};
use crate::render::RELEASE;
use crate::replica::Replica;
use crate::say;
use control_plane::until;

pub(crate) const CASES: &[Installed] = &[
    (
        "install, audit, enforce, audit, rollback, uninstall",
        from_nothing_and_back,
    ),
    (
        "a first install that enforces refuses writes until a replica is ready",
        enforced_at_once,
    ),
    (
        "caBundle that is wiped is written again, and no upgrade of either Helm loses it",
        ca_bundle_stays,
    ),
    (
        "an upgrade that adds an entry, and its rollback, pass with caBundle in place",
        added_entry,
    ),
    (
        "a release of Helm 3 is upgraded, rolled back and uninstalled by Helm 4",
        three_to_four,
    ),
    (
        "without a webhook l7guard runs all the same",
        without_webhook,
    ),
    (
        "two replicas that start at once have one authority",
        one_authority,
    ),
    (
        "CRDs that are missing hinder nothing, and are asked about once they are installed",
        crds_later,
    ),
    (
        "by hand: deploy/ installs, enforces and goes away without Helm",
        by_hand,
    ),
];

const ENFORCE: &[&str] = &["enforcement=enforce"];

fn ingress(service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"namespace": NAMESPACE, "name": "shop"},
        "spec": {
            "ingressClassName": "alb",
            "defaultBackend": {"service": {"name": service, "port": {"number": 80}}},
        },
    })
}

/// What an ALB in front of a gateway, and of an application, gets: as `kubectl create` says it.
struct Tried {
    bad: Outcome,
    good: Outcome,
}

fn tried(cluster: &Cluster, dry_run: &str) -> Result<Tried, Failed> {
    let create = |service: &str| -> Result<Outcome, Failed> {
        let arguments = ["create", "--filename", "-", dry_run];
        let outcome = cluster
            .plane
            .run_kubectl_with(&arguments, &ingress(service).to_string())?;
        let delete = [
            "delete",
            "ingress",
            "shop",
            "--namespace",
            NAMESPACE,
            "--ignore-not-found",
        ];
        cluster.kubectl(&delete)?;
        Ok(outcome)
    };
    Ok(Tried {
        bad: create("istio-ingressgateway")?,
        good: create("web")?,
    })
}

fn assert_refuses(cluster: &Cluster) -> Result<(), Failed> {
    for dry_run in ["--dry-run=none", "--dry-run=server"] {
        let Tried { bad, good } = tried(cluster, dry_run)?;
        assert!(
            bad.stderr.contains("ingresses.admission.l7guard"),
            "{}",
            bad.stderr
        );
        assert!(
            bad.stderr.contains("L7G001") && !bad.status.success(),
            "{}",
            bad.stderr
        );
        assert!(good.status.success(), "{}", good.stderr);
    }
    Ok(())
}

/// Nothing is refused or said; a dry run on the server is the preview of what would be.
fn assert_audits(cluster: &Cluster) -> Result<(), Failed> {
    let Tried { bad, good } = tried(cluster, "--dry-run=none")?;
    for outcome in [bad, good] {
        assert!(
            outcome.status.success() && outcome.stderr.is_empty(),
            "{outcome:?}"
        );
    }
    let Tried { bad, good } = tried(cluster, "--dry-run=server")?;
    assert!(
        bad.status.success() && bad.stderr.contains("L7G001"),
        "{bad:?}"
    );
    assert!(good.status.success() && good.stderr.is_empty(), "{good:?}");
    Ok(())
}

fn from_nothing_and_back(cluster: &Cluster) -> Result<(), Failed> {
    let helm = &cluster.helms.four;
    let notes = install(helm, &[])?;
    assert!(notes.contains("Nothing is refused."), "{notes}");
    let replica = Replica::start(cluster, "path")?;
    assert_audits(cluster)?;
    install(helm, &["enforcement=warn"])?;
    replica.take_configuration(cluster)?;
    let warned = tried(cluster, "--dry-run=none")?.bad;
    assert!(
        warned.status.success() && warned.stderr.contains("L7G001"),
        "{}",
        warned.stderr
    );
    let notes = install(helm, ENFORCE)?;
    assert!(
        notes.contains("kubectl delete validatingwebhookconfiguration l7guard"),
        "{notes}"
    );
    replica.take_configuration(cluster)?;
    assert_refuses(cluster)?;
    install(helm, &[])?;
    replica.take_configuration(cluster)?;
    assert_audits(cluster)?;
    helm.succeed(&["rollback", RELEASE, "3", "--namespace", RELEASE])?;
    replica.take_configuration(cluster)?;
    assert_refuses(cluster)?;
    drop(replica);
    uninstall(helm)?;
    assert_left_as_documented(cluster)
}

/// Everything in the cluster that bears our name, but for what Kubernetes makes by itself.
fn assert_left_as_documented(cluster: &Cluster) -> Result<(), Failed> {
    let list = |scope: &[&str]| {
        cluster.kubectl(&[&["api-resources", "--verbs=list", "--output=name"], scope].concat())
    };
    let mut left = Vec::new();
    for (scope, place) in [
        ("--namespaced=true", "--all-namespaces"),
        ("--namespaced=false", ""),
    ] {
        for resource in list(&[scope])?
            .lines()
            .filter(|resource| !resource.starts_with("events"))
        {
            let arguments: Vec<&str> = [
                "get",
                resource,
                "--output=name",
                "--ignore-not-found",
                place,
            ]
            .into_iter()
            .filter(|argument| !argument.is_empty())
            .collect();
            let names = cluster.plane.run_kubectl(&arguments)?.stdout;
            left.extend(
                names
                    .lines()
                    .filter(|name| name.contains(RELEASE))
                    .map(str::to_owned),
            );
        }
    }
    left.sort();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/install.md"))?;
    let (_, rest) = page
        .split_once("<!-- left behind -->\n\n```text\n")
        .ok_or("no list of what is left")?;
    let (documented, _) = rest.split_once("```").ok_or("no end of the list")?;
    let documented: Vec<&str> = documented.lines().collect();
    let undocumented: Vec<&String> = left
        .iter()
        .filter(|name| !documented.contains(&name.as_str()))
        .collect();
    assert!(undocumented.is_empty(), "left behind: {undocumented:?}");
    assert!(
        left.iter().any(|name| name == "secret/l7guard-ca"),
        "{left:?}"
    );
    Ok(())
}

fn enforced_at_once(cluster: &Cluster) -> Result<(), Failed> {
    cluster.installed(ENFORCE, |cluster| {
        until("writes are refused for want of a replica", || {
            let failed = tried(cluster, "--dry-run=server")?.good;
            Ok(failed
                .stderr
                .contains("failed calling webhook")
                .then_some(()))
        })?;
        let began = std::time::Instant::now();
        let _replica = Replica::start(cluster, "at-once")?;
        assert_refuses(cluster)?;
        // Not asserted: what docs/install.md says of it was measured here.
        say(&format!(
            "enforced {:?} after the process was started",
            began.elapsed()
        ));
        Ok(())
    })
}

/// How many entries have a caBundle, and how many there are.
pub(crate) fn ca_bundles(cluster: &Cluster) -> Result<(usize, usize), Failed> {
    let configuration = cluster.get("validatingwebhookconfiguration", RELEASE)?;
    let entries = configuration["webhooks"].as_array().ok_or("no entries")?;
    let has_bundle = |entry: &&Value| {
        entry["clientConfig"]["caBundle"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    };
    Ok((entries.iter().filter(has_bundle).count(), entries.len()))
}

fn until_bundled(cluster: &Cluster) -> Result<(), Failed> {
    until("every entry has its caBundle", || {
        let (bundled, all) = ca_bundles(cluster)?;
        Ok((bundled == all).then_some(()))
    })
}

fn ca_bundle_stays(cluster: &Cluster) -> Result<(), Failed> {
    let Helms { four, three } = &cluster.helms;
    cluster.installed(ENFORCE, |cluster| {
        let _replica = Replica::start(cluster, "bundle")?;
        until_bundled(cluster)?;
        // As Argo CD does with `Replace=true`.
        let rendered = four.succeed(&["get", "manifest", RELEASE, "--namespace", RELEASE])?;
        let rendered = crate::render::objects(&rendered)?;
        let configuration =
            crate::render::the(&rendered, "ValidatingWebhookConfiguration")?.to_string();
        succeeded(
            &cluster
                .plane
                .run_kubectl_with(&["replace", "--filename", "-"], &configuration)?,
        )?;
        until_bundled(cluster)?;
        assert_refuses(cluster)?;
        for (helm, values) in [
            (four, ENFORCE),
            (four, &[]),
            (three, ENFORCE),
            (four, ENFORCE),
        ] {
            install(helm, values)?;
            until_bundled(cluster)?;
        }
        assert_refuses(cluster)
    })
}

/// The chart without its last entry, as an older one may have been.
fn older_chart() -> Result<TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(CHART),
        folder.path(),
    )?;
    let file = folder.path().join("templates/_webhooks.tpl");
    let text = fs::read_to_string(&file)?;
    let (before, rest) = text
        .split_once("- name: targetgroupbindings\n")
        .ok_or("no such entry")?;
    let (_, after) = rest.split_once("{{- end -}}").ok_or("no end")?;
    fs::write(&file, format!("{before}{{{{- end -}}}}{after}"))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn added_entry(cluster: &Cluster) -> Result<(), Failed> {
    let older = older_chart()?;
    let older = older.path().display().to_string();
    for helm in cluster.helms.both() {
        install_chart(helm, &older, ENFORCE)?;
        let replica = Replica::start(cluster, "added")?;
        until_bundled(cluster)?;
        let (_, before) = ca_bundles(cluster)?;
        install(helm, ENFORCE)?;
        until_bundled(cluster)?;
        assert_eq!(ca_bundles(cluster)?, (before + 1, before + 1));
        assert_refuses(cluster)?;
        // The rule above for everybody who writes entries: an entry may come, but never go. So a rollback past the version
        // that brought it is by `kubectl delete validatingwebhookconfiguration` first (docs/install.md).
        cluster.kubectl(&["delete", "validatingwebhookconfiguration", RELEASE])?;
        helm.succeed(&["rollback", RELEASE, "1", "--namespace", RELEASE])?;
        until_bundled(cluster)?;
        assert_eq!(ca_bundles(cluster)?, (before, before));
        drop(replica);
        uninstall(helm)?;
    }
    Ok(())
}

fn three_to_four(cluster: &Cluster) -> Result<(), Failed> {
    let Helms { four, three } = &cluster.helms;
    install(three, &[])?;
    let replica = Replica::start(cluster, "three")?;
    assert_audits(cluster)?;
    install(four, ENFORCE)?;
    replica.take_configuration(cluster)?;
    assert_refuses(cluster)?;
    four.succeed(&["rollback", RELEASE, "1", "--namespace", RELEASE])?;
    replica.take_configuration(cluster)?;
    assert_audits(cluster)?;
    drop(replica);
    uninstall(four)
}

fn without_webhook(cluster: &Cluster) -> Result<(), Failed> {
    cluster.installed(&["webhook.enabled=false"], |cluster| {
        assert!(
            cluster
                .get("validatingwebhookconfiguration", RELEASE)
                .is_err()
        );
        Replica::start_alone(cluster, "no-webhook").map(drop)
    })
}

fn one_authority(cluster: &Cluster) -> Result<(), Failed> {
    cluster.kubectl(&[
        "delete",
        "secret",
        "l7guard-ca",
        "--namespace",
        RELEASE,
        "--ignore-not-found",
    ])?;
    cluster.installed(ENFORCE, |cluster| {
        // The port of the Service is the first one's. The second one listens elsewhere.
        std::thread::scope(|scope| {
            let one = scope.spawn(|| Replica::start_alone(cluster, "twin-a"));
            let two = scope.spawn(|| Replica::start_beside(cluster, "twin-b"));
            let one = one.join().map_err(|_| "panicked")??;
            let two = two.join().map_err(|_| "panicked")??;
            let made = |replica: &Replica| -> Result<usize, Failed> {
                Ok(replica
                    .log()?
                    .matches("certificate authorities written")
                    .count())
            };
            assert_eq!(made(&one)? + made(&two)?, 1);
            until_bundled(cluster)
        })?;
        Ok(())
    })
}

fn crds_later(cluster: &Cluster) -> Result<(), Failed> {
    let bare = Cluster::start_without_crds(&cluster.helms)?;
    install(&bare.helms.four, ENFORCE)?;
    let _replica = Replica::start(&bare, "bare")?;
    assert_refuses(&bare)?;
    succeeded(&bare.plane.apply(AWS_CRDS)?)?;
    let binding = json!({
        "apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding",
        "metadata": {"namespace": NAMESPACE, "name": "edge"},
        "spec": {
            "serviceRef": {"name": "istio-ingressgateway", "port": 80}, "targetGroupProtocol": "HTTP",
            "targetGroupARN": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/edge/1",
        },
    });
    until("the new kind is asked about", || {
        let create = ["create", "--dry-run=server", "--filename", "-"];
        let outcome = bare.plane.run_kubectl_with(&create, &binding.to_string())?;
        Ok(outcome.stderr.contains("L7G003").then_some(()))
    })
}

fn by_hand(cluster: &Cluster) -> Result<(), Failed> {
    let apply = |enforcement: &str| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("deploy/{enforcement}.yaml"));
        // The API server dials the port of the Service, which has to be above 1024 here.
        let text = fs::read_to_string(file)?.replace("port: 443\n", "port: 8443\n");
        succeeded(
            &cluster
                .plane
                .run_kubectl_with(&["apply", "--server-side", "--filename", "-"], &text)?,
        )?;
        Ok::<_, Failed>(text)
    };
    apply("audit")?;
    let replica = Replica::start(cluster, "by-hand")?;
    assert_audits(cluster)?;
    let text = apply("enforce")?;
    replica.take_configuration(cluster)?;
    assert_refuses(cluster)?;
    until_bundled(cluster)?;
    let (_, rest) = text.split_once("\n---\n").ok_or("one document alone")?;
    succeeded(
        &cluster
            .plane
            .run_kubectl_with(&["delete", "--filename", "-"], rest)?,
    )
}
