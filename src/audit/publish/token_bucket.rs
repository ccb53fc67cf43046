//! How many Events are written: a burst, and then so many in a time.

use std::time::Duration;

use tokio::time::Instant;

/// A token bucket.
#[derive(Debug)]
pub(super) struct TokenBucket {
    capacity: u32,
    refill: Duration,
    tokens: u32,
    refilled: Instant,
}

impl TokenBucket {
    /// A full bucket of `capacity` tokens, which gains one every `refill`.
    #[must_use]
    pub(super) fn new(capacity: u32, refill: Duration) -> Self {
        Self {
            capacity,
            refill,
            tokens: capacity,
            refilled: Instant::now(),
        }
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&mut self) -> bool {
        let gained = self.refilled.elapsed().as_nanos() / self.refill.as_nanos().max(1);
        match u32::try_from(gained) {
            Ok(gained) if gained < self.capacity - self.tokens => {
                self.tokens += gained;
                self.refilled += self.refill * gained;
            }
            _ => {
                self.tokens = self.capacity;
                self.refilled = Instant::now();
            }
        }
        let is_left = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_let_through_and_then_one_in_a_time() {
        let mut bucket = TokenBucket::new(3, Duration::from_secs(1));
        let mut taken = |times: usize| (0..times).filter(|_| bucket.take()).count();
        assert_eq!(taken(5), 3);
        advance(Duration::from_millis(2_500)).await;
        assert_eq!(taken(5), 2);
        advance(Duration::from_millis(500)).await;
        assert_eq!(taken(5), 1);
        advance(Duration::from_hours(1)).await;
        assert_eq!(taken(5), 3);
    }
}
