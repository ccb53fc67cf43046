//! What can go wrong between a test and its control plane.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Why there is no control plane, or why it did not answer as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Binaries have to be built and there is no Go toolchain. A test may skip itself on this, and must say so.
    #[error(
        "no `go` in PATH, and no {needed} in $KUBEBUILDER_ASSETS or built earlier: install Go or set KUBEBUILDER_ASSETS"
    )]
    GoMissing {
        /// The binaries that would have been built, separated by commas.
        needed: String,
    },
    /// `go build` failed.
    #[error("`go build` of {binary} failed ({status}):\n{output}")]
    BuildFailed {
        /// The binary that was being built.
        binary: &'static str,
        /// How `go build` ended.
        status: ExitStatus,
        /// All that `go build` printed.
        output: String,
    },
    /// A Go module cannot be had.
    #[error("`go {command}` failed:\n{output}")]
    Module {
        /// The arguments of `go`.
        command: String,
        /// What it printed.
        output: String,
    },
    /// A component ended by itself while the control plane was starting.
    #[error("{component} ended ({status}); its log ends with:\n{log_end}\n(logs kept in {})", .logs.display())]
    ComponentEnded {
        /// The component's name.
        component: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log_end: String,
        /// The folder with every component's log.
        logs: PathBuf,
    },
    /// The control plane did not become ready in time.
    #[error(
        "{component} was not ready within {within:?}: {last_answer}\nits log ends with:\n{log_end}\n(logs kept in {})",
        .logs.display()
    )]
    NotReady {
        /// The component that was waited for.
        component: &'static str,
        /// How long it was waited for.
        within: Duration,
        /// What it answered when last asked.
        last_answer: String,
        /// The last lines of its log.
        log_end: String,
        /// The folder with every component's log.
        logs: PathBuf,
    },
    /// A `kubectl` whose success was needed failed.
    #[error("`kubectl {arguments}` failed ({status}): {stderr}")]
    Kubectl {
        /// Its arguments, separated by blanks.
        arguments: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote to its standard error.
        stderr: String,
    },
    /// Something that had to be JSON is not, or lacks a field that it always has.
    #[error("{what} is not what was expected: {problem}")]
    Unexpected {
        /// What was read.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No audit event of the wanted kind was written in time.
    #[error("no such audit event within {within:?}; {seen} others were written")]
    NoAuditEvent {
        /// How long it was waited for.
        within: Duration,
        /// How many events there were that were not the wanted one.
        seen: usize,
    },
    /// Every address that the API server gave to a webhook's Service was in use.
    #[error(
        "{service}: port {port} is in use on each of the {tried} addresses that the API server chose"
    )]
    NoFreeAddress {
        /// `namespace/name` of the Service.
        service: String,
        /// The port that a webhook has to listen on.
        port: u16,
        /// How many addresses were tried.
        tried: usize,
    },
    /// A key or certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// An operation of the operating system failed.
    #[error("cannot {attempt}: {source}")]
    Io {
        /// What was being done, as a verb phrase.
        attempt: String,
        /// The operating system's answer.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: the operating system's error while doing `attempt` (a verb phrase).
    pub(crate) fn io(attempt: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let attempt = attempt.into();
        move |source| Self::Io { attempt, source }
    }
}
