//! Label selectors and labels that agree on much.

use crate::random::Random;

/// Pairs of keys and values; of a repeated key the last one counts.
pub(crate) type Pairs = Vec<(String, String)>;

const KEYS: &[&str] = &[
    "app",
    "istio",
    "App",
    "app.kubernetes.io/name",
    "istio.io/gateway-name",
    "",
    "a",
    "b",
    "\u{e9}",
    "key with space",
];

const VALUES: &[&str] = &[
    "",
    "ingressgateway",
    "istio-ingressgateway",
    "IngressGateway",
    "a",
    "b",
    " a",
    "a ",
    "\u{1f600}",
    "=",
    "a,b",
];

/// A selector, and labels that often are what it selects, but for a detail.
pub(crate) fn selector_and_labels(random: &mut Random) -> (Pairs, Pairs) {
    let selector = pairs(random, 4);
    let mut labels = selector.clone();
    for _ in 0..random.below(3) {
        match random.below(5) {
            0 | 1 => labels.extend(pairs(random, 2)),
            2 if !labels.is_empty() => {
                labels.remove(random.below(labels.len()));
            }
            3 if !labels.is_empty() => {
                let at = random.below(labels.len());
                random.one_of(VALUES).clone_into(&mut labels[at].1);
            }
            _ => labels.reverse(),
        }
    }
    if random.percent(10) {
        labels = pairs(random, 4);
    }
    (selector, labels)
}

fn pairs(random: &mut Random, most: usize) -> Pairs {
    (0..random.below(most + 1))
        .map(|_| {
            (
                random.one_of(KEYS).to_owned(),
                random.one_of(VALUES).to_owned(),
            )
        })
        .collect()
}
