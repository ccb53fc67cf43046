//! From one version of the chart to the next and back, and from Helm 3 to Helm 4.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Failed;
use serde_json::json;
use tempfile::TempDir;

use crate::Installed;
use crate::ca_bundle::{ca_bundles, trusted, until_bundled};
use crate::cluster::{Cluster, ENFORCE, PORT, install, install_chart, succeeded, uninstall};
use crate::helm::{CHART, Helms};
use crate::render::{RELEASE, objects, template_chart, the};
use crate::replica::Replica;
use crate::verdicts::{assert_audits, assert_refuses};

pub(crate) const CASES: &[Installed] = &[
    (
        "an upgrade that adds an entry, and its rollback by either Helm, pass with caBundle in place",
        added_entry,
    ),
    (
        "so does a server-side apply of an older chart",
        direct_apply,
    ),
    (
        "where cert-manager owns caBundle by server-side apply, Helm 4 rolls back after the configuration was deleted",
        owned_by_an_injector,
    ),
    (
        "a release of Helm 3 is upgraded, rolled back and uninstalled by Helm 4",
        three_to_four,
    ),
];

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
        let replica = Replica::start(cluster, "direct")?;
        let (_, before) = ca_bundles(cluster)?;
        install(helm, ENFORCE)?;
        until_bundled(cluster)?;
        assert_eq!(ca_bundles(cluster)?, (before + 1, before + 1));
        let first = trusted(cluster)?;
        helm.succeed(&["rollback", RELEASE, "1", "--namespace", RELEASE])?;
        assert_eq!(ca_bundles(cluster)?, (before, before));
        assert_eq!(trusted(cluster)?, first);
        assert_refuses(cluster)?;
        install(helm, ENFORCE)?;
        until_bundled(cluster)?;
        assert_eq!(ca_bundles(cluster)?, (before + 1, before + 1));
        drop(replica);
        uninstall(helm)?;
    }
    Ok(())
}

/// The same of who applies the rendered chart by server-side apply.
fn direct_apply(cluster: &Cluster) -> Result<(), Failed> {
    let older = older_chart()?;
    let older = older.path().display().to_string();
    cluster.installed(ENFORCE, |cluster| {
        let replica = Replica::start(cluster, "apply")?;
        let entries = |chart: &str| {
            let values = [ENFORCE, &[PORT]].concat();
            let text = template_chart(&cluster.helms.four, chart, &values)?;
            let objects = objects(&text)?;
            let configuration = the(&objects, "ValidatingWebhookConfiguration")?.to_string();
            let apply = [
                "apply",
                "--server-side",
                "--force-conflicts",
                "--field-manager=helm",
                "--filename",
                "-",
            ];
            succeeded(&cluster.plane.run_kubectl_with(&apply, &configuration)?)?;
            until_bundled(cluster)?;
            Ok::<_, Failed>(ca_bundles(cluster)?.1)
        };
        assert_eq!(entries(CHART)?, entries(&older)? + 1);
        assert_refuses(cluster)?;
        drop(replica);
        // Without Helm's marks, which the chart does not render, it is none of the release's: `helm uninstall` leaves it.
        let gone = ["delete", "validatingwebhookconfiguration", RELEASE];
        cluster.kubectl(&gone).map(drop)
    })
}

/// Helm 4 cannot take away an entry of which another one owns a field by server-side apply; Helm 3 can.
fn owned_by_an_injector(cluster: &Cluster) -> Result<(), Failed> {
    let older = older_chart()?;
    let older = older.path().display().to_string();
    let values = ["certificates.mode=certManager"];
    let rollback = ["rollback", RELEASE, "1", "--namespace", RELEASE];
    for (helm, is_hindered) in cluster.helms.both().into_iter().zip([true, false]) {
        install_chart(helm, &older, &values)?;
        let (_, before) = ca_bundles(cluster)?;
        install(helm, &values)?;
        inject(cluster)?;
        let outcome = helm.run(&rollback)?;
        assert_eq!(outcome.status.success(), !is_hindered, "{outcome:?}");
        if is_hindered {
            assert_eq!(ca_bundles(cluster)?, (before + 1, before + 1));
            cluster.kubectl(&["delete", "validatingwebhookconfiguration", RELEASE])?;
            helm.succeed(&rollback)?;
        }
        assert_eq!(ca_bundles(cluster)?.1, before);
        uninstall(helm)?;
    }
    Ok(())
}

/// What cert-manager's injector does with its feature `ServerSideApply`.
fn inject(cluster: &Cluster) -> Result<(), Failed> {
    let mut configuration = cluster.get("validatingwebhookconfiguration", RELEASE)?;
    let entries = configuration["webhooks"].as_array_mut();
    for entry in entries.ok_or("no entries")? {
        let bundle = json!({"caBundle": STANDARD.encode("authority")});
        *entry = json!({"name": entry["name"], "clientConfig": bundle});
    }
    configuration["metadata"] = json!({"name": RELEASE});
    let apply = [
        "apply",
        "--server-side",
        "--field-manager=cert-manager-cainjector",
        "--filename",
        "-",
    ];
    let outcome = cluster
        .plane
        .run_kubectl_with(&apply, &configuration.to_string())?;
    succeeded(&outcome)
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
