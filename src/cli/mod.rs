//! The command line: what can be asked, and who answers. Only this module knows all the others.

mod audit;
mod base;
mod certs;
mod check;
mod cluster;
mod config;
mod demo;
mod demo_client;
mod doctor;
mod exemptions;
mod explain;
mod installation_arguments;
mod invocation;
mod progress;
mod serve;
mod serve_arguments;
mod snapshot;
mod subject;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::failure;
use terminal::Colour;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Nothing at or above `--fail-on` was found.
    Success,
    /// Something was.
    Findings,
    /// Usage, unreadable or unparseable input, no objects, or a failure of our own.
    Error,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Findings => 1,
            ExitStatus::Error => 2,
        })
    }
}

/// Keeps an AWS Application Load Balancer (L7) from being put in front of an Istio ingress gateway (L7), and says how
/// to use a Network Load Balancer (L4) instead.
#[derive(Debug, Parser)]
#[command(
    name = "l7guard",
    version,
    max_term_width = 100,
    after_help = "\
Exit status: 0 all is well, 1 something was found, 2 usage, unreadable input, or a failure of l7guard itself.

Examples:
  l7guard demo                                        see it at work
  l7guard check manifests/                            judge manifests before they are applied
  helm template my-release ./chart | l7guard check -  the same of a chart
  l7guard audit --context prod                        judge what a cluster holds
  l7guard explain L7G001                              why a rule is there, and what to write instead
  l7guard explain ingress/edge -f manifests/          the way that traffic takes

`l7guard help COMMAND` says more of each command."
)]
struct CommandLine {
    /// When to use colours; `auto`: on a terminal, unless `NO_COLOR` or `CLICOLOR_FORCE` says otherwise
    #[arg(
        long,
        visible_alias = "colour",
        global = true,
        value_enum,
        default_value_t = Colour::Auto,
        value_name = "WHEN",
        display_order = 900
    )]
    color: Colour,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the guard at work: a real server with an example world answers three reviews over TLS
    Demo(demo::Arguments),
    /// Judge manifests: files, directories or standard input
    Check(check::Arguments),
    /// Judge what exists in live clusters
    Audit(audit::Arguments),
    /// Write what rules read of a cluster to a file, to check manifests against it without the cluster
    Snapshot(snapshot::Arguments),
    /// Serve the admission webhook over HTTPS
    Serve(Box<serve::Arguments>),
    /// Print a rule's page, or draw the way that traffic takes to and from an object
    Explain(explain::Arguments),
    /// Say whether an installation in a cluster is sound: webhook configuration, certificate, rights, reachability, freshness
    Doctor(doctor::Arguments),
    /// Check a configuration file, or print the JSON Schema of the format
    Config(config::Arguments),
    /// Make a certificate for development
    Certs(certs::Arguments),
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  l7guard completions bash > ~/.local/share/bash-completion/completions/l7guard
  l7guard completions zsh > \"${fpath[1]}/_l7guard\"
  l7guard completions fish > ~/.config/fish/completions/l7guard.fish")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the program, or of one of its commands
    #[command(after_help = "\
Examples:
  l7guard man > ~/.local/share/man/man1/l7guard.1
  l7guard man check > ~/.local/share/man/man1/l7guard-check.1")]
    Man {
        /// The command
        command: Option<String>,
    },
}

/// What the program understands, as data: so that a page can be held against it.
#[must_use]
pub fn command_line() -> clap::Command {
    CommandLine::command()
}

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    // Usage errors end in clap with status 2, help and version with 0.
    let command_line = CommandLine::typed();
    command_line.color.apply();
    let ended = match command_line.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Snapshot(arguments) => snapshot::run(&arguments),
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::Certs(arguments) => certs::run(&arguments),
        Command::Completions { shell } => completions(shell),
        Command::Man { command } => man(command.as_deref()),
    };
    match ended {
        Ok(status) => status.into(),
        Err(error) if is_broken_pipe(&error) => ExitStatus::Success.into(),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {}", failure::in_words(&error));
            ExitStatus::Error.into()
        }
    }
}

impl CommandLine {
    /// What was typed, with help and usage in the words in which it was.
    fn typed() -> Self {
        let program = std::env::args_os().next().unwrap_or_default();
        let mut command = Self::command();
        if let Some(name) = invocation::typed_name(&program) {
            command = command.bin_name(name);
        }
        let matches = command.clone().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }
}

fn completions(shell: clap_complete::Shell) -> Result<ExitStatus> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "l7guard", &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitStatus::Success)
}

fn man(command: Option<&str>) -> Result<ExitStatus> {
    let mut program = CommandLine::command();
    program.build();
    let page = match command {
        None => clap_mangen::Man::new(program),
        Some(name) => match program.find_subcommand(name) {
            Some(command) => {
                let command = command.clone().version(env!("CARGO_PKG_VERSION"));
                clap_mangen::Man::new(command).title(format!("l7guard-{name}"))
            }
            None => bail!("there is no command {name:?}: `l7guard help` lists them"),
        },
    };
    page.render(&mut io::stdout().lock())?;
    Ok(ExitStatus::Success)
}

/// Whoever read the output (`head`, a pager) has enough of it.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
