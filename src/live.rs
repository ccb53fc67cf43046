//! A value that is replaced as a whole while others read it.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// A value of which there is always a current one. Clones share it. Reading never waits, not even for a replacement.
#[derive(Debug)]
pub struct Live<T>(Arc<ArcSwap<T>>);

/// The configuration in force. Whoever judges takes [`Live::current`] once a review and keeps to it.
pub type LiveConfiguration = Live<l7guard_policy::configuration::Configuration>;

impl<T> Live<T> {
    /// A value to begin with.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(value)))
    }

    /// What is current now. It stays as it is, however often it is replaced.
    #[must_use]
    pub fn current(&self) -> Arc<T> {
        self.0.load_full()
    }

    /// Replaces it for everybody who asks from now on.
    pub fn replace(&self, value: T) {
        self.0.store(Arc::new(value));
    }
}

impl<T: Default> Default for Live<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_value_and_what_was_taken_stays() {
        let live = Live::new(1);
        let (clone, taken) = (live.clone(), live.current());
        clone.replace(2);
        assert_eq!((*taken, *live.current()), (1, 2));
    }
}
