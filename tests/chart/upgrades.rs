//! From one version of the chart to the next and back, and from Helm 3 to Helm 4.

use std::fs;
use std::path::Path;

use libtest_mimic::Failed;
use tempfile::TempDir;

use crate::Installed;
use crate::ca_bundle::{ca_bundles, until_bundled};
use crate::cluster::{Cluster, ENFORCE, install, install_chart, uninstall};
use crate::helm::{CHART, Helms};
use crate::render::RELEASE;
use crate::replica::Replica;
use crate::verdicts::{assert_audits, assert_refuses};

pub(crate) const CASES: &[Installed] = &[
    (
        "an upgrade that adds an entry, and its rollback, pass with caBundle in place",
        added_entry,
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
