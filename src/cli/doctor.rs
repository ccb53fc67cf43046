//! `l7guard doctor`: is an installation sound?

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::Result;

use super::ExitStatus;
use super::config::ConfigurationFile;
use super::terminal::style;
use crate::cluster::Connection;
use crate::doctor::{self, Diagnosis, Options, Outcome};
use crate::installation::ServiceName;

const AFTER_HELP: &str = "\
Each line is ✔ as it should be, ‼ works but not as most would want it, ✘ wrong, or ? nobody could look (a right is missing, \
which is named). docs/runbook.md says of each line what it means and what to do. Nothing is written to the cluster: the \
object that must be refused is sent as a dry run.

Exit status: 0 nothing is wrong (with --strict: every line is ✔), 1 something is, 2 usage, or the cluster cannot be reached.

Examples:
  l7guard doctor --context my-cluster
  l7guard doctor --namespace l7guard --service l7guard --config l7guard.yaml
  l7guard doctor --output json --strict";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// A kubeconfig; without it what kubectl reads, in a Pod its own cluster
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig to use in place of the current one
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The namespace of the installation's Service; without it the one that the webhook configuration of l7guard names
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,
    /// The installation's Service; without it the one that the webhook configuration of l7guard names
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// The ValidatingWebhookConfiguration, where several send reviews to the Service
    #[arg(long, value_name = "NAME")]
    webhook_configuration: Option<String>,
    /// A gateway's Service in a judged namespace: the dry run sends an ALB Ingress that routes to it
    #[arg(long, value_name = "NAMESPACE/NAME")]
    probe: Option<ServiceName>,
    #[command(flatten)]
    configuration: ConfigurationFile,
    /// How the diagnosis is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Output,
    /// Exit with 1 unless every line is ✔
    #[arg(long)]
    strict: bool,
}

/// How the diagnosis is written.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Output {
    // No documentation: it would turn the help into a page.
    #[default]
    Text,
    Json,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitStatus> {
    let connection = arguments.connection();
    let (format, is_strict) = (arguments.output, arguments.strict);
    let options = arguments.options()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let diagnosis = runtime.block_on(doctor::examine(&connection, options))?;
    write(&diagnosis, format)?;
    Ok(status(diagnosis.worst(), is_strict))
}

fn write(diagnosis: &Diagnosis, format: Output) -> io::Result<()> {
    let stdout = io::stdout();
    let style = style(&stdout);
    let mut output = io::BufWriter::new(stdout.lock());
    match format {
        Output::Text => doctor::text::write(diagnosis, style, &mut output)?,
        Output::Json => doctor::json::write(diagnosis, &mut output)?,
    }
    output.flush()
}

fn status(worst: Outcome, is_strict: bool) -> ExitStatus {
    match worst {
        Outcome::Good => ExitStatus::Success,
        Outcome::Unknown | Outcome::Warning if !is_strict => ExitStatus::Success,
        Outcome::Unknown | Outcome::Warning | Outcome::Bad => ExitStatus::Findings,
    }
}

impl Arguments {
    fn connection(&self) -> Connection {
        let is_named = self.kubeconfig.is_some() || self.context.is_some();
        if !is_named && Connection::is_in_cluster() {
            return Connection::InCluster;
        }
        Connection::Kubeconfig {
            file: self.kubeconfig.clone(),
            context: self.context.clone(),
        }
    }

    fn options(self) -> Result<Options> {
        Ok(Options {
            namespace: self.namespace,
            service: self.service,
            webhook_configuration: self.webhook_configuration,
            probe: self.probe,
            configuration: self.configuration.load()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_fails_unless_all_has_to_be_well() {
        for (worst, lenient, strict) in [
            (Outcome::Good, ExitStatus::Success, ExitStatus::Success),
            (Outcome::Unknown, ExitStatus::Success, ExitStatus::Findings),
            (Outcome::Warning, ExitStatus::Success, ExitStatus::Findings),
            (Outcome::Bad, ExitStatus::Findings, ExitStatus::Findings),
        ] {
            assert_eq!(status(worst, false), lenient, "{worst:?}");
            assert_eq!(status(worst, true), strict, "{worst:?}");
        }
    }
}
