use l7guard_policy::remedy::Remedy;
use serde_json::{Value, json};

use super::*;
use crate::report::{ClusterSummary, LiveCluster, Totals};

/// A report in which one Ingress of each of these clusters and namespaces is found.
fn earlier(found: &[(Option<&str>, &str)]) -> Earlier {
    let findings: Vec<Value> = found
        .iter()
        .map(|(cluster, namespace)| {
            json!({
                "cluster": cluster, "rule": "L7G001", "field": "/spec", "message": "an ALB", "path": [],
                "object": {"kind": "Ingress", "namespace": namespace, "name": "web"},
            })
        })
        .collect();
    let report = json!({"schema": SCHEMA, "findings": findings});
    Earlier::read(report.to_string().as_bytes()).unwrap()
}

/// A report over these clusters, each with so many errors, in which nothing is found.
fn report(clusters: &[(&str, usize)]) -> Report {
    let summary = |(name, errors): &(&str, usize)| ClusterSummary {
        name: LiveCluster::new(&(*name).into(), None),
        totals: Totals {
            errors: *errors,
            ..Report::default().totals()
        },
        remedy: Remedy::default(),
    };
    Report {
        clusters: clusters.iter().map(summary).collect(),
        ..Report::default()
    }
}

#[test]
fn what_was_not_looked_for_is_not_gone() {
    let found = [
        (Some("whole"), "shop"),
        (Some("broken"), "shop"),
        (Some("another"), "shop"),
        (None, "shop"),
    ];
    let mut now = report(&[("whole", 0), ("broken", 1)]);
    earlier(&found).compare(&mut now, |_| true);
    let gone: Vec<_> = now
        .gone
        .iter()
        .map(|gone| gone.cluster.as_deref())
        .collect();
    assert_eq!(gone, [Some("whole")]);
    assert_eq!(now.notes.len(), 1);
    let note = &now.notes[0].input.message;
    assert!(note.starts_with("3 findings"), "{note}");

    let mut of_shop = report(&[("whole", 0)]);
    let found = [(Some("whole"), "shop"), (Some("whole"), "bank")];
    earlier(&found).compare(&mut of_shop, |namespace| namespace == "shop");
    let gone: Vec<_> = of_shop.gone.iter().map(|gone| &*gone.object).collect();
    assert_eq!((gone, of_shop.notes.len()), (vec!["Ingress shop/web"], 1));

    let mut all = report(&[("whole", 0)]);
    earlier(&[(Some("whole"), "shop")]).compare(&mut all, |_| true);
    assert_eq!((all.gone.len(), all.notes.len()), (1, 0));
}

#[test]
fn another_version_is_told_before_its_fields() {
    let of = |report: Value| Earlier::read(report.to_string().as_bytes()).unwrap_err();
    let error = of(json!({"schema": "l7guard/report/v0", "found": []}));
    assert!(matches!(error, EarlierError::Schema(_)), "{error}");
    for foreign in [json!([1]), json!({"findings": []}), json!({"schema": 1})] {
        let error = of(foreign);
        assert!(matches!(error, EarlierError::NoReport(_)), "{error}");
    }
}
