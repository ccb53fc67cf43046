//! The step before the trials: obtaining the control plane's binaries, starting it, and saying so on the terminal.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Instant;

use control_plane::{Binaries, Error};
use libtest_mimic::Failed;

use crate::scene::Scene;

/// How the preparation came out.
pub(crate) enum Prepared {
    /// Everything runs.
    Scene(Box<Scene>),
    /// There is no Go here: nothing can run, which has been said.
    Skipped,
    /// Something failed, which has been said.
    Broken,
}

/// Obtains the binaries and starts the control plane and the webhook. Speaks on standard error itself, past the test
/// runner, as the first time takes minutes.
pub(crate) fn prepare() -> Prepared {
    say(
        "looking for etcd, kube-apiserver and kubectl; what is missing is built from source, once (about five minutes)",
    );
    let began = Instant::now();
    match Binaries::find_or_build(&mut io::stderr()) {
        Ok(binaries) => {
            say(format_args!("binaries ready after {}", seconds(began)));
            start(&binaries)
        }
        Err(error @ Error::GoMissing { .. }) => without_go(&error),
        Err(error) => broken(&error.into()),
    }
}

fn start(binaries: &Binaries) -> Prepared {
    let began = Instant::now();
    match Scene::start(binaries) {
        Ok(scene) => {
            let took = seconds(began);
            say(format_args!("control plane and webhook ready after {took}"));
            Prepared::Scene(Box::new(scene))
        }
        Err(error) => broken(&error),
    }
}

fn without_go(error: &Error) -> Prepared {
    let line = "=".repeat(100);
    let notice = format!(
        "\n{line}\nSKIPPED: NOTHING WAS TESTED AGAINST A REAL API SERVER\n\n{error}.\n\n\
         Either install Go 1.26 or newer (https://go.dev/doc/install), and all of it is built once,\n\
         or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager and kubectl.\n{line}\n"
    );
    say(notice);
    if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
        say("CI=true: nothing may be skipped here");
        return Prepared::Broken;
    }
    Prepared::Skipped
}

fn broken(error: &Failed) -> Prepared {
    say(error.message().unwrap_or("no reason given"));
    Prepared::Broken
}

fn seconds(began: Instant) -> String {
    format!("{:.1} s", began.elapsed().as_secs_f64())
}

/// Nobody reads it if standard error is closed; that is no reason to stop.
fn say(what: impl Display) {
    let _ = writeln!(io::stderr(), "cluster tests: {what}");
}
