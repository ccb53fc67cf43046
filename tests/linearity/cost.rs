//! What a review costs, counted.

use allocation_counter::measure;
use libtest_mimic::{Failed, Trial};

use crate::{Dimension, FACTOR, compare};

/// How many there are of a dimension before it is multiplied.
const SIZE: usize = 1000;

pub(crate) fn trial(dimension: Dimension) -> Trial {
    Trial::test(dimension.name, move || check(&dimension))
}

fn check(dimension: &Dimension) -> Result<(), Failed> {
    let [(small, small_steps), (large, large_steps)] = [SIZE, SIZE * FACTOR].map(|size| {
        let prepared = (dimension.scene)(size).prepared();
        let allocated = measure(|| {
            prepared.judge();
        });
        (allocated, prepared.steps())
    });
    let compared = |what, small, large| compare(dimension.name, what, small, large);
    let [Some(small_steps), Some(large_steps)] = [small_steps, large_steps] else {
        return Err("it takes more steps than one review may".into());
    };
    compared("steps", small_steps, large_steps)?;
    compared("allocations", small.count_total, large.count_total)?;
    compared("allocated bytes", small.bytes_total, large.bytes_total)
}
