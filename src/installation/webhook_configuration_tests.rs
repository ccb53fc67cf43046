use std::time::{Duration, SystemTime};

use serde_json::from_value;

use super::*;
use crate::pki::authority_set::{AuthoritySet, Lifetimes};

fn certificate() -> TrustedCertificate {
    let set = AuthoritySet::found(SystemTime::now(), &Lifetimes::default(), Vec::new()).unwrap();
    set.signing.certificate().clone()
}

fn service() -> ServiceName {
    "platform/guard".parse().unwrap()
}

fn entry(namespace: &str, name: &str, ca_bundle: Option<&str>) -> Value {
    let ca_bundle = ca_bundle.map(|pem| ByteString(pem.as_bytes().to_vec()));
    json!({
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {
            "service": {"namespace": namespace, "name": name},
            "caBundle": ca_bundle,
        },
    })
}

fn configuration(webhooks: &[Value]) -> ValidatingWebhookConfiguration {
    from_value(json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "guard", "resourceVersion": "77"},
        "webhooks": webhooks,
    }))
    .unwrap()
}

/// What stands there after the patch.
fn patched(
    configuration: &ValidatingWebhookConfiguration,
    bundle: &[&TrustedCertificate],
) -> Value {
    let entries = Entries::of(configuration, &service());
    let patch: json_patch::Patch = from_value(entries.operations(bundle)).unwrap();
    let mut value = serde_json::to_value(configuration).unwrap();
    json_patch::patch(&mut value, &patch).unwrap();
    value
}

#[test]
fn only_entries_of_our_service_are_written_and_only_where_they_are_wrong() {
    let (new, old) = (certificate(), certificate());
    let right = new.pem();
    let mut by_url = entry("platform", "guard", None);
    by_url["clientConfig"] = json!({"url": "https://guard.platform.svc"});
    let webhooks = [
        entry("platform", "guard", None),
        entry("platform", "other", Some("theirs")),
        entry("elsewhere", "guard", None),
        entry("platform", "guard", Some(&old.pem())),
        by_url,
        entry("platform", "guard", Some(&right)),
        entry("platform", "guard", Some("nonsense")),
    ];
    let before = configuration(&webhooks);
    let entries = Entries::of(&before, &service());
    let paths: Vec<_> = entries.operations(&[&new]).as_array().unwrap()[1..]
        .iter()
        .map(|operation| operation["path"].as_str().unwrap().to_owned())
        .collect();
    let path = |index| format!("/webhooks/{index}/clientConfig/caBundle");
    assert_eq!(paths, [path(0), path(3), path(6)]);
    let mut expected = serde_json::to_value(&before).unwrap();
    for index in [0, 3, 5, 6] {
        expected["webhooks"][index]["clientConfig"]["caBundle"] =
            json!(ByteString(right.clone().into_bytes()));
    }
    assert_eq!(patched(&before, &[&new]), expected);
}

#[test]
fn a_write_is_refused_when_the_configuration_has_changed() {
    let mut changed = configuration(&[entry("platform", "guard", None)]);
    let entries = Entries::of(&changed, &service());
    changed.metadata.resource_version = Some("78".to_owned());
    let patch: json_patch::Patch = from_value(entries.operations(&[&certificate()])).unwrap();
    let mut value = serde_json::to_value(&changed).unwrap();
    json_patch::patch(&mut value, &patch).unwrap_err();
}

/// Two versions of l7guard may write the same certificates in another order: they must not fight.
#[test]
fn the_same_certificates_in_any_order_are_right() {
    let (one, two) = (certificate(), certificate());
    let text = format!("# two\n{}\n{}", two.pem(), one.pem());
    let entries = Entries::of(
        &configuration(&[entry("platform", "guard", Some(&text))]),
        &service(),
    );
    assert!(entries.trust_exactly([&one, &two]));
    assert!(!entries.trust_exactly([&one]));
    assert!(!entries.trust_exactly([&one, &two, &certificate()]));
    assert!(entries.all_trust(&one) && !entries.all_trust(&certificate()));
}

#[test]
fn without_an_entry_there_is_nothing_to_write() {
    for webhooks in [&[][..], &[entry("platform", "other", None)]] {
        let entries = Entries::of(&configuration(webhooks), &service());
        assert!(entries.trust_exactly([&certificate()]) && entries.all_trust(&certificate()));
        assert_eq!(entries.trusted().count(), 0);
    }
    let none = Entries::of(&ValidatingWebhookConfiguration::default(), &service());
    assert!(none.trust_exactly([&certificate()]));
}

#[tokio::test(start_paused = true)]
async fn trust_is_settled_a_while_after_every_entry_has_the_certificate() {
    use super::super::trust::Trust;
    use tokio::time::Instant;
    let set = AuthoritySet::found(SystemTime::now(), &Lifetimes::default(), Vec::new()).unwrap();
    let signing = set.signing.certificate();
    let pem = signing.pem();
    let (with, without) = (
        entry("platform", "guard", Some(&pem)),
        entry("platform", "guard", None),
    );
    let half = Entries::of(&configuration(&[with.clone(), without]), &service());
    let all = Entries::of(&configuration(&[with]), &service());
    let (mut trust, now) = (Trust::default(), Instant::now());
    let later = |seconds| now + Duration::from_secs(seconds);
    trust.see(&set, Some(&half), now);
    assert!(!trust.is_settled(signing, later(60)));
    trust.see(&set, Some(&all), later(1));
    trust.see(&set, Some(&all), later(5));
    assert!(!trust.is_settled(signing, later(5)) && trust.is_settled(signing, later(6)));
    trust.see(&set, None, later(7));
    assert!(!trust.is_settled(signing, later(60)));
}
