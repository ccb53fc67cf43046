//! Who is next: round robin over the flows that wait. No clock, no task; `turns` waits.

use std::collections::{HashMap, VecDeque};

use super::flow::Flow;

/// How much a turn is wanted for. Within one flow what is small goes before what is large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// The usual.
    #[default]
    Small,
    /// Long or big: only so many of these hold a turn at the same time.
    Large,
}

/// Who waits for a turn, or holds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    flow: Flow,
    size: Size,
    id: u64,
}

/// Turns that are held, and who waits for one. `T` is what tells a waiter that its turn has come.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    capacity: usize,
    keeps_free: usize,
    large_capacity: usize,
    large_used: usize,
    next_id: u64,
    /// By the outer key of flows.
    outers: Ring<Outer<T>>,
}

#[derive(Debug)]
struct Outer<T> {
    /// By the inner key of flows.
    inners: Ring<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    used: usize,
    small: VecDeque<(u64, T)>,
    large: VecDeque<(u64, T)>,
}

/// Entries by key, how many turns they hold together, and the order of those in which somebody waits.
#[derive(Debug)]
struct Ring<E> {
    entries: HashMap<u64, E>,
    used: usize,
    order: VecDeque<u64>,
}

trait Entry: Default {
    fn used(&self) -> usize;
    fn is_waiting(&self) -> bool;
}

impl<T> FairQueue<T> {
    /// `capacity` turns, of which `large_capacity` may be held by what is large; at least one of each. One key leaves free one
    /// of `keeps_free` turns that the others do not hold.
    pub(super) fn new(capacity: usize, large_capacity: usize, keeps_free: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            keeps_free: keeps_free.max(1),
            large_capacity: large_capacity.max(1),
            large_used: 0,
            next_id: 0,
            outers: Ring::default(),
        }
    }

    /// A turn, if one is free for this flow now. Whoever waits may have none now, so nobody is passed over.
    pub(super) fn try_take(&mut self, flow: Flow, size: Size) -> Option<Place> {
        if size == Size::Large && self.large_used >= self.large_capacity {
            return None;
        }
        let free = self.keeps_free;
        let outer = self.outers.entries.get(&flow.outer);
        let share = self
            .outers
            .share(self.capacity, outer.map_or(0, Entry::used), free)?;
        if let Some(outer) = outer {
            let inner = outer.inners.entries.get(&flow.inner);
            outer
                .inners
                .share(share, inner.map_or(0, Entry::used), free)?;
        }
        self.large_used += usize::from(size == Size::Large);
        self.outers.used += 1;
        self.outers.enter(flow.outer, |outer| {
            outer.inners.used += 1;
            outer.inners.enter(flow.inner, |inner| inner.used += 1);
        });
        let id = self.new_id();
        Some(Place { flow, size, id })
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Waits in line.
    pub(super) fn push(&mut self, flow: Flow, size: Size, ticket: T) -> Place {
        let id = self.new_id();
        self.outers.enter(flow.outer, |outer: &mut Outer<T>| {
            outer.inners.enter(flow.inner, |inner| {
                inner.line(size).push_back((id, ticket));
            });
        });
        Place { flow, size, id }
    }

    /// Leaves the line. `false`: it stands there no more, as its turn has come.
    pub(super) fn leave(&mut self, place: Place) -> bool {
        let mut has_left = false;
        self.outers.visit(place.flow.outer, |outer| {
            outer.inners.visit(place.flow.inner, |inner| {
                let line = inner.line(place.size);
                let at = line.iter().position(|(id, _)| *id == place.id);
                has_left = at.and_then(|at| line.remove(at)).is_some();
            });
        });
        has_left
    }

    /// Gives a turn to the next who may have one now.
    pub(super) fn next(&mut self) -> Option<T> {
        let may_large = self.large_used < self.large_capacity;
        let free = self.keeps_free;
        let (size, ticket) = self.outers.next(self.capacity, free, |outer, share| {
            let inners = &mut outer.inners;
            inners.next(share, free, |inner, _| inner.next(may_large))
        })?;
        self.large_used += usize::from(size == Size::Large);
        Some(ticket)
    }

    /// A turn that was given is over.
    pub(super) fn give_back(&mut self, place: Place) {
        self.large_used -= usize::from(place.size == Size::Large);
        self.outers.used -= 1;
        self.outers.visit(place.flow.outer, |outer| {
            outer.inners.used -= 1;
            outer
                .inners
                .visit(place.flow.inner, |inner| inner.used -= 1);
        });
    }
}

#[cfg(test)]
impl<T> FairQueue<T> {
    /// Whether nothing is kept of anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.outers.entries.is_empty() && self.outers.order.is_empty() && self.outers.used == 0
    }
}

impl<E: Entry> Ring<E> {
    /// Changes an entry, which begins to exist if need be.
    fn enter(&mut self, key: u64, change: impl FnOnce(&mut E)) {
        self.entries.entry(key).or_default();
        self.visit(key, change);
    }

    /// Changes an entry, if there is one, and keeps account of it.
    fn visit(&mut self, key: u64, change: impl FnOnce(&mut E)) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        let was_waiting = entry.is_waiting();
        change(entry);
        let (is_waiting, is_idle) = (entry.is_waiting(), entry.used() == 0);
        if is_waiting && !was_waiting {
            self.order.push_back(key);
        } else if was_waiting && !is_waiting {
            self.order.retain(|waiting| *waiting != key);
        }
        if is_idle && !is_waiting {
            self.entries.remove(&key);
        }
    }

    /// How many of `capacity` a key that holds `own` may hold, at least one; `None`: it may have no more now.
    fn share(&self, capacity: usize, own: usize, keeps_free: usize) -> Option<usize> {
        let room = capacity.saturating_sub(self.used - own);
        let share = (room - room / keeps_free).max(1);
        (self.used < capacity && own < share).then_some(share)
    }

    /// What `give` finds in the first entry in which it finds something; that entry then is the last in the order. `give` is
    /// told how many turns the entry may hold, of `capacity`.
    fn next<G>(
        &mut self,
        capacity: usize,
        keeps_free: usize,
        mut give: impl FnMut(&mut E, usize) -> Option<G>,
    ) -> Option<G> {
        for at in 0..self.order.len() {
            let key = self.order[at];
            let used = self.entries.get(&key).map_or(0, Entry::used);
            let Some(share) = self.share(capacity, used, keeps_free) else {
                continue;
            };
            let Some(entry) = self.entries.get_mut(&key) else {
                continue;
            };
            if let Some(given) = give(entry, share) {
                self.used += 1;
                self.order.remove(at);
                if entry.is_waiting() {
                    self.order.push_back(key);
                }
                return Some(given);
            }
        }
        None
    }
}

impl<T> Inner<T> {
    fn line(&mut self, size: Size) -> &mut VecDeque<(u64, T)> {
        match size {
            Size::Small => &mut self.small,
            Size::Large => &mut self.large,
        }
    }

    fn next(&mut self, may_large: bool) -> Option<(Size, T)> {
        let small = self.small.pop_front().map(|entry| (Size::Small, entry));
        let (size, (_, ticket)) = small.or_else(|| {
            let large = may_large.then(|| self.large.pop_front()).flatten();
            large.map(|entry| (Size::Large, entry))
        })?;
        self.used += 1;
        Some((size, ticket))
    }
}

impl<T> Entry for Outer<T> {
    fn used(&self) -> usize {
        self.inners.used
    }

    fn is_waiting(&self) -> bool {
        !self.inners.order.is_empty()
    }
}

impl<T> Entry for Inner<T> {
    fn used(&self) -> usize {
        self.used
    }

    fn is_waiting(&self) -> bool {
        !(self.small.is_empty() && self.large.is_empty())
    }
}

impl<T> Default for Outer<T> {
    fn default() -> Self {
        let inners = Ring::default();
        Self { inners }
    }
}

impl<T> Default for Inner<T> {
    fn default() -> Self {
        Self {
            used: 0,
            small: VecDeque::new(),
            large: VecDeque::new(),
        }
    }
}

impl<E> Default for Ring<E> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            used: 0,
            order: VecDeque::new(),
        }
    }
}
