//! The last days of exemptions and of the ratchet: what has expired, and what soon does.
//!
//! What is advised here and in the other files of this room never loosens the guard when it is followed: who reads it is in a
//! hurry. `tests/advice.rs` holds that.

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
            format!("{what} ended on {last} and has no effect any more: remove it"),
        );
    } else if let Some(left) = notice(days) {
        problems.warning(
            at,
            format!("{what} ends {left}: its last day is {last} (UTC)"),
        );
    }
}

/// Tells that the ratchet has ended, or is about to, `last` being its last day. After its end the guard is stricter, which
/// is what was asked for: that is no error, and no advice may take it back.
pub(super) fn tell_of_ratchet(last: Date, at: &Pointer, today: Date, problems: &mut Problems<'_>) {
    let days = (last - today).whole_days();
    if days < 0 {
        problems.warning(
            at,
            format!(
                "the ratchet ended on {last}: a write of an object with a forbidden path is refused, also where the path was \
                 there before. To go on refusing, write `enabled: false` in place of `until`"
            ),
        );
    } else if let Some(left) = notice(days) {
        problems.warning(
            at,
            format!(
                "the ratchet ends {left}: its last day is {last} (UTC). From then on a write of an object with a forbidden \
                 path is refused, also where the path was there before"
            ),
        );
    }
}

/// When something ends that ends in so many days, if that is soon.
fn notice(days: i64) -> Option<String> {
    (days <= NOTICE).then(|| match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        _ => format!("in {days} days"),
    })
}
