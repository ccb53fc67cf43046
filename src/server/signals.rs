//! SIGTERM and SIGINT as a [`Stop`].

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::drain::{Stop, StopHandle, stop};

/// SIGTERM and SIGINT on their way to a [`Stop`]. Clones share it.
#[derive(Clone, Debug)]
pub struct StopSignals(Arc<StopHandle>);

impl StopSignals {
    /// A [`Stop`] that every SIGTERM (what kubelet sends) and every SIGINT (Ctrl-C) asks for while [`Self::forward`] runs: the
    /// first drains, the second aborts. From now on the signals do not end the process by themselves.
    ///
    /// # Errors
    /// When the system does not let the signals be caught.
    pub fn catch() -> io::Result<(Self, Stop)> {
        let (handle, stop) = stop();
        drop(caught()?);
        Ok((Self(Arc::new(handle)), stop))
    }

    /// Waits for the signals until nobody listens to the [`Stop`] any more.
    pub async fn forward(self) {
        match caught() {
            Ok((terminate, interrupt)) => forward(terminate, interrupt, &self.0).await,
            Err(error) => tracing::error!(%error, "cannot catch SIGTERM and SIGINT"),
        }
    }
}

fn caught() -> io::Result<(Signal, Signal)> {
    Ok((
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    ))
}

/// A [`Stop`] that every SIGTERM (what kubelet sends) and every SIGINT (Ctrl-C) asks for: the first drains, the second
/// aborts. The signals are caught from the moment this returns; the task that waits for them ends with the last `Stop`.
///
/// # Errors
/// When the system does not let the signals be caught.
pub fn stop_on_signals() -> io::Result<Stop> {
    let (handle, stop) = stop();
    let (terminate, interrupt) = caught()?;
    tokio::spawn(async move { forward(terminate, interrupt, &handle).await });
    Ok(stop)
}

async fn forward(mut terminate: Signal, mut interrupt: Signal, handle: &StopHandle) {
    loop {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            () = handle.unheard() => return,
        };
        tracing::info!(signal = name, "asked to stop");
        handle.stop();
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, id};

    use super::*;

    async fn raise(name: &str) {
        let pid = id().to_string();
        let name = name.to_owned();
        let sent = tokio::task::spawn_blocking(move || {
            Command::new("kill").args(["-s", &name, &pid]).status()
        });
        assert!(sent.await.unwrap().unwrap().success());
    }

    #[tokio::test]
    async fn the_first_signal_drains_the_second_aborts_and_no_task_is_left() {
        let stop = stop_on_signals().unwrap();
        raise("TERM").await;
        let phase = tokio::sync::watch::Sender::new(super::super::drain::Phase::Serving);
        super::super::drain::until_closing(&stop, std::time::Duration::ZERO, &phase).await;
        raise("INT").await;
        stop.aborted().await;
        drop(stop);
        while tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
            > 0
        {
            tokio::task::yield_now().await;
        }
    }
}
