//! How much of the bodies of all requests is in memory together, in bytes.
//!
//! Small bodies are not counted: there is at most one on every connection. Of the rest one address has at most as much as it
//! leaves free, so that there is always room for another one, and some is left for bodies of moderate size.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::body::BODY_LIMIT;

/// All bodies of more than `SMALL` together: 64 MiB.
pub const BODY_MEMORY: usize = 64 * 1024 * 1024;

/// The last eighth is for bodies of up to 1 MiB: nearly all that are not small.
const MODERATE: usize = 1024 * 1024;

/// A body that takes longer to arrive may have to make room for others. An API server sends one in milliseconds.
const SLOW: Duration = Duration::from_secs(1);

/// The memory for bodies. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct BodyMemory(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    capacity: usize,
    used: usize,
    by_address: HashMap<Option<IpAddr>, usize>,
    next_id: u64,
    /// Bodies of which not everything has arrived, the oldest first.
    arriving: BTreeMap<u64, Arriving>,
}

#[derive(Debug)]
struct Arriving {
    address: Option<IpAddr>,
    since: Instant,
    give_up: Arc<Notify>,
}

/// Room for one body. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct BodyRoom {
    memory: BodyMemory,
    address: Option<IpAddr>,
    bytes: usize,
    id: u64,
    give_up: Arc<Notify>,
}

/// There is no room now.
#[derive(Debug)]
pub(super) struct Full;

impl BodyMemory {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            capacity,
            used: 0,
            by_address: HashMap::new(),
            next_id: 0,
            arriving: BTreeMap::new(),
        })))
    }

    /// Room for `bytes` of a body that arrives from `address`. Where there is none, a slow body is told to give up, so that
    /// there is room soon.
    pub(super) fn room(&self, address: Option<IpAddr>, bytes: usize) -> Result<BodyRoom, Full> {
        let mut state = self.state();
        state.take(address, 0, bytes)?;
        let id = state.next_id;
        state.next_id += 1;
        let give_up = Arc::new(Notify::new());
        let arriving = Arriving {
            address,
            since: Instant::now(),
            give_up: Arc::clone(&give_up),
        };
        state.arriving.insert(id, arriving);
        drop(state);
        Ok(BodyRoom {
            memory: self.clone(),
            address,
            bytes,
            id,
            give_up,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodyRoom {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Makes it room for so many bytes.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let more = bytes.saturating_sub(self.bytes);
        let mut state = self.memory.state();
        state.take(self.address, self.bytes, more)?;
        self.bytes += more;
        Ok(())
    }

    /// Returns when the body has to make room for others.
    pub(super) async fn has_to_give_up(&self) {
        self.give_up.notified().await;
    }

    /// The body has arrived: nobody makes it give up any more.
    pub(super) fn has_arrived(&self) {
        self.memory.state().arriving.remove(&self.id);
    }
}

impl Drop for BodyRoom {
    fn drop(&mut self) {
        let mut state = self.memory.state();
        state.arriving.remove(&self.id);
        state.give_back(self.address, self.bytes);
    }
}

impl State {
    /// `more` bytes for a body that has some already.
    fn take(&mut self, address: Option<IpAddr>, has: usize, more: usize) -> Result<(), Full> {
        let own = self.by_address.get(&address).copied().unwrap_or_default();
        let reserved = if has + more > MODERATE {
            self.capacity / 8
        } else {
            0
        };
        let room = (self.capacity - reserved).saturating_sub(self.used - own);
        // One body may be as large as any, or with many addresses nobody could send one.
        let share = (room / 2).max(BODY_LIMIT.min(room));
        if own + more > share {
            self.make_room();
            return Err(Full);
        }
        self.used += more;
        *self.by_address.entry(address).or_default() += more;
        Ok(())
    }

    fn give_back(&mut self, address: Option<IpAddr>, bytes: usize) {
        self.used -= bytes;
        if let Some(own) = self.by_address.get_mut(&address) {
            *own -= bytes;
            if *own == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    /// Tells the slow body that has been arriving for longest to give up: of the address that holds most.
    fn make_room(&mut self) {
        let slow = self.arriving.iter();
        let slow = slow.filter(|(_, arriving)| arriving.since.elapsed() >= SLOW);
        let held = |address| self.by_address.get(address).copied().unwrap_or_default();
        let most = slow
            .rev()
            .max_by_key(|(_, arriving)| held(&arriving.address))
            .map(|(id, _)| *id);
        if let Some(arriving) = most.and_then(|id| self.arriving.remove(&id)) {
            arriving.give_up.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn from(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_holds_at_most_half_and_another_still_finds_room() {
        let memory = BodyMemory::new(64 * MIB);
        let mut held = Vec::new();
        while let Ok(room) = memory.room(Some(from(1)), 7 * MIB) {
            held.push(room);
        }
        assert_eq!(held.len(), 4);
        for last in 2..4 {
            held.push(memory.room(Some(from(last)), 7 * MIB).unwrap());
        }
        while let Ok(room) = memory.room(Some(from(u8::try_from(held.len()).unwrap())), 7 * MIB) {
            held.push(room);
        }
        assert_eq!(held.len(), 8, "56 MiB are full");
        memory.room(Some(from(99)), MIB).unwrap();
        memory.room(Some(from(99)), 2 * MIB).unwrap_err();
        held.clear();
        assert_eq!(memory.state().used, 0);
        assert!(memory.state().by_address.is_empty() && memory.state().arriving.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn where_there_is_no_room_a_slow_body_gives_up_and_one_that_has_arrived_does_not() {
        let memory = BodyMemory::new(16 * MIB);
        let whole = memory.room(Some(from(1)), 7 * MIB).unwrap();
        whole.has_arrived();
        tokio::time::advance(SLOW).await;
        let mut slow = memory.room(Some(from(2)), MIB).unwrap();
        slow.grow(6 * MIB).unwrap();
        slow.grow(8 * MIB).unwrap_err();
        let gives_up = |room: &BodyRoom| {
            let mut asked = Box::pin(room.has_to_give_up());
            futures_util::FutureExt::now_or_never(asked.as_mut()).is_some()
        };
        assert!(!gives_up(&slow), "it is not slow yet");
        tokio::time::advance(SLOW).await;
        memory.room(Some(from(3)), 7 * MIB).unwrap_err();
        assert!(gives_up(&slow) && !gives_up(&whole));
        drop(slow);
        memory.room(Some(from(3)), 7 * MIB).unwrap();
    }
}
