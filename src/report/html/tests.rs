//! Pages of reports that no file makes: over live clusters, and compared with an earlier report.

use std::path::PathBuf;
use std::sync::Arc;

use l7guard_policy::configuration::Configuration;
use time::macros::date;

use super::*;
use crate::report::{Gone, OfCluster};
use crate::world::ManifestWorld;

/// The report over a cluster that holds what these files hold.
fn of_cluster(name: &Arc<str>) -> Report {
    let directory = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/cli/everything/manifests"
    );
    let files = ["denied", "gateway", "likely"]
        .map(|name| PathBuf::from(format!("{directory}/{name}.yaml")));
    let world = ManifestWorld::read(&files, "default");
    let judgement = world.judge(&Configuration::default(), date!(2026 - 11 - 28));
    let mut findings = judgement.findings;
    for finding in &mut findings {
        finding.cluster = Some(Arc::clone(name));
        finding.location = None;
    }
    let unresolved = judgement.unresolved.into_iter();
    Report {
        objects: world.objects,
        findings,
        unresolved: unresolved
            .map(|found| OfCluster::new(name, found))
            .collect(),
        remedy: judgement.remedy,
        ..Report::default()
    }
}

fn rendered(report: &Report) -> String {
    let mut output = Vec::new();
    write(report, date!(2026 - 11 - 28), &mut output).unwrap();
    String::from_utf8(output).unwrap()
}

fn fleet() -> Report {
    let mut report = Report::default();
    for name in ["prod-<b>eu", "prod-us"] {
        let name = name.into();
        report.add_cluster(&name, of_cluster(&name));
    }
    report
}

#[test]
fn every_finding_of_a_fleet_stands_under_its_cluster() {
    let page = rendered(&fleet());
    let eu = "<span class=\"object cluster\">prod-&#60;b&#62;eu</span>";
    let us = "<span class=\"object cluster\">prod-us</span>";
    for cluster in [eu, us] {
        let heading = format!(
            "{cluster} <span class=\"object\">Deployment istio-system/istio-ingressgateway</span></h3>"
        );
        assert_eq!(page.matches(&heading).count(), 1, "{heading}");
        let name = format!("{cluster} <span class=\"object\">Ingress istio-system/denied</span>");
        assert_eq!(page.matches(&name).count(), 1, "{name}");
    }
    assert!(page.contains("<caption>Clusters</caption>"));
    assert!(page.contains("prod-us: Ingress shop/open"));
    // What is repaired together is of one cluster, for which the commands are.
    assert!(page.contains("Show the changes of cluster <span class=\"object\">prod-us</span>"));
    let commands = page
        .matches("# kubectl --context prod-us delete ingress.networking.k8s.io denied")
        .count();
    assert_eq!(commands, 2);
}

#[test]
fn what_is_new_and_what_is_gone_is_said() {
    let mut report = fleet();
    let plain = rendered(&report);
    assert!(!plain.contains("Since the earlier report") && !plain.contains("id=\"gone\""));
    report.findings[0].is_new = Some(true);
    report.findings[1].is_new = Some(false);
    report.gone.push(Gone {
        cluster: Some("prod-us".to_owned()),
        rule: "L7G001".to_owned(),
        object: "Ingress shop/<old>".to_owned(),
        message: "It was there.".to_owned(),
    });
    let page = rendered(&report);
    assert!(page.contains("Since the earlier report: 1 new, 1 gone."));
    assert_eq!(
        page.matches("<span class=\"badge new\">new</span>").count(),
        1
    );
    assert!(page.contains("prod-us: Ingress shop/&#60;old&#62;"));
}
