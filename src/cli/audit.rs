//! `l7guard audit`: judges what exists in live clusters, once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use l7guard_manifests::files::Input;
use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::ObjectKey;
use tokio::runtime::Runtime;

use super::ExitStatus;
use super::check::{FailOn, Output, Printing};
use super::cluster::{ClusterArguments, NamedCluster};
use super::config::ConfigurationFile;
use super::progress::Objects;
use crate::audit::{Selected, repairs, scan};
use crate::clock;
use crate::cluster::ClusterWorld;
use crate::failure;
use crate::metrics::Registry;
use crate::operations::Readiness;
use crate::pki::crypto;
use crate::report::against::Earlier;
use crate::report::{OfCluster, Report, ReportedError, ReportedFinding};

/// So many errors of one kind are said for a cluster.
const MOST_ERRORS: usize = 10;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 nothing at or above --fail-on, 1 findings, 2 usage, or something that could not be read; the findings are \
printed all the same.

It only reads. It needs the rights of docs/operations.md without the verb watch. Kinds that the cluster does not have are \
skipped. With another --config it says what that one would refuse.

Examples:
  l7guard audit --context prod
  l7guard audit --context prod-eu --context prod-us --output json > report.json
  l7guard audit --context prod --against report.json
  l7guard audit --context prod --config stricter.yaml --namespace shop")]
pub(super) struct Arguments {
    #[command(flatten)]
    clusters: ClusterArguments,
    /// Report only what is found about objects of this namespace; the whole cluster is read all the same
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,
    /// How to print what was found
    #[arg(long, short, value_enum, default_value_t = Output::Text, value_name = "FORMAT")]
    output: Output,
    /// The lowest severity that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Deny, value_name = "SEVERITY")]
    fail_on: FailOn,
    /// Say only what decides the exit status: errors, and findings at or above --fail-on
    #[arg(long, short)]
    quiet: bool,
    /// An earlier report of --output json: say which findings are new, and which are gone
    #[arg(long, value_name = "REPORT")]
    against: Option<PathBuf>,
    #[command(flatten)]
    configuration: ConfigurationFile,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let clusters = arguments.clusters.clusters()?;
    let configuration = arguments.configuration.load()?;
    let earlier = arguments.against.as_deref().map(earlier).transpose()?;
    crypto::install();
    let mut report = Report::default();
    let runtime = Runtime::new()?;
    for cluster in &clusters {
        let audit = Audit {
            arguments,
            configuration: &configuration,
            cluster,
        };
        let of_cluster = runtime.block_on(audit.report());
        report.add_cluster(&cluster.reported(), of_cluster);
    }
    if let Some(earlier) = earlier {
        let namespace = arguments.namespace.as_deref();
        earlier.compare(&mut report, |name| {
            namespace.is_none_or(|namespace| namespace == name)
        });
    }
    report.messages = configuration.messages.clone();
    report.configuration = arguments.configuration.name();
    report.unresolved_fails = arguments.fail_on == FailOn::Unresolved;
    let printing = Printing {
        output: arguments.output,
        fail_on: arguments.fail_on,
        is_quiet: arguments.quiet,
        is_verbose: true,
    };
    printing.print(&report)
}

fn earlier(path: &Path) -> Result<Earlier> {
    let json = Input::File(path.to_owned()).read()?;
    Earlier::read(&json).with_context(|| format!("cannot compare with {}", path.display()))
}

/// The audit of one cluster.
struct Audit<'a> {
    arguments: &'a Arguments,
    configuration: &'a Configuration,
    cluster: &'a NamedCluster,
}

impl Audit<'_> {
    /// What is found, with what could not be read.
    async fn report(&self) -> Report {
        match self.judge().await {
            Ok(report) => report,
            Err(error) => Report {
                errors: vec![self.error(failure::in_words(&error))],
                ..Report::default()
            },
        }
    }

    async fn judge(&self) -> Result<Report> {
        let client = self.cluster.connection.client().await?;
        let world = ClusterWorld::new(client, &Registry::default(), &Readiness::new());
        let progress = Objects::of(&self.cluster.name, !self.arguments.quiet);
        let unlisted = world.list_once(&|more| progress.read(more)).await?;
        let mut errors: Vec<String> = unlisted.iter().map(ToString::to_string).collect();
        let scan = scan(
            &world,
            self.configuration,
            clock::today(),
            Selected::Everything,
        )
        .await;
        drop(progress);
        let mut verdict = scan.verdict;
        verdict
            .findings
            .retain(|judged| self.is_asked_for(&judged.finding.object));
        verdict
            .unresolved
            .retain(|unresolved| self.is_asked_for(&unresolved.object));
        verdict
            .exempt
            .retain(|exempted| self.is_asked_for(&exempted.finding.object));
        let repairs = repairs(&world, self.configuration, &verdict.findings).await;
        errors.extend(few(scan.errors.into_iter().chain(repairs.errors)));
        let name = &self.cluster.name;
        let cluster = self.cluster.reported();
        let findings = verdict.findings.into_iter().zip(repairs.each);
        Ok(Report {
            objects: scan.objects,
            findings: findings
                .map(|(judged, remedy)| ReportedFinding {
                    judged,
                    location: None,
                    remedy,
                    cluster: Some(cluster.clone()),
                    is_new: None,
                })
                .collect(),
            unresolved: of_cluster(name, verdict.unresolved),
            exempt: of_cluster(name, verdict.exempt.into_iter().map(Into::into).collect()),
            errors: errors.into_iter().map(|text| self.error(text)).collect(),
            remedy: repairs.all,
            ..Report::default()
        })
    }

    fn is_asked_for(&self, object: &ObjectKey) -> bool {
        let namespace = &self.arguments.namespace;
        namespace
            .as_ref()
            .is_none_or(|namespace| **namespace == *object.namespace)
    }

    fn error(&self, message: String) -> ReportedError {
        ReportedError {
            file: format!("cluster {}", self.cluster.name),
            line: None,
            column: None,
            message,
        }
    }
}

fn of_cluster<T>(name: &Arc<str>, found: Vec<T>) -> Vec<OfCluster<T>> {
    found
        .into_iter()
        .map(|found| OfCluster::new(name, found))
        .collect()
}

/// The errors, of many the first.
fn few(errors: impl Iterator<Item = String>) -> Vec<String> {
    let mut errors: Vec<String> = errors.collect();
    let more = errors.len().saturating_sub(MOST_ERRORS);
    if more > 0 {
        errors.truncate(MOST_ERRORS);
        errors.push(format!("{more} further reads failed"));
    }
    errors
}
