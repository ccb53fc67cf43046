//! Files that a server follows, each in a task of its own.

use std::sync::{Arc, Mutex, PoisonError};

use crate::metrics::Registry;
use crate::reload::{Contents, Reloadable, follow};
use crate::supervisor::{Rule, Supervisor};

/// Follows the files of `subject`. `applied` is what they held when it was loaded; a task that is restarted knows of none
/// and applies what they hold then.
pub(super) fn supervise<R: Reloadable>(
    supervisor: &mut Supervisor,
    rule: &'static Rule,
    subject: Arc<R>,
    applied: Contents,
    metrics: &Registry,
) {
    let (applied, metrics) = (Mutex::new(Some(applied)), metrics.clone());
    supervisor.spawn(rule, move || {
        let applied = applied
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let applied = applied.unwrap_or_default();
        follow(Arc::clone(&subject), applied, metrics.clone())
    });
}
