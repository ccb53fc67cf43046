//! Connections of one kind in the order in which they came to be of it, as a whole and by origin. Every operation takes
//! the same time however many there are.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use hashlink::LinkedHashSet;

/// Names a connection within its [`super::registry::Registry`].
pub(super) type Id = u64;

/// Whom connections are counted for: an IPv4 address, or the /64 network of an IPv6 address, as one machine commonly has
/// a whole one (RFC 4291, section 2.5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Origin(IpAddr);

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let network = u128::from(address) & !u128::from(u64::MAX);
                Ipv6Addr::from(network).into()
            }
        })
    }
}

/// Connections of one kind, the oldest first.
#[derive(Debug)]
pub(super) struct Queue {
    all: LinkedHashSet<Id>,
    by_origin: HashMap<Origin, LinkedHashSet<Id>>,
    /// The origins that hold more than `share`. There are never many: so few shares fit into a whole.
    greedy: Vec<Origin>,
    share: usize,
}

impl Queue {
    /// Empty. An origin that holds more than `share` is held against its connections.
    pub(super) fn new(share: usize) -> Self {
        Self {
            all: LinkedHashSet::new(),
            by_origin: HashMap::new(),
            greedy: Vec::new(),
            share,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The one that has been here longest.
    pub(super) fn oldest(&self) -> Option<Id> {
        self.all.front().copied()
    }

    /// The oldest of the origin that holds most, if that is more than the share; else the oldest of all.
    pub(super) fn first_to_go(&self) -> Option<Id> {
        let held = self
            .greedy
            .iter()
            .filter_map(|origin| self.by_origin.get(origin));
        let most = held.max_by_key(|held| held.len());
        most.and_then(|held| held.front().copied())
            .or_else(|| self.oldest())
    }

    pub(super) fn push(&mut self, id: Id, origin: Origin) {
        self.all.insert(id);
        let held = self.by_origin.entry(origin).or_default();
        held.insert(id);
        if held.len() == self.share + 1 {
            self.greedy.push(origin);
        }
    }

    pub(super) fn remove(&mut self, id: Id, origin: Origin) {
        if !self.all.remove(&id) {
            return;
        }
        let Some(held) = self.by_origin.get_mut(&origin) else {
            return;
        };
        held.remove(&id);
        if held.len() == self.share {
            self.greedy.retain(|greedy| *greedy != origin);
        }
        if held.is_empty() {
            self.by_origin.remove(&origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn the_oldest_of_the_origin_with_most_goes_first_and_small_holders_are_all_alike() {
        let (few, many) = (origin("10.0.0.1"), origin("10.0.0.2"));
        let mut queue = Queue::new(2);
        queue.push(1, few);
        for id in 2..=3 {
            queue.push(id, many);
        }
        assert_eq!(queue.first_to_go(), Some(1), "neither holds more than two");
        queue.push(4, many);
        assert_eq!(queue.first_to_go(), Some(2));
        queue.remove(2, many);
        assert_eq!(queue.first_to_go(), Some(1));
        queue.remove(1, few);
        queue.remove(1, few);
        assert_eq!((queue.first_to_go(), queue.len()), (Some(3), 2));
        queue.remove(3, many);
        queue.remove(4, many);
        assert_eq!(queue.first_to_go(), None);
        assert!(queue.by_origin.is_empty() && queue.greedy.is_empty());
    }

    #[test]
    fn of_two_greedy_origins_the_greedier_one_gives_way() {
        let mut queue = Queue::new(1);
        for (id, address) in ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.2"]
            .into_iter()
            .enumerate()
        {
            queue.push(id as Id, origin(address));
        }
        assert_eq!(queue.first_to_go(), Some(2));
    }

    #[test]
    fn an_ipv6_network_and_a_mapped_ipv4_address_are_one_origin_each() {
        assert_eq!(origin("2001:db8::1"), origin("2001:db8::2:0:0:1"));
        assert_ne!(origin("2001:db8::1"), origin("2001:db8:0:1::1"));
        assert_eq!(origin("::ffff:10.0.0.1"), origin("10.0.0.1"));
        assert_ne!(origin("::ffff:10.0.0.1"), origin("::ffff:10.0.0.2"));
    }
}
