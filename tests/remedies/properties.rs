//! Random worlds, each repaired by what `check` says of it.
//!
//! `L7GUARD_REMEDY_WORLDS` sets how many (128), `L7GUARD_REMEDY_SEED` which ones.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;

use libtest_mimic::{Failed, Trial};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::Outcome;
use crate::fault::Fault;
use crate::manifests::{Manifests, fields};
use crate::verify::Judged;
use crate::worlds::worlds;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test(
        "worlds/every finding is repaired, safely",
        repaired,
    )]
}

fn number(variable: &str, default: u64) -> Result<u64, Failed> {
    env::var(variable).map_or(Ok(default), |value| Ok(value.parse()?))
}

/// Random worlds, the same ones each time.
pub(crate) fn some(count: usize) -> Result<Vec<Manifests>, Failed> {
    let seed = number("L7GUARD_REMEDY_SEED", 14)?;
    let indices = 0..u64::try_from(count)?;
    indices
        .map(|index| Ok(worlds().new_tree(&mut runner(seed, index))?.current()))
        .collect()
}

/// The source of one world.
fn runner(seed: u64, index: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&index.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(Config::default(), rng)
}

/// How many findings of a rule there are, how many have changes without placeholders, and how many must have.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    findings: u32,
    repaired: u32,
    in_sight: u32,
    repaired_in_sight: u32,
}

fn repaired() -> Outcome {
    let count = number("L7GUARD_REMEDY_WORLDS", 128)?;
    let seed = number("L7GUARD_REMEDY_SEED", 14)?;
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    let mut kinds: BTreeMap<&'static str, (u32, String)> = BTreeMap::new();
    for index in 0..count {
        let world = worlds().new_tree(&mut runner(seed, index))?.current();
        let judged = Judged::new(world, Vec::new())?;
        count_shares(&judged, &mut shares);
        for fault in judged.faults()?.0 {
            if let Some((count, _)) = kinds.get_mut(fault.kind) {
                *count += 1;
            } else {
                let example = smallest(judged.world.clone(), &fault)?;
                kinds.insert(fault.kind, (1, example));
            }
        }
    }
    let mut report = String::new();
    for (kind, (count, example)) in &kinds {
        write!(report, "{kind} ({count})\n{example}\n\n")?;
    }
    for (rule, share) in &shares {
        writeln!(report, "{rule}: {share:?}")?;
    }
    if !kinds.is_empty() {
        return Err(report.into());
    }
    assert_shares(&shares, count, &report)
}

fn count_shares(judged: &Judged<'_>, shares: &mut BTreeMap<String, Share>) {
    for finding in &judged.report.findings {
        let share = shares.entry(finding.rule.clone()).or_default();
        let list = finding.list();
        let mut changes = list.iter().flat_map(crate::change::Change::with_effect);
        let is_repaired = !list.is_empty() && changes.all(|change| change.placeholders.is_empty());
        let is_in_sight = judged.must_be_repaired(finding);
        share.findings += 1;
        share.repaired += u32::from(is_repaired);
        share.in_sight += u32::from(is_in_sight);
        share.repaired_in_sight += u32::from(is_repaired && is_in_sight);
    }
}

/// The share of a rule's findings, in percent, that have changes without placeholders. The others have no path in sight;
/// of the rules of 0 nothing visible says what would be right. A listener that ends TLS (L7G102) is for its reader where a TLSRoute
/// leads on from it, or where it leads to a plain-text port.
const SHARES: [(&str, u32); 10] = [
    ("L7G001", 70),
    ("L7G002", 70),
    ("L7G003", 70),
    ("L7G004", 100),
    ("L7G101", 100),
    ("L7G102", 55),
    ("L7G103", 0),
    ("L7G104", 100),
    ("L7G105", 0),
    ("L7G106", 0),
];

/// Every rule is met; where the path is in sight its findings are all repaired, and enough of the others.
fn assert_shares(shares: &BTreeMap<String, Share>, worlds: u64, report: &str) -> Outcome {
    for (rule, wanted) in SHARES {
        let share = shares.get(rule).copied().unwrap_or_default();
        if worlds >= 128 && share.findings < 5 {
            return Err(format!("too few findings of {rule}\n{report}").into());
        }
        if share.repaired_in_sight != share.in_sight {
            return Err(format!("not all of {rule} are repaired\n{report}").into());
        }
        if worlds >= 128 && share.repaired * 100 < share.findings * wanted {
            return Err(format!("too few of {rule} are repaired\n{report}").into());
        }
    }
    Ok(())
}

/// The smallest world that shows a kind of fault, and the fault: without objects and annotations that it does not need.
fn smallest(world: Manifests, fault: &Fault) -> Result<String, Failed> {
    let shows = |world: &Manifests| -> Result<bool, Failed> {
        let judged = Judged::new(world.clone(), Vec::new())?;
        Ok(judged.faults()?.kinds().contains(&fault.kind))
    };
    let mut world = world;
    for index in (0..world.0.len()).rev() {
        let mut smaller = world.clone();
        smaller.0.remove(index);
        if shows(&smaller)? {
            world = smaller;
        }
    }
    for index in 0..world.0.len() {
        for part in ["annotations", "labels"] {
            let keys: Vec<String> = fields(&world.0[index]["metadata"][part])
                .map(|(key, _)| key.clone())
                .collect();
            for key in keys {
                let mut smaller = world.clone();
                if let Some(pairs) = smaller.0[index]["metadata"][part].as_object_mut() {
                    pairs.remove(&key);
                }
                if shows(&smaller)? {
                    world = smaller;
                }
            }
        }
    }
    told(world, fault)
}

/// A world, its findings with their changes, and what is wrong with these.
fn told(world: Manifests, fault: &Fault) -> Result<String, Failed> {
    let judged = Judged::new(world, Vec::new())?;
    let mut told = String::new();
    let faults = judged.faults()?.0.into_iter();
    for fault in faults.filter(|other| other.kind == fault.kind).take(3) {
        writeln!(told, "{fault}")?;
    }
    for object in &judged.world.0 {
        writeln!(told, "  {object}")?;
    }
    for finding in &judged.report.findings {
        writeln!(told, "  {} {}", finding.rule, finding.object)?;
        for change in finding.list() {
            writeln!(told, "    {change:?}")?;
        }
    }
    Ok(told)
}
