use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use l7guard_policy::confidence::Confidence;
use l7guard_policy::configuration::{Configuration, Date, Exemption, Matcher};
use l7guard_policy::rules::{Mode, RuleCode};

use super::exemptions::ExemptionMetrics;
use super::*;
use crate::audit::metrics::{AuditMetrics, WriteResult, Written};
use crate::audit::observed::Findings;
use crate::audit::observed::tests::findings;
use crate::cluster::metrics::ClusterMetrics;
use crate::doctor::metrics::OwnInstallationMetrics;
use crate::installation::{Failure, metrics::InstallationMetrics};
use crate::judge::metrics::{Decision, Effect, Reviewed, Shed};
use crate::logging::metrics::{LogLoss, LogMetrics};
use crate::metrics::PREFIX;
use crate::operations::metrics::ReadinessMetrics;
use crate::pki::metrics::CertificateMetrics;
use crate::reload::{ReloadMetrics, WatchedFile};
use crate::server::metrics::{ConnectionMetrics, Evicted, HandshakeFailure};
use crate::supervisor::metrics::{Reason, TaskMetrics};

/// Metrics to which everything has happened once.
fn touched() -> Metrics {
    let metrics = Metrics::new();
    let (reviews, registry) = (metrics.reviews(), metrics.registry());
    reviews.review(&Reviewed {
        operation: "CREATE",
        kind: "Ingress",
        decision: Decision::Deny,
        mode: Some(Mode::Deny),
        dry_run: false,
        duration: Duration::from_micros(20),
    });
    reviews.in_flight_limit(256);
    reviews.shed(Shed::Overload);
    reviews.refused(400);
    reviews.finding(
        RuleCode::L7G001,
        Effect::Tolerated,
        None,
        Confidence::Confirmed,
    );
    reviews.exempted(RuleCode::L7G002);
    let audit = AuditMetrics::register(registry);
    audit.findings(&Findings::new(), &findings(&[("web", Mode::Deny)]));
    audit.pass(true, Duration::from_millis(20));
    audit.full_pass_ended(SystemTime::now(), 1);
    audit.leader(true);
    audit.write(Written::Report, WriteResult::Done);
    audit.effects(1, 0);
    let exemption = Exemption {
        name: "a".into(),
        reason: "b".into(),
        owner: "c".into(),
        ticket: None,
        expires: Date::from_ordinal_date(1970, 2).unwrap(),
        covers: Matcher::default(),
    };
    let configuration = Configuration {
        exemptions: vec![exemption],
        ..Configuration::default()
    };
    ExemptionMetrics::register(registry).set(&configuration, Date::MIN);
    let cluster = ClusterMetrics::register(registry);
    cluster.inventory_objects("Service", 3);
    cluster.inventory_synced("Service", true);
    cluster.inventory_freshness("Service");
    cluster.unreadable_object("Service");
    cluster.watch_restart("Service", "expired");
    cluster.live_read("Service", "found", Duration::from_millis(2));
    ReloadMetrics::register(registry).reload(WatchedFile::Certificate, true);
    CertificateMetrics::register(registry).expiry(SystemTime::now());
    let installation = InstallationMetrics::register(registry);
    installation.authority_expiry(SystemTime::now());
    installation.authority_write("created");
    installation.ca_bundle_write();
    installation.failure(&Failure::Contended {
        what: String::new(),
    });
    let own = OwnInstallationMetrics::register(registry);
    own.configuration.set(Some(true));
    own.ca_bundle.set(Some(false));
    let connections = ConnectionMetrics::register(registry);
    connections.connection_limit(512);
    drop((connections.connection(), reviews.in_flight()));
    connections.evicted(Evicted::Idle);
    connections.handshake_failure(HandshakeFailure::Timeout);
    LogMetrics::register(registry).lost(LogLoss::Full);
    ReadinessMetrics::register(registry).condition("world", true);
    TaskMetrics::register(registry).ended("webhook", Reason::Panicked);
    metrics
}

/// Name, type and label keys of everything in the text, `le` left out.
fn written(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut found: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, metric_type) = rest.split_once(' ').unwrap();
            found.insert(name.to_owned(), (metric_type.to_owned(), BTreeSet::new()));
        } else if !line.starts_with('#') {
            let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
            let (_, keys) = found
                .iter_mut()
                .filter(|(known, _)| name.starts_with(known.as_str()))
                .max_by_key(|(known, _)| known.len())
                .map(|(_, entry)| (&entry.0, &mut entry.1))
                .unwrap();
            let labels = rest.split_once('}').map_or("", |(labels, _)| labels);
            for label in labels.trim_start_matches('{').split("\",") {
                let key = label.split('=').next().unwrap();
                if !key.is_empty() && key != "le" {
                    keys.insert(key.to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn what_is_written_is_what_is_described() {
    let described: BTreeMap<String, (String, BTreeSet<String>)> = described()
        .map(|metric| {
            let labels = metric.labels.iter().map(|&label| label.to_owned());
            let metric_type = metric.metric_type.as_str().to_owned();
            (
                format!("{PREFIX}_{}", metric.name),
                (metric_type, labels.collect()),
            )
        })
        .collect();
    assert_eq!(written(&touched().registry().encode().unwrap()), described);
}

#[test]
fn an_exemption_ends_after_its_last_day_and_is_gone_with_the_configuration() {
    let metrics = touched();
    let line = "l7guard_exemption_expiry_timestamp_seconds{exemption=\"a\"} 172800\n";
    let text = metrics.registry().encode().unwrap();
    assert!(text.contains(line), "{text}");
    ExemptionMetrics::register(metrics.registry()).set(&Configuration::default(), Date::MIN);
    let text = metrics.registry().encode().unwrap();
    assert!(!text.contains("{exemption="), "{text}");
}

#[test]
fn connections_and_reviews_in_flight_go_up_and_down() {
    let metrics = Metrics::new();
    let connections = ConnectionMetrics::register(metrics.registry());
    let open = (
        connections.connection(),
        connections.connection(),
        metrics.reviews().in_flight(),
    );
    let text = metrics.registry().encode().unwrap();
    assert!(text.contains("l7guard_connections 2\n"), "{text}");
    assert!(text.contains("l7guard_admission_in_flight 1\n"), "{text}");
    drop(open);
    let text = metrics.registry().encode().unwrap();
    assert!(text.contains("l7guard_connections 0\n"), "{text}");
    assert!(text.contains("l7guard_admission_in_flight 0\n"), "{text}");
    assert!(
        text.contains("l7guard_connections_accepted_total 2\n"),
        "{text}"
    );
}
