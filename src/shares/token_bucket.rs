//! How much is done: a burst, and then so much in a time, in all and for each namespace.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// A token bucket.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    capacity: u32,
    refill: Duration,
    tokens: u32,
    refilled: Instant,
}

impl TokenBucket {
    /// A full bucket of `capacity` tokens, which gains one every `refill`.
    #[must_use]
    pub(crate) fn new(capacity: u32, refill: Duration) -> Self {
        Self {
            capacity,
            refill,
            tokens: capacity,
            refilled: Instant::now(),
        }
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self) -> bool {
        self.refill();
        let is_left = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        is_left
    }

    fn is_full(&mut self) -> bool {
        self.refill();
        self.tokens == self.capacity
    }

    fn refill(&mut self) {
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
    }
}

/// A token bucket for each namespace. Full ones are forgotten.
#[derive(Debug)]
pub(crate) struct NamespaceBuckets {
    capacity: u32,
    refill: Duration,
    buckets: BTreeMap<Box<str>, TokenBucket>,
}

/// So many buckets are kept before it is looked which of them are full.
const BUCKETS: usize = 1_024;

impl NamespaceBuckets {
    /// Buckets of `capacity` tokens, which gain one every `refill`.
    #[must_use]
    pub(crate) fn new(capacity: u32, refill: Duration) -> Self {
        Self {
            capacity,
            refill,
            buckets: BTreeMap::new(),
        }
    }

    /// Takes a token of a namespace, if there is one.
    pub(crate) fn take(&mut self, namespace: &str) -> bool {
        if self.buckets.len() >= BUCKETS && !self.buckets.contains_key(namespace) {
            self.buckets.retain(|_, bucket| !bucket.is_full());
        }
        let bucket = self.buckets.entry(namespace.into());
        let bucket = bucket.or_insert_with(|| TokenBucket::new(self.capacity, self.refill));
        bucket.take()
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

    #[tokio::test(start_paused = true)]
    async fn a_namespace_takes_nothing_of_another_one_and_those_that_are_full_are_forgotten() {
        let mut buckets = NamespaceBuckets::new(2, Duration::from_secs(10));
        let taken = |buckets: &mut NamespaceBuckets, namespace: &str| {
            (0..5).filter(|_| buckets.take(namespace)).count()
        };
        assert_eq!(taken(&mut buckets, "shop"), 2);
        assert_eq!(taken(&mut buckets, "store"), 2);
        for number in 0..2 * BUCKETS {
            buckets.take(&format!("namespace-{number}"));
        }
        assert_eq!(taken(&mut buckets, "shop"), 0);
        advance(Duration::from_mins(1)).await;
        buckets.take("another");
        assert_eq!(buckets.buckets.len(), 1);
    }
}
