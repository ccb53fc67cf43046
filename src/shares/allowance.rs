//! What one review may read of the cluster, and what it holds of that.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::OnceCell;

use super::fair_queue::Size;
use super::flow::Flow;
use super::turns::{Turn, Turns};

/// From so many reads on a review is a large one.
const MANY_READS: usize = 32;

/// What a review may keep of its reads before it has to be one of the few large ones, in bytes as the API server wrote them:
/// 512 KiB. What is kept of an object is smaller than that.
pub const LARGE_READER_BYTES: usize = 512 * 1024;

/// The live reads of one review. What they brought is in memory until the review ends, and so is this.
#[derive(Debug)]
pub struct ReadAllowance {
    flow: Flow,
    reads: AtomicUsize,
    bytes: AtomicUsize,
    /// Leave to keep more than [`LARGE_READER_BYTES`].
    large: OnceCell<Turn>,
}

impl ReadAllowance {
    /// Nothing was read yet.
    #[must_use]
    pub fn new(flow: Flow) -> Self {
        Self {
            flow,
            reads: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            large: OnceCell::new(),
        }
    }

    /// Whose reads they are.
    #[must_use]
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// Counts reads that are about to begin, and says how large the review is with them.
    pub fn reads(&self, count: usize) -> Size {
        let reads = self.reads.fetch_add(count, Ordering::Relaxed) + count;
        if reads > MANY_READS || self.large.initialized() {
            Size::Large
        } else {
            Size::Small
        }
    }

    /// Counts what is kept, and waits, where that is much, until this review is one of the few large ones in `turns`.
    pub async fn keeps(&self, bytes: usize, turns: &Turns) {
        let kept = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if kept > LARGE_READER_BYTES {
            let turn = async || turns.take(self.flow, Size::Small).await;
            self.large.get_or_init(turn).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn beyond_its_allowance_a_review_waits_to_be_one_of_the_large_ones_once() {
        let turns = Turns::new(1, 1);
        let [first, second] = [1, 2].map(|outer| ReadAllowance::new(Flow::of(outer, 1)));
        assert_eq!(first.reads(MANY_READS), Size::Small);
        first.keeps(LARGE_READER_BYTES, &turns).await;
        assert_eq!(first.reads(0), Size::Small);
        for _ in 0..3 {
            first.keeps(LARGE_READER_BYTES, &turns).await;
        }
        assert_eq!(first.reads(0), Size::Large);
        let much = Box::pin(second.keeps(LARGE_READER_BYTES + 1, &turns));
        let (mut much, mut polled) = (much, 0);
        while futures_util::poll!(much.as_mut()).is_pending() && polled < 3 {
            polled += 1;
        }
        assert_eq!(polled, 3, "it waits");
        drop(first);
        much.await;
        assert_eq!(second.reads(1), Size::Large);
    }
}
