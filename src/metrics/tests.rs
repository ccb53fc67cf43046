use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Metrics to which everything has happened once.
fn touched() -> Metrics {
    let metrics = Metrics::new();
    metrics.review(&Reviewed {
        operation: "CREATE",
        kind: "Ingress",
        decision: Decision::Deny,
        mode: Some(Mode::Deny),
        dry_run: false,
        duration: Duration::from_micros(20),
    });
    metrics.in_flight_limit(256);
    metrics.shed(Shed::Overload);
    metrics.refused(400);
    metrics.finding(RuleCode::L7G001, Effect::Tolerated, Confidence::Confirmed);
    metrics.exempted(RuleCode::L7G002);
    metrics.exemptions(ExemptionStates::default());
    metrics.inventory_objects("Service", 3);
    metrics.inventory_synced("Service", true);
    metrics.inventory_freshness("Service");
    metrics.unreadable_object("Service");
    metrics.watch_restart("Service", "expired");
    metrics.live_read("Service", "found", Duration::from_millis(2));
    metrics.reload(WatchedFile::Certificate, true);
    metrics.certificate_expiry(SystemTime::now());
    metrics.connection_limit(512);
    drop((metrics.connection(), metrics.in_flight()));
    metrics.evicted(Evicted::Idle);
    metrics.handshake_failure(HandshakeFailure::Timeout);
    metrics.log_line_lost(LogLoss::Full);
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
    let described: BTreeMap<String, (String, BTreeSet<String>)> = ALL
        .iter()
        .map(|metric| {
            let labels = metric.labels.iter().map(|&label| label.to_owned());
            let metric_type = metric.metric_type.as_str().to_owned();
            (
                format!("{PREFIX}_{}", metric.name),
                (metric_type, labels.collect()),
            )
        })
        .collect();
    assert_eq!(written(&touched().encode().unwrap()), described);
}

#[test]
fn a_review_of_an_unknown_kind_counts_as_other() {
    let metrics = Metrics::new();
    for kind in ["Ingress", "Strange\"}", "Secret"] {
        metrics.review(&Reviewed {
            operation: "UPDATE",
            kind,
            decision: Decision::Allow,
            mode: None,
            dry_run: true,
            duration: Duration::from_secs(29),
        });
    }
    let text = metrics.encode().unwrap();
    let line = "l7guard_admission_requests_total{operation=\"UPDATE\",kind=\"other\",decision=\"allow\",mode=\"none\",dry_run=\"true\"} 2";
    assert!(text.contains(line), "{text}");
    assert!(!text.contains("Secret"), "{text}");
    let past_every_timeout = "l7guard_admission_duration_seconds_bucket{le=\"31.0\",kind=\"Ingress\",decision=\"allow\"} 1";
    assert!(text.contains(past_every_timeout), "{text}");
}

#[test]
fn connections_and_reviews_in_flight_go_up_and_down() {
    let metrics = Metrics::new();
    let open = (
        metrics.connection(),
        metrics.connection(),
        metrics.in_flight(),
    );
    let text = metrics.encode().unwrap();
    assert!(text.contains("l7guard_connections 2\n"), "{text}");
    assert!(text.contains("l7guard_admission_in_flight 1\n"), "{text}");
    drop(open);
    let text = metrics.encode().unwrap();
    assert!(text.contains("l7guard_connections 0\n"), "{text}");
    assert!(text.contains("l7guard_admission_in_flight 0\n"), "{text}");
    assert!(
        text.contains("l7guard_connections_accepted_total 2\n"),
        "{text}"
    );
}

#[test]
fn a_refused_reload_keeps_the_time_of_the_last_good_one() {
    let metrics = Metrics::new();
    metrics.loaded(WatchedFile::Configuration);
    metrics.reload(WatchedFile::Configuration, false);
    let text = metrics.encode().unwrap();
    for line in [
        "l7guard_reload_last_successful{file=\"configuration\"} 0",
        "l7guard_reloads_total{file=\"configuration\",outcome=\"failure\"} 1",
        "l7guard_reload_last_success_timestamp_seconds{file=\"configuration\"} 1",
    ] {
        assert!(text.contains(line), "{text}");
    }
}
