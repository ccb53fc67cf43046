use proptest::prelude::*;

use super::fair_queue::{FairQueue, Place, Size};
use super::flow::Flow;

/// A queue whose tickets are numbers, and the places of those numbers.
struct Scene {
    queue: FairQueue<usize>,
    places: Vec<Place>,
    flows: Vec<Flow>,
}

impl Scene {
    fn new(capacity: usize, large: usize) -> Self {
        Self {
            queue: FairQueue::new(capacity, large, 2),
            places: Vec::new(),
            flows: Vec::new(),
        }
    }

    fn push(&mut self, outer: u64, inner: u64, size: Size) -> usize {
        let (flow, number) = (Flow::of(outer, inner), self.places.len());
        self.places.push(self.queue.push(flow, size, number));
        self.flows.push(flow);
        number
    }

    fn small(&mut self, outer: u64, inner: u64) -> usize {
        self.push(outer, inner, Size::Small)
    }

    fn grants(&mut self) -> Vec<usize> {
        std::iter::from_fn(|| self.queue.next()).collect()
    }

    fn over(&mut self, number: usize) {
        self.queue.give_back(self.places[number]);
    }
}

#[test]
fn one_flow_holds_at_most_half_and_another_gets_a_turn_at_once() {
    let mut scene = Scene::new(32, 32);
    for _ in 0..100 {
        scene.small(1, 1);
    }
    // Half of it for the outer key, and half of that for the inner one.
    assert_eq!(scene.grants().len(), 8);
    for _ in 0..100 {
        scene.small(1, 2);
    }
    let of_two = 8 + scene.grants().len();
    assert!((11..=16).contains(&of_two), "{of_two}");
    let other = scene.small(2, 1);
    assert_eq!(scene.grants(), [other]);
}

#[test]
fn with_one_turn_everybody_gets_it_in_rotation() {
    let mut scene = Scene::new(1, 1);
    let held = scene.small(1, 1);
    assert_eq!(scene.grants(), [held]);
    let greedy: Vec<usize> = (0..5).map(|_| scene.small(1, 1)).collect();
    let late = scene.small(2, 1);
    scene.over(held);
    assert_eq!(scene.grants(), [greedy[0]]);
    scene.over(greedy[0]);
    assert_eq!(scene.grants(), [late]);
    scene.over(late);
    assert_eq!(scene.grants(), [greedy[1]]);
}

#[test]
fn in_a_flow_what_is_small_goes_first_and_large_ones_hold_only_so_many() {
    let mut scene = Scene::new(64, 2);
    let large: Vec<usize> = (0..4).map(|_| scene.push(1, 1, Size::Large)).collect();
    let small = scene.small(1, 1);
    assert_eq!(scene.grants(), [small, large[0], large[1]]);
    let small = scene.small(1, 1);
    assert_eq!(scene.grants(), [small]);
    scene.over(large[0]);
    assert_eq!(scene.grants(), [large[2]]);
}

#[test]
fn who_leaves_the_line_is_passed_over_and_who_was_given_a_turn_cannot_leave() {
    let mut scene = Scene::new(1, 1);
    let (first, second, third) = (scene.small(1, 1), scene.small(1, 1), scene.small(2, 1));
    assert_eq!(scene.grants(), [first]);
    assert!(!scene.queue.leave(scene.places[first]));
    assert!(scene.queue.leave(scene.places[second]));
    assert!(!scene.queue.leave(scene.places[second]));
    scene.over(first);
    assert_eq!(scene.grants(), [third]);
}

/// One step: somebody comes, leaves, or gives a turn back.
#[derive(Clone, Debug)]
enum Step {
    Push(u64, u64, bool),
    Leave(usize),
    Over(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..5_u64, 0..4_u64, any::<bool>()).prop_map(|(outer, inner, large)| Step::Push(outer, inner, large)),
        1 => any::<prop::sample::Index>().prop_map(|index| Step::Leave(index.index(1000))),
        2 => any::<prop::sample::Index>().prop_map(|index| Step::Over(index.index(1000))),
    ]
}

proptest! {
    /// Whatever happens: never more turns than there are, none lost, and a newcomer waits for at most one turn of each other
    /// flow.
    #[test]
    fn turns_are_never_lost_and_nobody_waits_for_more_than_one_turn_of_each_other_flow(
        capacity in 1..9_usize,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut scene = Scene::new(capacity, capacity);
        let (mut waiting, mut held) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Push(outer, inner, is_large) => {
                    let size = if is_large { Size::Large } else { Size::Small };
                    let flow = Flow::of(outer, inner);
                    let taken = scene.queue.try_take(flow, size);
                    let number = scene.push(outer, inner, size);
                    // Who stands in line gets a turn at the same time as who asks without waiting.
                    if let Some(place) = taken {
                        scene.queue.leave(scene.places[number]);
                        scene.places[number] = place;
                        held.push(number);
                    } else {
                        waiting.push(number);
                        prop_assert!(scene.grants().is_empty());
                    }
                }
                Step::Leave(index) if !waiting.is_empty() => {
                    let number = waiting.remove(index % waiting.len());
                    prop_assert!(scene.queue.leave(scene.places[number]));
                }
                Step::Over(index) if !held.is_empty() => {
                    let number = held.remove(index % held.len());
                    scene.over(number);
                }
                _ => {}
            }
            for number in scene.grants() {
                waiting.retain(|each| *each != number);
                held.push(number);
            }
            prop_assert!(held.len() <= capacity);
            prop_assert!(!held.is_empty() || waiting.is_empty(), "nobody waits for nothing");
        }
        newcomer_waits_for_one_turn_each(&mut scene, &mut held)?;
        while let Some(number) = held.pop() {
            scene.over(number);
            held.extend(scene.grants());
        }
        prop_assert!(scene.queue.is_empty());
    }
}

/// A newcomer of an outer key of its own gets its turn before any flow of the others gets a second one.
fn newcomer_waits_for_one_turn_each(
    scene: &mut Scene,
    held: &mut Vec<usize>,
) -> Result<(), TestCaseError> {
    let newcomer = scene.small(99, 0);
    let mut turns: Vec<u64> = Vec::new();
    let mut granted = scene.grants();
    while !granted.contains(&newcomer) {
        for number in &granted {
            let outer = scene.flows[*number].outer;
            prop_assert!(!turns.contains(&outer), "a second turn of {outer}");
            turns.push(outer);
        }
        held.append(&mut granted);
        prop_assert!(!held.is_empty());
        let over = held.remove(0);
        scene.over(over);
        granted = scene.grants();
    }
    held.append(&mut granted);
    Ok(())
}
