//! Waiting for a turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::fair_queue::{FairQueue, Place, Size};
use super::flow::Flow;

/// So many turns at the same time, shared fairly by flow. Clones share them.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Mutex<FairQueue<oneshot::Sender<()>>>>);

/// A turn. It ends when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    turns: Turns,
    place: Place,
}

/// Somebody in line. Leaves it when dropped, or gives the turn back that came meanwhile.
struct Waiter {
    turns: Turns,
    place: Place,
    has_turn: bool,
}

impl Turns {
    /// `capacity` turns, of which `large` may be held by what is large; at least one of each.
    ///
    /// One key holds at most as many as it leaves free. So of one sender that is alone a namespace has a quarter of all.
    #[must_use]
    pub fn new(capacity: usize, large: usize) -> Self {
        Self(Arc::new(Mutex::new(FairQueue::new(capacity, large, 2))))
    }

    /// As [`Self::new`], for what is plenty: one key leaves a quarter free of what the others do not hold.
    #[must_use]
    pub fn of_plenty(capacity: usize) -> Self {
        let queue = FairQueue::new(capacity, capacity, 4);
        Self(Arc::new(Mutex::new(queue)))
    }

    /// Waits for a turn.
    pub async fn take(&self, flow: Flow, size: Size) -> Turn {
        if let Some(turn) = self.try_take(flow, size) {
            return turn;
        }
        let (waiter, told) = self.wait_in_line(flow, size);
        // The other end is dropped only after it was told, or by `leave`, which nobody calls while this waits.
        let _ = told.await;
        waiter.into_turn()
    }

    /// A turn, if one is free for this flow now.
    #[must_use]
    pub fn try_take(&self, flow: Flow, size: Size) -> Option<Turn> {
        let place = self.queue().try_take(flow, size)?;
        Some(self.turn(place))
    }

    fn turn(&self, place: Place) -> Turn {
        let turns = self.clone();
        Turn { turns, place }
    }

    fn wait_in_line(&self, flow: Flow, size: Size) -> (Waiter, oneshot::Receiver<()>) {
        let (tell, told) = oneshot::channel();
        let mut queue = self.queue();
        let place = queue.push(flow, size, tell);
        call_next(&mut queue);
        drop(queue);
        let waiter = Waiter {
            turns: self.clone(),
            place,
            has_turn: false,
        };
        (waiter, told)
    }

    fn give_back(&self, place: Place) {
        let mut queue = self.queue();
        queue.give_back(place);
        call_next(&mut queue);
    }

    fn queue(&self) -> MutexGuard<'_, FairQueue<oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells everybody whose turn it is. One who has gone gives the turn back when its `Waiter` is dropped.
fn call_next(queue: &mut FairQueue<oneshot::Sender<()>>) {
    while let Some(tell) = queue.next() {
        let _ = tell.send(());
    }
}

impl Waiter {
    fn into_turn(mut self) -> Turn {
        self.has_turn = true;
        self.turns.turn(self.place)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if self.has_turn {
            return;
        }
        let has_left = self.turns.queue().leave(self.place);
        if !has_left {
            self.turns.give_back(self.place);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.give_back(self.place);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_turn_goes_on_to_the_next_when_it_is_dropped_or_its_waiter_has_gone() {
        let turns = Turns::new(1, 1);
        let held = turns.take(Flow::of(1, 1), Size::Small).await;
        assert!(turns.try_take(Flow::of(2, 1), Size::Small).is_none());
        let waits = |outer| turns.take(Flow::of(outer, 1), Size::Small);
        let gone = timeout(Duration::from_secs(1), waits(2)).await;
        assert!(gone.is_err());
        // One is told of its turn and goes before it looks.
        let mut told = Box::pin(waits(3));
        assert!(futures_util::poll!(told.as_mut()).is_pending());
        drop(held);
        drop(told);
        let turn = timeout(Duration::from_secs(1), waits(4)).await;
        drop(turn.unwrap());
        assert!(turns.try_take(Flow::of(5, 1), Size::Large).is_some());
        assert!(turns.queue().is_empty());
    }
}
