use std::net::IpAddr;

use tokio::time::{advance, timeout};

use super::super::registry::{Place, Registry};
use super::*;

const LIMIT: usize = 16;

/// An address, by its last number.
fn address(number: u8) -> IpAddr {
    [10, 0, 0, number].into()
}

/// A full house: all places by what their connections do, each a second after the one before.
struct House {
    registry: Registry,
    places: Vec<Place>,
}

impl House {
    fn new() -> Self {
        Self {
            registry: Registry::new(LIMIT, FirstRequestTime::TLS, None),
            places: Vec::new(),
        }
    }

    /// One more connection from `from`, which goes through `steps`.
    async fn add(&mut self, from: u8, steps: &[fn(&Place)]) {
        let place = self.registry.take(address(from));
        for step in steps {
            step(&place);
        }
        self.places.push(place);
        advance(Duration::from_secs(1)).await;
    }

    async fn fill(&mut self, from: u8, steps: &[fn(&Place)]) {
        while self.places.len() < LIMIT {
            self.add(from, steps).await;
        }
    }

    /// The numbers of those that leave for the next `count` connections.
    fn leave(&mut self, count: usize) -> Vec<usize> {
        let mut gone = Vec::new();
        for _ in 0..count {
            if !self.registry.make_room() {
                break;
            }
            let table = self.registry.table();
            let leaving = |index: &usize| {
                let id = self.places[*index].id();
                table.entries[&id].stage == Stage::Leaving && !gone.contains(index)
            };
            let next = (0..self.places.len()).find(leaving).unwrap();
            drop(table);
            gone.push(next);
            // Takes the place that it made, so that the next one needs another.
            self.places.push(self.registry.take(address(255)));
            self.places.last().unwrap().reviewing();
        }
        gone
    }
}

const IN_REVIEW: &[fn(&Place)] = &[Place::reviewing];
const IDLE: &[fn(&Place)] = &[Place::reviewing, Place::idle];
const RECEIVING: &[fn(&Place)] = &[Place::reviewing, Place::idle, Place::receiving];
const UNREAD: &[fn(&Place)] = &[Place::reviewing, Place::unread];

#[tokio::test(start_paused = true)]
async fn the_oldest_before_a_first_request_of_the_address_with_most_goes_first() {
    let mut house = House::new();
    house.add(1, &[]).await;
    house.add(3, IDLE).await;
    house.fill(2, &[]).await;
    assert_eq!(house.leave(2), [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn from_many_addresses_the_oldest_goes_whoever_holds_a_few_more() {
    let mut house = House::new();
    for attacker in 10..22 {
        house.add(attacker, &[]).await;
    }
    house.add(1, &[]).await;
    house.add(1, &[]).await;
    house.fill(2, IDLE).await;
    assert_eq!(house.leave(3), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn half_of_the_places_are_left_to_those_before_a_first_request() {
    let mut house = House::new();
    for _ in 0..LIMIT / RESERVE {
        house.add(1, &[]).await;
    }
    house.fill(2, IDLE).await;
    assert_eq!(house.leave(2), [8, 9]);
}

#[tokio::test(start_paused = true)]
async fn what_is_stuck_amid_a_later_request_or_an_answer_goes_before_the_idle() {
    let mut house = House::new();
    house.add(1, IDLE).await;
    house.add(2, RECEIVING).await;
    house.add(3, UNREAD).await;
    house.fill(4, IN_REVIEW).await;
    house.places[0].idle();
    assert_eq!(house.leave(3), [1, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn many_in_the_middle_of_later_requests_go_before_the_idle_however_fast_they_come() {
    let mut house = House::new();
    house.add(1, IDLE).await;
    house.fill(2, IN_REVIEW).await;
    for place in &house.places[1..=LIMIT / STUCK_RESERVE + 1] {
        place.idle();
        place.receiving();
    }
    assert_eq!(house.leave(2), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_just_begun_goes_last_of_all() {
    let mut house = House::new();
    house.fill(4, IN_REVIEW).await;
    for step in [Place::idle, Place::receiving] {
        step(&house.places[1]);
    }
    house.places[2].idle();
    assert_eq!(house.leave(3), [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn one_that_no_api_server_would_keep_goes_before_younger_ones_of_who_holds_most() {
    let mut house = House::new();
    house.add(1, IDLE).await;
    house.add(1, IDLE).await;
    advance(FORGOTTEN).await;
    house.fill(2, IDLE).await;
    assert_eq!(house.leave(3), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn the_longest_idle_of_the_address_with_most_goes_before_older_ones_of_others() {
    let mut house = House::new();
    house.add(1, IDLE).await;
    house.add(1, IDLE).await;
    house.fill(2, IDLE).await;
    house.places[2].receiving();
    house.places[2].reviewing();
    house.places[2].idle();
    assert_eq!(house.leave(2), [3, 4]);
}

#[tokio::test(start_paused = true)]
async fn none_in_a_review_ever_goes_and_the_next_waits_for_an_answer_or_an_end() {
    let mut house = House::new();
    house.fill(1, IN_REVIEW).await;
    assert!(house.leave(1).is_empty());
    for step in [Place::idle as fn(&Place), Place::unread] {
        let registry = house.registry.clone();
        let waiting = tokio::spawn(async move { registry.room().await });
        advance(Duration::from_mins(5)).await;
        assert!(!waiting.is_finished());
        step(&house.places[0]);
        waiting.await.unwrap();
        house.places.remove(0);
        house.fill(1, IN_REVIEW).await;
    }
    let registry = house.registry.clone();
    let waiting = tokio::spawn(async move { registry.room().await });
    tokio::task::yield_now().await;
    house.places.pop();
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn so_many_may_be_closing_while_their_places_are_given_away() {
    let registry = Registry::new(2 * LEAVING, FirstRequestTime(Duration::ZERO), None);
    let mut places: Vec<_> = (0..2 * LEAVING)
        .map(|_| registry.take(address(1)))
        .collect();
    for _ in 0..LEAVING {
        assert!(registry.make_room());
        places.push(registry.take(address(1)));
    }
    assert!(!registry.make_room());
    let waiting = timeout(Duration::from_mins(1), registry.room());
    drop(places.remove(0));
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_whose_request_came_as_it_was_evicted_counts_again_and_leaves_after_it() {
    let mut house = House::new();
    house.fill(1, IDLE).await;
    assert!(house.registry.make_room());
    house.places[0].reviewing();
    assert_eq!(house.registry.table().taken(), LIMIT);
    assert!(house.places[0].was_idle());
    house.places[0].idle();
    // Another one goes; the first leaves by itself.
    assert_eq!(house.leave(1), [1]);
    drop(house.places);
    let table = house.registry.table();
    assert_eq!((table.taken(), table.leaving), (0, 0));
    assert_eq!(
        table.before_request.len() + table.idle.len() + table.stuck.len(),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_burst_waits_until_those_before_it_have_had_their_time() {
    let registry = Registry::new(LIMIT, FirstRequestTime::TLS, None);
    let begun = Instant::now();
    let mut places = Vec::new();
    for _ in 0..2 * LIMIT {
        registry.room().await;
        places.push(registry.take(address(1)));
    }
    let waited = begun.elapsed();
    let time = FirstRequestTime::TLS.0;
    assert!(waited >= time && waited < 2 * time, "{waited:?}");
}
