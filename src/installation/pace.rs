//! How often caBundle is written when something else writes it too.

use std::time::Duration;

use tokio::time::Instant;

/// How many writes there may be at once.
const BURST: u32 = 5;

/// After how long there may be one more.
const EACH: Duration = Duration::from_secs(10);

/// Lets a few writes through at once and then one from time to time.
#[derive(Debug)]
pub(super) struct Pace {
    left: u32,
    counted: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            left: BURST,
            counted: now,
        }
    }

    /// Whether there may be a write now, which is counted.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        while self.left < BURST && now - self.counted >= EACH {
            self.left += 1;
            self.counted += EACH;
        }
        if self.left == BURST {
            self.counted = now;
        }
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_writes_at_once_and_then_one_from_time_to_time() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let taken = |pace: &mut Pace, now| (0..20).filter(|_| pace.take(now)).count();
        assert_eq!(taken(&mut pace, start), 5);
        assert_eq!(taken(&mut pace, start + EACH), 1);
        assert_eq!(taken(&mut pace, start + EACH * 3), 2);
        assert_eq!(taken(&mut pace, start + EACH * 1000), 5);
    }
}
