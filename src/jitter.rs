//! Pauses of random length, so that what began at the same time does not go on at the same time.

use std::time::Duration;

/// A pause, give or take up to `share` of it (0 to 1).
pub(crate) fn around(pause: Duration, share: f64) -> Duration {
    pause.mul_f64(1.0 - share + 2.0 * share * fastrand::f64())
}

/// A pause, and up to as long again: what failed for all replicas at once is not tried again by all at once.
pub(crate) fn lengthened(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + fastrand::f64())
}
