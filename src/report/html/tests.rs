//! Pages of reports that no file makes: over live clusters, and compared with an earlier report.

use std::path::PathBuf;
use std::sync::Arc;

use l7guard_policy::configuration::Configuration;
use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::WouldBe;
use time::macros::date;

use super::*;
use crate::report::{BaseSummary, Gone, LiveCluster, OfCluster};
use crate::world::ManifestWorld;

/// A cluster by its context.
fn live(name: &Arc<str>) -> LiveCluster {
    LiveCluster::new(name, Some(vec!["--context".to_owned(), name.to_string()]))
}

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
        finding.cluster = Some(live(name));
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
        report.add_cluster(&live(&name), of_cluster(&name));
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

#[test]
fn the_base_world_and_the_configuration_are_named() {
    let base = |file: Option<&str>, reports_all| BaseSummary {
        cluster: "prod <eu>".to_owned(),
        file: file.map(str::to_owned),
        taken: "2026-11-27T06:00:00Z".to_owned(),
        objects: 1,
        reports_all,
    };
    let page = |base, configuration: Option<&str>| {
        let configuration = configuration.map(str::to_owned);
        rendered(&Report {
            base,
            configuration,
            ..Report::default()
        })
    };
    let of_file = page(Some(base(Some("prod.world"), false)), Some("<strict>.yaml"));
    for said in [
        "Cluster <span class=\"object\">prod &#60;eu&#62;</span> as of <time datetime=\"2026-11-27T06:00:00Z\">",
        "(1 object), from the snapshot <code>prod.world</code>. Only what the files add to it is reported.",
        "<dt>Configuration</dt><dd><code>&#60;strict&#62;.yaml</code></dd>",
    ] {
        assert!(of_file.contains(said), "{said}: {of_file}");
    }
    let of_cluster = page(Some(base(None, true)), None);
    let said = "read from the cluster itself. What it held before is reported as well.";
    assert!(of_cluster.contains(said), "{of_cluster}");
    assert!(!of_cluster.contains("<dt>Configuration</dt>"));
    assert!(!page(None, None).contains("<dt>Base world</dt>"));
}

#[test]
fn what_a_finding_would_do_is_said_where_it_is_in_audit_mode() {
    let mut report = of_cluster(&"prod".into());
    assert!(!rendered(&report).contains("Enforced, "));
    for (would_be, words, sentence) in [
        (
            WouldBe::Deny,
            "badge would deny\">would deny<",
            "Enforced, the rule refuses",
        ),
        (
            WouldBe::Warn,
            "badge would warn\">would warn<",
            "Enforced, the rule allows this object with a warning. ",
        ),
        (
            WouldBe::Tolerated,
            "badge would warn\">would warn<",
            "as the path was there before, and refuses a new one.",
        ),
    ] {
        report.findings[0].judged.severity = Mode::Audit;
        report.findings[0].judged.would_be = Some(would_be);
        let page = rendered(&report);
        assert_eq!(page.matches(words).count(), 1, "{page}");
        assert_eq!(page.matches(sentence).count(), 1, "{page}");
    }
}
