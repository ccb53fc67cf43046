//! caBundle of the chart's webhook configuration, and the authority whose certificate it is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control_plane::until;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::Installed;
use crate::cluster::{Cluster, ENFORCE, install, succeeded};
use crate::helm::Helms;
use crate::render::RELEASE;
use crate::replica::Replica;
use crate::verdicts::assert_refuses;

pub(crate) const CASES: &[Installed] = &[(
    "caBundle that is wiped is written again, and no upgrade of either Helm loses it",
    ca_bundle_stays,
)];

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

/// The certificates that every entry trusts, PEM.
pub(crate) fn trusted(cluster: &Cluster) -> Result<Vec<String>, Failed> {
    let configuration = cluster.get("validatingwebhookconfiguration", RELEASE)?;
    let entries = configuration["webhooks"].as_array().ok_or("no entries")?;
    let bundle = |entry: &Value| entry["clientConfig"]["caBundle"].clone();
    let first = entries.first().map(bundle).ok_or("no entry")?;
    assert!(entries.iter().all(|entry| bundle(entry) == first));
    let text = String::from_utf8(STANDARD.decode(first.as_str().unwrap_or_default())?)?;
    let sections = text.split_inclusive("-----END CERTIFICATE-----\n");
    Ok(sections.map(str::to_owned).collect())
}

pub(crate) fn until_bundled(cluster: &Cluster) -> Result<(), Failed> {
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
