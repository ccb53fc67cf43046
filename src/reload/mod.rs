//! Files that are read again when what they hold changes.
//!
//! What is compared is the contents, every few seconds. Notifications of the system would be quicker and are not enough:
//! kubelet swaps a link two levels up (`..data`), some file systems send none, and a missed one would be for ever.

mod file_set;
pub(crate) mod metrics;

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use crate::metrics::Registry;
pub use file_set::{Contents, MOUNTED_LIMIT, read_files};
pub(crate) use metrics::ReloadMetrics;
pub use metrics::WatchedFile;

/// How often files are looked at: every two seconds. kubelet itself takes up to a minute to write a changed Secret.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// How long contents have to stay the same before they are taken for whole: a file that is being written, or a pair of
/// which one has been written, is not worth an error.
const SETTLING: Duration = Duration::from_millis(200);

/// Something that is made of files and can be made anew while it is in use.
pub trait Reloadable: Send + Sync + 'static {
    /// Which files these are, for metrics and the log.
    fn file(&self) -> WatchedFile;

    /// What the files hold. Blocks.
    fn contents(&self) -> Contents;

    /// Puts `contents` in force, or leaves in force what was. Blocks.
    ///
    /// # Errors
    /// What is wrong with them, with file and position where there are any.
    fn apply(&self, contents: &Contents) -> Result<(), Refused>;
}

/// Why contents were not put in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What is wrong, in a line or several.
    pub message: String,
    /// Whether the same contents may be good later: a certificate that is not valid yet.
    pub may_be_good_later: bool,
}

impl Refused {
    /// Contents that are wrong and stay so.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            may_be_good_later: false,
        }
    }
}

/// Looks at the files of `subject` every [`INTERVAL`] for ever, and at once when the process is sent SIGHUP. Applies what
/// they hold when it is not what `applied` was: the contents that are in force when this begins.
///
/// Contents that are refused are logged and counted once, and once more after each SIGHUP.
pub async fn follow<R: Reloadable>(subject: Arc<R>, applied: Contents, metrics: Registry) {
    let mut following = Following {
        seen: applied,
        refused: None,
        subject,
        metrics: ReloadMetrics::register(&metrics),
    };
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hangups = hangups();
    loop {
        let look = tokio::select! {
            _ = ticks.tick() => Look::Usual,
            () = next(&mut hangups) => Look::Asked,
        };
        following.look(look).await;
    }
}

/// The SIGHUPs of this process from now on: by old custom they ask a server to read its files again.
fn hangups() -> Option<Signal> {
    signal(SignalKind::hangup())
        .inspect_err(|error| tracing::warn!(%error, "cannot catch SIGHUP"))
        .ok()
}

async fn next(hangups: &mut Option<Signal>) {
    if let Some(hangups) = hangups
        && hangups.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Catches SIGHUP, which would end the process, also where nothing is followed, and logs it. Never ends.
pub async fn log_hangups() {
    let mut hangups = hangups();
    loop {
        next(&mut hangups).await;
        tracing::info!("SIGHUP: reading files again");
    }
}

/// Why files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// It is time.
    Usual,
    /// Somebody asked for it.
    Asked,
}

struct Following<R> {
    subject: Arc<R>,
    metrics: ReloadMetrics,
    /// The contents that were applied or refused last.
    seen: Contents,
    /// Why they were refused, if they were.
    refused: Option<Refused>,
}

impl<R: Reloadable> Following<R> {
    async fn look(&mut self, look: Look) {
        let Some(contents) = self.contents().await else {
            return;
        };
        let is_same = contents == self.seen;
        let may_be_good_now = self
            .refused
            .as_ref()
            .is_some_and(|refused| refused.may_be_good_later);
        // Whoever asks is told once more what is wrong.
        let is_asked_again = look == Look::Asked && self.refused.is_some();
        if is_same && !may_be_good_now && !is_asked_again {
            return;
        }
        if !is_same {
            tokio::time::sleep(SETTLING).await;
            if self.contents().await.as_ref() != Some(&contents) {
                // It is still changing: the next look comes soon enough.
                return;
            }
        }
        let subject = Arc::clone(&self.subject);
        let applied = spawn_blocking(move || (subject.apply(&contents), contents)).await;
        let Ok((applied, contents)) = applied else {
            tracing::error!(
                file = self.subject.file().as_str(),
                "reading changed files panicked"
            );
            return;
        };
        self.tell(applied, is_same && !is_asked_again);
        self.seen = contents;
    }

    async fn contents(&self) -> Option<Contents> {
        let subject = Arc::clone(&self.subject);
        spawn_blocking(move || subject.contents()).await.ok()
    }

    fn tell(&mut self, applied: Result<(), Refused>, is_told: bool) {
        let file = self.subject.file();
        match applied {
            Ok(()) => {
                tracing::info!(file = file.as_str(), "changed files are in force");
                self.metrics.reload(file, true);
                self.refused = None;
            }
            Err(refused) if is_told && self.refused.as_ref() == Some(&refused) => {}
            Err(refused) => {
                tracing::error!(
                    file = file.as_str(),
                    reason = %refused,
                    "changed files are refused; what they held before stays in force"
                );
                self.metrics.reload(file, false);
                self.refused = Some(refused);
            }
        }
    }
}

#[cfg(test)]
mod tests;
