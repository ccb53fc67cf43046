//! What a review costs over TLS 1.3 and HTTP/1.1 keep-alive, against *bare*: the same server that decodes the envelope of
//! a review and says yes. Then, where a control plane's binaries are at hand, what l7guard costs beside an API server.
//!
//! ```console
//! cargo bench --bench webhook
//! cargo bench --bench webhook -- --rounds 3 --seconds 1
//! KUBEBUILDER_ASSETS=/path/to/binaries cargo bench --bench webhook -- --only cluster
//! KUBEBUILDER_ASSETS=/path/to/binaries cargo bench --bench webhook -- --only audit
//! ```
//!
//! Everything that is compared is measured in turn in one run, and each ratio is the median of the rounds' ratios: what
//! disturbs the machine disturbs all of them. Servers are processes of their own (this program again, or the built
//! `l7guard`), so that their processor time and memory are the system's own account of them.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark whose own servers are broken has nothing to measure"
)]

mod cluster;
mod load;
mod objects;
mod process;
mod reviews;
mod served;
mod statistics;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Cost of a review against a server that says yes to everything.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    server: Option<Server>,
    /// How often everything is measured in turn
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long each load lasts
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How many connections send reviews, each one after the other
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// The load tool oha, where it is not in PATH
    #[arg(long)]
    oha: Option<PathBuf>,
    /// Make the load with the benchmark's own client, whether or not oha is there
    #[arg(long)]
    no_oha: bool,
    /// This benchmark as it was built from an earlier version (`target/release/deps/webhook-…`): its denials are measured beside
    /// those of this one
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,
    /// Leave out the other part
    #[arg(long)]
    only: Option<Part>,
    #[command(flatten)]
    cluster: cluster::Arguments,
    #[command(flatten)]
    audit: cluster::AuditArguments,
    /// Cargo gives this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Servers alone, in worlds that are made here
    Reviews,
    /// l7guard beside an API server
    Cluster,
    /// The audit loop, beside an API server; only where it is asked for
    Audit,
}

#[derive(Debug, clap::Subcommand)]
enum Server {
    /// A server that is measured
    #[command(hide = true)]
    Serve(served::Arguments),
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(Server::Serve(server)) = &arguments.server {
        return served::serve(server);
    }
    let plan = reviews::Plan {
        generator: load::Generator::choose(arguments.oha.as_deref(), arguments.no_oha),
        rounds: arguments.rounds,
        connections: arguments.connections,
        duration: std::time::Duration::from_secs_f64(arguments.seconds),
    };
    if matches!(arguments.only, None | Some(Part::Reviews)) {
        reviews::measure(&plan, arguments.before.as_deref());
    }
    if arguments.only == Some(Part::Audit) {
        cluster::measure_audit(&plan, &arguments.audit);
    }
    if matches!(arguments.only, None | Some(Part::Cluster)) {
        cluster::measure(&plan, &arguments.cluster, arguments.only.is_some());
    }
}
