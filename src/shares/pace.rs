//! How much an address may ask for in a second.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// From so many addresses on, those that have asked for nothing lately are forgotten.
const MANY: usize = 1024;

/// A bucket of tokens for each address. Whoever finds too few in it waits.
///
/// It is the "virtual scheduling" form of the generic cell rate algorithm (ITU-T I.371): of each address only the time is
/// kept at which its bucket will be full again.
#[derive(Debug)]
pub struct Pace {
    /// How long one token takes to come.
    token: Duration,
    /// How long a whole bucket takes.
    bucket: Duration,
    full_at: Mutex<HashMap<IpAddr, Instant>>,
}

impl Pace {
    /// `rate` tokens a second (at least one), and at most `burst` at once.
    #[must_use]
    pub fn new(rate: u32, burst: u32) -> Self {
        let token = Duration::from_secs(1) / rate.max(1);
        Self {
            token,
            bucket: token * burst,
            full_at: Mutex::default(),
        }
    }

    /// Takes `tokens` of the bucket of `address`, and waits until they are there. Whoever stops waiting has taken them all
    /// the same.
    pub async fn keep(&self, address: IpAddr, tokens: u32) {
        let now = Instant::now();
        let begins = self.begins(address, tokens, now);
        if begins > now {
            sleep_until(begins).await;
        }
    }

    fn begins(&self, address: IpAddr, tokens: u32, now: Instant) -> Instant {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MANY {
            full_at.retain(|_, full_at| *full_at > now);
        }
        let full = full_at.entry(address).or_insert(now);
        *full = (*full).max(now) + self.token * tokens;
        full.checked_sub(self.bucket).unwrap_or(now).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_at_once_and_then_as_many_a_second_as_may() {
        let (pace, began) = (Pace::new(100, 50), Instant::now());
        for _ in 0..50 {
            pace.keep(address(1), 1).await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            pace.keep(address(1), 5).await;
        }
        assert_eq!(began.elapsed(), Duration::from_secs(1));
        pace.keep(address(2), 50).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1), "another address");
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_ask_for_nothing_are_forgotten() {
        let pace = Pace::new(100, 50);
        for number in 0..=MANY {
            let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
            pace.keep(IpAddr::from([10, 0, high, low]), 1).await;
            tokio::time::advance(Duration::from_millis(20)).await;
        }
        assert!(pace.full_at.lock().unwrap().len() < 10);
    }
}
