//! Lists of changes that are wrong on purpose: the applier and the oracle have to see each.

mod exposing;
mod good;
mod malformed;
mod owned;
mod standing;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::change::Change;
use crate::fault::Faults;
use crate::manifests::Manifests;
use crate::verify::Judged;
use crate::{Outcome, apply};

/// A name, the changes, and the kinds of their faults.
type Case = (&'static str, Value, &'static [&'static str]);

pub(crate) fn trials() -> Vec<Trial> {
    malformed::trials()
        .into_iter()
        .chain(exposing::trials())
        .chain(good::trials())
        .chain(owned::trials())
        .chain(standing::trials())
        .collect()
}

/// A trial of the applier alone.
fn applied(world: fn() -> Vec<Value>, (name, changes, wanted): Case) -> Trial {
    Trial::test(format!("hand-made/applier: {name}"), move || {
        let changes = Change::list(&changes)?;
        let world = Manifests::new(world(), "default");
        same(&apply::apply(&world, &changes).faults, wanted)
    })
}

/// A trial of the whole oracle, with the findings that `check` reports for the world.
fn judged(world: impl Fn() -> Vec<Value> + Send + 'static, (name, changes, wanted): Case) -> Trial {
    Trial::test(format!("hand-made/oracle: {name}"), move || {
        let changes = Change::list(&changes)?;
        let judged = Judged::new(Manifests::new(world(), "default"), Vec::new())?;
        let findings: Vec<_> = judged.report.findings.iter().collect();
        if findings.is_empty() {
            return Err("nothing is found in this world".into());
        }
        same(&judged.list(&findings, &changes)?, wanted)
    })
}

fn same(faults: &Faults, wanted: &[&str]) -> Outcome {
    if faults.kinds() == wanted {
        Ok(())
    } else {
        Err(format!("wanted {wanted:?}, seen\n{faults}").into())
    }
}
