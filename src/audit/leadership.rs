//! Whether this replica writes, for whoever is about to.

use tokio::sync::watch;
use tokio::time::Instant;

/// Tells whether this replica leads.
#[derive(Debug)]
pub(crate) struct Leading {
    leads: watch::Sender<bool>,
    until: watch::Sender<Option<Instant>>,
}

/// Knows whether this replica leads. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Leadership {
    leads: watch::Receiver<bool>,
    until: watch::Receiver<Option<Instant>>,
}

impl Leading {
    /// Nobody leads yet.
    pub(crate) fn new() -> Self {
        Self::from(false)
    }

    /// There is no other replica: this one always leads.
    pub(crate) fn alone() -> Self {
        Self::from(true)
    }

    fn from(leads: bool) -> Self {
        Self {
            leads: watch::Sender::new(leads),
            until: watch::Sender::new(None),
        }
    }

    /// Whoever wants to know.
    pub(crate) fn leadership(&self) -> Leadership {
        Leadership {
            leads: self.leads.subscribe(),
            until: self.until.subscribe(),
        }
    }

    /// Whether it leads. Returns whether it is new.
    pub(super) fn tell(&self, leads: bool) -> bool {
        self.leads.send_if_modified(|told| {
            let has_changed = *told != leads;
            *told = leads;
            has_changed
        })
    }

    /// It does so until then, if nothing else is told.
    pub(super) fn holds_until(&self, until: Instant) {
        self.until.send_replace(Some(until));
    }
}

impl Leadership {
    /// Whether it leads at this very moment. A process that was halted learns here that its time is over, before whoever
    /// would tell it has had a turn.
    pub(crate) fn holds(&self) -> bool {
        *self.leads.borrow()
            && self
                .until
                .borrow()
                .is_none_or(|until| Instant::now() < until)
    }

    /// Waits until it begins or ends. Nothing more is told when this fails.
    pub(super) async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        self.leads.changed().await
    }

    /// Whether it leads; [`Self::changed`] waits for a change from now on.
    pub(super) fn look(&mut self) -> bool {
        self.leads.borrow_and_update();
        self.holds()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_replica_that_was_halted_does_not_write_although_nobody_told_it() {
        let leading = Leading::new();
        let leadership = leading.leadership();
        assert!(leading.tell(true));
        leading.holds_until(Instant::now() + Duration::from_secs(15));
        assert!(leadership.holds());
        advance(Duration::from_secs(15)).await;
        assert!(!leadership.holds());
        assert!(Leading::alone().leadership().holds());
    }
}
