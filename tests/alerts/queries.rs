//! What queries ask for: metrics that exist, with labels that they have.

use std::collections::{BTreeMap, BTreeSet};

use l7guard::metrics::MetricType;
use libtest_mimic::Failed;
use promql_parser::label::Matchers;
use promql_parser::parser::{Expr, parse};
use promql_parser::util::{ExprVisitor, walk_expr};

use crate::rules::alerts;
use crate::{Case, api_server, dashboard};

pub(crate) const CASES: &[Case] = &[
    (
        "every query of rules and dashboard names metrics and labels that exist",
        all_exist,
    ),
    (
        "a query for a metric or a label that does not exist is told",
        strangers_are_told,
    ),
];

/// What Prometheus adds to each series of a target.
const OF_TARGETS: [&str; 4] = ["namespace", "job", "pod", "instance"];

fn all_exist() -> Result<(), Failed> {
    for alert in alerts()? {
        check(&alert.expression).map_err(|error| format!("{}: {error}", alert.name))?;
    }
    for query in dashboard::queries()? {
        check(&query).map_err(|error| format!("{query}: {error}"))?;
    }
    Ok(())
}

fn strangers_are_told() -> Result<(), Failed> {
    for (query, told) in [
        ("rate(l7guard_shed_total[5m])", "l7guard_shed_total"),
        ("l7guard_admission_shed_total{cause=\"overload\"}", "cause"),
        ("sum by (kind) (l7guard_admission_shed_total)", "kind"),
        ("up * on (version) l7guard_build_info", "version"),
        ("l7guard_findings{", "invalid"),
    ] {
        let error = check(query).err().ok_or(query)?;
        assert!(
            error.contains(told) || told == "invalid",
            "{query}: {error}"
        );
    }
    let soft = "sum by (job, version) (up * on (job) group_left (version) l7guard_build_info)";
    Ok(check(soft)?)
}

/// The metrics that a query selects.
pub(crate) fn metrics(query: &str) -> Result<BTreeSet<String>, String> {
    Ok(selected(&parse(query)?)?.into_keys().collect())
}

/// Whether everything that a query names exists.
pub(crate) fn check(query: &str) -> Result<(), String> {
    let expression = parse(query)?;
    let known = known();
    for (metric, labels) in selected(&expression)? {
        let has = known
            .get(&metric)
            .ok_or(format!("there is no metric {metric}"))?;
        for label in labels {
            if !has.contains(&*label) && !OF_TARGETS.contains(&&*label) {
                return Err(format!("{metric} has no label {label}"));
            }
        }
    }
    walk_expr(&mut Groupings { known: &known }, &expression)?;
    Ok(())
}

/// Each metric with its labels.
fn known() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut known: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for (metric, labels) in api_server::METRICS {
        known.insert(metric.to_owned(), labels.iter().copied().collect());
    }
    for metric in l7guard::serve::metrics::described() {
        let (name, labels) = (metric.full_name(), metric.labels.iter().copied());
        if metric.metric_type == MetricType::Histogram {
            for ending in ["count", "sum"] {
                known.insert(format!("{name}_{ending}"), labels.clone().collect());
            }
            let labels = labels.chain(["le"]).collect();
            known.insert(format!("{name}_bucket"), labels);
        } else {
            known.insert(name, labels.collect());
        }
    }
    known
}

/// Each metric that an expression selects, with the labels by which it does.
fn selected(expression: &Expr) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut selectors = Selectors::default();
    walk_expr(&mut selectors, expression)?;
    Ok(selectors.0)
}

#[derive(Default)]
struct Selectors(BTreeMap<String, BTreeSet<String>>);

impl Selectors {
    fn add(&mut self, name: Option<&String>, matchers: &Matchers) -> Result<(), String> {
        let name = name.ok_or("a selector without the name of a metric")?;
        let labels = self.0.entry(name.clone()).or_default();
        labels.extend(matchers.matchers.iter().map(|matcher| matcher.name.clone()));
        Ok(())
    }
}

impl ExprVisitor for Selectors {
    type Error = String;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, String> {
        match expression {
            Expr::VectorSelector(selector) => {
                self.add(selector.name.as_ref(), &selector.matchers)?;
            }
            Expr::MatrixSelector(selector) => {
                self.add(selector.vs.name.as_ref(), &selector.vs.matchers)?;
            }
            _ => {}
        }
        Ok(true)
    }
}

/// Labels by which is grouped or joined: some metric below has each.
struct Groupings<'a> {
    known: &'a BTreeMap<String, BTreeSet<&'static str>>,
}

impl Groupings<'_> {
    fn has(&self, expression: &Expr, labels: &[String]) -> Result<(), String> {
        let metrics = selected(expression)?;
        for label in labels {
            let of_metrics = metrics.keys().filter_map(|metric| self.known.get(metric));
            let is_known = of_metrics.flatten().any(|known| known == label);
            if !is_known && !OF_TARGETS.contains(&&**label) {
                return Err(format!("nothing has the label {label} in {expression}"));
            }
        }
        Ok(())
    }
}

impl ExprVisitor for Groupings<'_> {
    type Error = String;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, String> {
        match expression {
            Expr::Aggregate(aggregate) => {
                if let Some(by) = &aggregate.modifier {
                    self.has(&aggregate.expr, &by.labels().labels)?;
                }
            }
            Expr::Binary(binary) => {
                if let Some(matching) = binary.modifier.as_ref().and_then(|it| it.matching.as_ref())
                {
                    // Both sides have what joins them.
                    for side in [&binary.lhs, &binary.rhs] {
                        self.has(side, &matching.labels().labels)?;
                    }
                }
            }
            _ => {}
        }
        Ok(true)
    }
}
