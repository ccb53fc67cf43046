//! Today. The policy takes the date as an argument; here it is asked for.

use l7guard_policy::configuration::Date;
use time::OffsetDateTime;

/// Today in UTC.
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}
