//! Circles of a graph: its strongly connected components of more than one node.

use std::collections::{BTreeMap, BTreeSet};

/// The circles, each as the set of the nodes in it.
pub(super) fn of<'a>(edges: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<BTreeSet<String>> {
    let next = graph(edges);
    let far: BTreeMap<&str, BTreeSet<&str>> = next
        .keys()
        .map(|from| (*from, reachable(from, &next)))
        .collect();
    let leads = |from: &str, to: &str| far.get(from).is_some_and(|all| all.contains(to));
    let circle = |node: &&str| -> BTreeSet<String> {
        let back = next
            .keys()
            .filter(|other| leads(node, other) && leads(other, node));
        back.map(|other| (*other).to_owned()).collect()
    };
    let circles: BTreeSet<BTreeSet<String>> = next.keys().map(circle).collect();
    circles
        .into_iter()
        .filter(|circle| circle.len() > 1)
        .collect()
}

/// Each node with the next ones.
pub(super) fn graph<'a>(
    edges: impl Iterator<Item = (&'a str, &'a str)>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in edges {
        next.entry(from).or_default().insert(to);
    }
    next
}

/// What is reached from a node, over any number of edges.
pub(super) fn reachable<'a>(
    from: &str,
    next: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(node) = ahead.pop() {
        for to in next.get(node).into_iter().flatten() {
            if reached.insert(*to) {
                ahead.push(to);
            }
        }
    }
    reached
}

#[test]
fn a_circle_is_found_and_a_way_that_does_not_come_back_is_none() {
    let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e")];
    let circle = ["a", "b", "c"].map(str::to_owned);
    assert_eq!(of(edges.into_iter()), [BTreeSet::from(circle)]);
    assert!(of([("a", "b"), ("a", "c"), ("b", "c")].into_iter()).is_empty());
}
