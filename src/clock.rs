//! Today, and now. The policy takes the date as an argument; here it is asked for.

use l7guard_policy::configuration::Date;
use time::OffsetDateTime;

/// Today in UTC.
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

/// Now in UTC, to the second (RFC 3339).
pub(crate) fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let (date, time) = (now.date(), now.time());
    format!(
        "{date}T{:02}:{:02}:{:02}Z",
        time.hour(),
        time.minute(),
        time.second()
    )
}
