use super::*;

#[test]
fn a_review_of_an_unknown_kind_counts_as_other() {
    let metrics = ReviewMetrics::new();
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
