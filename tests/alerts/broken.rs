//! An installation in good order, of which no alert fires, and then everything that can be broken within seconds: what fires is
//! said by the real processes' own metrics.

use std::fs;
use std::net::Ipv4Addr;
use std::thread;

use control_plane::until;
use libtest_mimic::Failed;
use promql_parser::parser::Expr;
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::json;
use time::{Date, OffsetDateTime};

use crate::pki::Authority;
use crate::rules::alerts;
use crate::samples::{Look, Target, assert_fire};
use crate::stage::{CONFIGURATION, SERVER_NAME, Stage, look, register};
use crate::{Case, api_server};

pub(crate) const CASES: &[Case] = &[(
    "promtool: of a sound installation no alert fires, and of a broken one those that should, from their real metrics",
    sound_and_broken,
)];

/// The labels that Prometheus gives these targets.
const API_SERVER: &str = "job=\"apiserver\",instance=\"10.0.0.1:6443\"";
const SOUND: &str =
    "namespace=\"l7guard\",job=\"l7guard/l7guard\",pod=\"a\",instance=\"10.0.0.2:9090\"";
const WITHOUT_RIGHTS: &str =
    "namespace=\"elsewhere\",job=\"elsewhere/l7guard\",pod=\"b\",instance=\"10.0.0.3:9090\"";

/// More than an alert takes for a few.
const SHED: usize = 12;

const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: refused}, spec: {ports: [{port: 80}]}}";

const FINDING: &str =
    r#"l7guard_findings{rule="L7G001",mode="deny",would_be="none",confidence="confirmed"}"#;

fn sound_and_broken() -> Result<(), Failed> {
    let Some(stage) = Stage::start()? else {
        return Ok(());
    };
    let [sound, without_rights] = stage.addresses;
    stage.register_without_rights()?;
    until_all(
        sound,
        "all is well",
        &[
            ("l7guard_webhook_configuration_matches{}", 1.0),
            ("l7guard_ca_bundle_matches{}", 1.0),
            ("l7guard_audit_leader", 1.0),
            ("l7guard_readiness{condition=\"certificate\"}", 1.0),
            ("l7guard_inventory_synced{kind=\"Ingress\"}", 1.0),
        ],
    )?;
    until("a full pass", || {
        let passed = look(sound)?.value("l7guard_audit_last_full_pass_timestamp_seconds");
        Ok((passed > Some(0.0)).then_some(()))
    })?;
    let before = [
        stage.look_at_api_server()?,
        look(sound)?,
        look(without_rights)?,
    ];
    counters_begin_at_0(&before[1])?;
    assert_fire(
        &[
            target(API_SERVER, &before[0], &before[0]),
            target(SOUND, &before[1], &before[1]),
        ],
        &[],
    )?;
    break_everything(&stage)?;
    let after = [
        stage.look_at_api_server()?,
        look(sound)?,
        look(without_rights)?,
    ];
    api_server_writes_what_the_table_says(&after[0]);
    let targets = [API_SERVER, SOUND, WITHOUT_RIGHTS]
        .into_iter()
        .zip(before.iter().zip(&after));
    let targets: Vec<Target<'_>> = targets
        .map(|(labels, (before, after))| target(labels, before, after))
        .collect();
    assert_fire(
        &targets,
        &[
            "L7GuardFailOpen",
            "L7GuardWritesRefusedByError",
            "L7GuardNoReplicaReady",
            "L7GuardReplicaNotReady",
            "L7GuardReviewsShed",
            "L7GuardCertificateExpiring",
            "L7GuardCaBundleMismatch",
            "L7GuardWebhookConfigurationMismatch",
            "L7GuardKindNotListed",
            "L7GuardReloadFailed",
            "L7GuardExemptionExpiring",
            "L7GuardExemptionExpired",
            "L7GuardNewFindings",
        ],
    )
}

fn target<'a>(labels: &'a str, before: &'a Look, after: &'a Look) -> Target<'a> {
    Target {
        labels,
        before,
        after,
    }
}

fn break_everything(stage: &Stage) -> Result<(), Failed> {
    let [sound, without_rights] = stage.addresses;
    // The replica looks at its webhook configuration every 15 seconds: meanwhile the rest.
    register(&stage.cluster, &Authority::new()?.bundle(), &["ingresses"])?;
    stage.authority.write(&stage.file(""), SERVER_NAME, 1)?;
    let today = OffsetDateTime::now_utc().date();
    let exempt = |name: &str, days: i64| -> Result<String, Failed> {
        let ends: Date = today
            .checked_add(time::Duration::days(days))
            .ok_or("no such day")?;
        Ok(format!(
            "- {{name: {name}, reason: a trial, owner: tests, expires: {ends}, match: {{names: [none]}}}}\n"
        ))
    };
    let exemptions = format!(
        "exemptions:\n{}{}",
        exempt("ends", 3)?,
        exempt("ended", -3)?
    );
    fs::write(
        stage.file("l7guard.yaml"),
        format!("{CONFIGURATION}{exemptions}"),
    )?;
    stage.hang_up()?;
    until("the exemptions are in force", || {
        let now = look(sound)?;
        Ok(now
            .value("l7guard_exemption_expiry_timestamp_seconds{exemption=\"ends\"}")
            .map(drop))
    })?;
    fs::write(
        stage.file("l7guard.yaml"),
        format!("{CONFIGURATION}mode: loud\n"),
    )?;
    stage.hang_up()?;
    shed(stage)?;
    until("an Ingress passes unjudged", || {
        stage.apply(&violator("web"))?;
        Ok(counted(stage, "apiserver_admission_webhook_fail_open_count")?.then_some(()))
    })?;
    until("Services are refused by an error", || {
        for _ in 0..3 {
            let _ = stage.cluster.apply(SERVICE)?;
        }
        Ok(counted(stage, "apiserver_admission_webhook_rejection_count")?.then_some(()))
    })?;
    until_all(
        sound,
        "all is broken",
        &[
            ("l7guard_webhook_configuration_matches{}", 0.0),
            ("l7guard_ca_bundle_matches{}", 0.0),
            (
                "l7guard_reload_last_successful{file=\"configuration\"}",
                0.0,
            ),
            (FINDING, 1.0),
        ],
    )?;
    until("reviews were sent away", || {
        let shed =
            look(without_rights)?.value("l7guard_admission_shed_total{reason=\"not_ready\"}");
        Ok((shed >= Some(11.0)).then_some(()))
    })
}

/// Whether a series of the API server is there.
fn counted(stage: &Stage, metric: &str) -> Result<bool, Failed> {
    Ok(stage.look_at_api_server()?.metrics().contains(metric))
}

/// Writes at the same time what the replica without rights is asked about.
fn shed(stage: &Stage) -> Result<(), Failed> {
    thread::scope(|scope| {
        let writers: Vec<_> = (0..SHED)
            .map(|number| {
                scope.spawn(move || {
                    let name = format!("shed-{number}");
                    stage.kubectl(&[
                        "create",
                        "configmap",
                        &name,
                        "--namespace",
                        "shop",
                        "--dry-run=server",
                    ])
                })
            })
            .collect();
        for writer in writers {
            writer.join().map_err(|_| "a writer panicked")??;
        }
        Ok(())
    })
}

fn until_all(address: Ipv4Addr, what: &str, values: &[(&str, f64)]) -> Result<(), Failed> {
    let mut last = Vec::new();
    let found = until(what, || {
        let now = look(address)?;
        last = values
            .iter()
            .map(|(series, _)| (*series, now.value(series)))
            .collect();
        let are_so = values
            .iter()
            .all(|(series, value)| now.value(series) == Some(*value));
        Ok(are_so.then_some(()))
    });
    found.map_err(|error| format!("{}: {last:?}", error.message().unwrap_or_default()).into())
}

/// An alert on the growth of a counter misses what its series begins with.
fn counters_begin_at_0(fresh: &Look) -> Result<(), Failed> {
    let mut grown = Grown::default();
    for alert in alerts()? {
        // Of these what is new counts as a whole.
        if alert.expression.contains("unless") {
            continue;
        }
        let expression = promql_parser::parser::parse(&alert.expression)?;
        walk_expr(&mut grown, &expression)?;
    }
    assert!(grown.0.len() > 4, "{:?}", grown.0);
    for metric in grown.0 {
        // Many reasons of many kinds; the alert is about many of one.
        if metric != "l7guard_watch_restarts_total" {
            assert!(
                fresh.metrics().contains(&*metric),
                "{metric} has no series at the start"
            );
        }
    }
    Ok(())
}

/// The counters whose growth is asked for.
#[derive(Default)]
struct Grown(Vec<String>);

impl ExprVisitor for Grown {
    type Error = Failed;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Failed> {
        if let Expr::Call(call) = expression
            && call.func.name == "increase"
            && let Some(Expr::MatrixSelector(selector)) =
                call.args.args.first().map(|first| &**first)
        {
            self.0.extend(selector.vs.name.clone());
        }
        Ok(true)
    }
}

fn api_server_writes_what_the_table_says(look: &Look) {
    for (metric, labels) in api_server::METRICS {
        if metric != "up" && look.metrics().contains(metric) {
            let written = look.labels(metric);
            assert_eq!(written, labels.iter().copied().collect(), "{metric}");
        }
    }
    for metric in [
        "fail_open_count",
        "rejection_count",
        "admission_duration_seconds_bucket",
    ] {
        let metric = format!("apiserver_admission_webhook_{metric}");
        assert!(look.metrics().contains(&*metric), "{metric}");
    }
}

/// An Ingress that l7guard refuses when it is asked.
fn violator(name: &str) -> String {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"namespace": "istio-system", "name": name},
        "spec": {
            "ingressClassName": "public",
            "defaultBackend": {"service": {"name": "istio-ingressgateway", "port": {"number": 80}}},
        },
    })
    .to_string()
}
