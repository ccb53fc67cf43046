//! The last days of exemptions and of the ratchet: what has expired, and what soon does.

use l7guard_policy::configuration::Date;

use super::pointer::Pointer;
use super::problem::Problems;

/// How many days before an end there is a warning.
pub(super) const NOTICE: i64 = 14;

/// Tells when `what` has ended, or is about to, `last` being its last day.
pub(super) fn tell(what: &str, last: Date, at: &Pointer, today: Date, problems: &mut Problems<'_>) {
    let days = (last - today).whole_days();
    if days < 0 {
        problems.expired(
            at,
            format!(
                "{what} ended on {last} and has no effect any more: remove it, or set a later date"
            ),
        );
    } else if days <= NOTICE {
        let left = match days {
            0 => "today".to_owned(),
            1 => "tomorrow".to_owned(),
            _ => format!("in {days} days"),
        };
        problems.warning(
            at,
            format!("{what} ends {left}: its last day is {last} (UTC)"),
        );
    }
}
