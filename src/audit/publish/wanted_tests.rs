use std::sync::Arc;

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::Kind;
use l7guard_policy::rules::Mode;

use super::super::fingerprint::Fingerprints;
use super::super::first_seen::Reported;
use super::super::reports_api::Version;
use super::*;
use crate::audit::observed::FindingId;

const UID: &str = "0f8fad5b-d9cb-469f-a165-7086772895";

fn observed(namespace: &str, name: &str, number: u32, mode: Mode) -> Observed {
    let target = "istio-system/istio-ingressgateway";
    Observed {
        id: FindingId {
            object: ObjectKey::new(Kind::Ingress, namespace, name),
            uid: Uid::parse(&format!("{UID}{number:02x}")),
            rule: RuleCode::L7G001,
            target: target.into(),
            nth: 1,
        },
        mode,
        would_be: None,
        confidence: Confidence::Confirmed,
        api_version: "networking.k8s.io/v1",
        field: "/spec/rules/0".into(),
        message: "routes to an Istio ingress gateway".into(),
        service: None,
    }
}

fn findings(all: impl IntoIterator<Item = Observed>) -> Findings {
    let mut findings: BTreeMap<ObjectKey, Vec<Observed>> = BTreeMap::new();
    for observed in all {
        let key = observed.id.object.clone();
        findings.entry(key).or_default().push(observed);
    }
    let findings = findings.into_iter();
    findings
        .map(|(key, observed)| (key, Arc::from(observed)))
        .collect()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}

fn installation() -> ServiceName {
    ServiceName {
        namespace: "guard-system".to_owned(),
        name: "guard".to_owned(),
    }
}

fn reports(findings: &Findings, seen: &FirstSeen, bytes: usize) -> BTreeMap<String, Report> {
    let installation = installation();
    let wanted = Wanted {
        installation: &installation,
        bytes,
    };
    let findings = by_namespace(findings);
    let namespaces = findings.keys().copied().chain([""]);
    let report = |namespace| {
        Some((
            String::from(namespace),
            wanted.report(namespace, &findings, seen)?,
        ))
    };
    namespaces.filter_map(report).collect()
}

fn published(findings: &Findings, seen: &mut FirstSeen, now: i64) -> BTreeMap<String, Report> {
    seen.update(findings, at(now));
    reports(findings, seen, RESULTS)
}

#[test]
fn each_namespace_with_findings_has_one_report_and_the_cluster_an_overview() {
    let findings = findings([
        observed("shop", "a", 1, Mode::Deny),
        observed("shop", "b", 2, Mode::Warn),
        observed("store", "c", 3, Mode::Audit),
    ]);
    let reports = published(&findings, &mut FirstSeen::default(), 7);
    assert_eq!(reports.keys().collect::<Vec<_>>(), ["", "shop", "store"]);
    let shop = &reports["shop"];
    assert_eq!((shop.summary.fail, shop.summary.warn), (1, 1));
    assert_eq!(shop.metadata.name, "guard");
    let owners: Vec<_> = shop.metadata.owner_references.iter().collect();
    assert_eq!(
        owners.iter().map(|owner| &*owner.name).collect::<Vec<_>>(),
        ["a", "b"]
    );
    let result = &shop.results[0];
    assert_eq!((&*result.result, result.timestamp), ("fail", at(7)));
    assert_eq!(result.subjects[0].uid, Some(format!("{UID}01")));
    let overview = &reports[""].results;
    assert_eq!(overview.len(), 1);
    assert_eq!(
        overview[0].message,
        "3 findings in 2 namespaces: shop (2), store (1)"
    );
}

#[test]
fn without_findings_there_is_no_report() {
    assert!(published(&Findings::new(), &mut FirstSeen::default(), 8).is_empty());
}

#[test]
fn a_pass_without_change_makes_the_same_reports_and_a_change_another_one_of_its_namespace() {
    let (a, b) = (
        observed("shop", "a", 1, Mode::Deny),
        observed("store", "b", 2, Mode::Deny),
    );
    let mut seen = FirstSeen::default();
    let stored = published(&findings([a.clone(), b.clone()]), &mut seen, 7);
    // As it comes back from the cluster, with what others have added.
    let json = serde_json::to_string(&stored).unwrap();
    let mut stored: BTreeMap<String, Report> = serde_json::from_str(&json).unwrap();
    for report in stored.values_mut() {
        let labels = &mut report.metadata.labels;
        labels.insert("team".to_owned(), "platform".to_owned());
    }
    let same = published(&findings([a.clone(), b.clone()]), &mut seen, 8);
    let fingerprints = Fingerprints::default();
    let fingerprint = |report: &Report| fingerprints.of(report, &same["shop"].metadata.labels);
    for namespace in ["", "shop", "store"] {
        assert_eq!(
            fingerprint(&stored[namespace]),
            fingerprint(&same[namespace])
        );
    }
    let mut moved = a.clone();
    moved.field = "/spec/rules/3".into();
    let changed = published(&findings([moved, b]), &mut seen, 9);
    for (namespace, is_same) in [("", true), ("shop", false), ("store", true)] {
        let (before, after) = (&stored[namespace], &changed[namespace]);
        assert_eq!(
            fingerprint(before) == fingerprint(after),
            is_same,
            "{namespace}"
        );
    }
    let stripped = &mut stored.get_mut("store").unwrap().metadata.labels;
    stripped.clear();
    assert_ne!(fingerprint(&stored["store"]), fingerprint(&same["store"]));
    assert_eq!(changed["shop"].results[0].timestamp, at(7));
}

#[test]
fn what_was_seen_first_is_learnt_from_the_reports_by_whoever_comes_next() {
    let old = observed("shop", "a", 1, Mode::Deny);
    let stored = published(&findings([old.clone()]), &mut FirstSeen::default(), 7);
    let reported = Reported::of(stored.values());
    let (mut seen, mut again) = (FirstSeen::default(), old.clone());
    again.id.uid = Uid::parse(&format!("{UID}99"));
    let new = observed("shop", "b", 2, Mode::Deny);
    assert!(reported.may_hold(&old.id) && !reported.may_hold(&new.id));
    assert!(!reported.may_hold(&again.id), "it was made anew");
    seen.learn(&reported, at(9));
    let wanted = published(&findings([old, new]), &mut seen, 9);
    let times: Vec<_> = wanted["shop"].results.iter().map(|r| r.timestamp).collect();
    assert_eq!(times, [at(7), at(9)]);
}

#[test]
fn a_report_has_the_gravest_findings_that_fit_and_the_number_of_the_others() {
    let warnings = (1..100).map(|n| observed("shop", &format!("a{n:02}"), n, Mode::Warn));
    let grave = observed("shop", "z", 100, Mode::Deny);
    let findings = findings(warnings.chain([grave.clone()]));
    let mut seen = FirstSeen::default();
    seen.update(&findings, at(7));
    let reports = reports(&findings, &seen, 10_000);
    let report = &reports["shop"];
    let length = serde_json::to_vec(&report.results).unwrap().len();
    assert!(length < 11_000, "{length}");
    assert_eq!((report.summary.fail, report.summary.warn), (1, 99));
    assert_eq!(report.results[0].subjects[0].name.as_deref(), Some("z"));
    let last = report.results.last().unwrap();
    let left_out = 100 - (report.results.len() - 1);
    assert_eq!(last.properties["findings"], left_out.to_string());
    assert_eq!(
        report.metadata.owner_references.len(),
        report.results.len() - 1
    );
    // Whoever comes next does not take for new what was left out.
    let reported = Reported::of(reports.values());
    assert!(findings.values().all(|all| reported.may_hold(&all[0].id)));
}

#[test]
fn a_report_that_somebody_has_written_into_says_nothing_of_other_namespaces_and_no_time_to_come() {
    let (own, other) = (
        observed("shop", "a", 1, Mode::Deny),
        observed("store", "b", 2, Mode::Deny),
    );
    let all = findings([own.clone(), other.clone()]);
    let mut stored = published(&all, &mut FirstSeen::default(), 7);
    let claimed = stored["store"].results[0].clone();
    let mut escape = stored["shop"].results[0].clone();
    let target = "gateway\u{1b}[2J".to_owned();
    escape.properties.insert("target".to_owned(), target);
    let mut report = stored.remove("shop").unwrap();
    report.results[0].timestamp = at(i64::MAX);
    report.results.extend([claimed, escape]);
    let reported = Reported::of([&report]);
    assert_eq!(reported.ids().collect::<Vec<_>>(), [&own.id]);
    for time in [i64::MAX, i64::MIN, 0, -5] {
        report.results[0].timestamp = at(time);
        let mut seen = FirstSeen::default();
        seen.learn(&Reported::of([&report]), at(9));
        seen.update(&all, at(9));
        assert_eq!(seen.of(&own.id), at(9));
    }
}

#[test]
fn a_report_of_another_tool_or_installation_is_not_ours_and_one_without_its_labels_is() {
    let installation = installation();
    let wanted = Wanted {
        installation: &installation,
        bytes: RESULTS,
    };
    let ours = published(
        &findings([observed("shop", "a", 1, Mode::Deny)]),
        &mut FirstSeen::default(),
        7,
    );
    let stored = |report: &Report, is_written_by_l7guard| StoredReport {
        report: report.clone(),
        version: Version::default(),
        is_written_by_l7guard,
    };
    let mut stripped = ours["shop"].clone();
    stripped.metadata.labels.clear();
    let mut elsewhere = ours["shop"].clone();
    let labels = &mut elsewhere.metadata.labels;
    labels.insert(INSTANCE_NAMESPACE.to_owned(), "elsewhere".to_owned());
    for (report, is_written_by_l7guard, is_ours) in [
        (&ours["shop"], true, true),
        (&ours["shop"], false, true),
        (&stripped, true, true),
        (&stripped, false, false),
        (&elsewhere, true, false),
    ] {
        let stored = stored(report, is_written_by_l7guard);
        assert_eq!(wanted.is_ours(&stored), is_ours, "{stored:?}");
    }
}
