//! The seeds hold on every run of the workspace's tests, and say something: a seed that is read as nothing has rotted.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, also outside of the test functions themselves, and says at which seed"
)]

use std::fs;
use std::path::{Path, PathBuf};

use l7guard_manifests::load;
use l7guard_policy::actions;
use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::inventory::{Inventory, World};
use l7guard_policy::objects::{self, Naming, Source};
use l7guard_policy::rules::Rule;
use l7guard_policy::verdict;

/// Name and bytes of each seed of a target, in order.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("seeds")
        .join(target);
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no seeds of {target}");
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap();
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

/// Runs a target on its seeds, and on each of them cut short at every 16th byte.
fn run(target: &str, holds: fn(&[u8])) {
    for (path, bytes) in seeds(target) {
        eprintln!("{}", path.display());
        holds(&bytes);
        for end in (0..bytes.len()).step_by(16) {
            holds(&bytes[..end]);
        }
    }
}

#[test]
fn the_loader_holds_on_its_seeds() {
    run("manifests", l7guard_fuzz::manifests::holds);
}

#[test]
fn the_decoder_of_actions_holds_on_its_seeds() {
    run("actions", l7guard_fuzz::actions::holds);
}

#[test]
fn verdicts_hold_on_their_seeds() {
    run("verdict", l7guard_fuzz::verdict::holds);
}

#[test]
fn the_reader_of_snapshots_holds_on_its_seeds() {
    run("snapshot", l7guard_fuzz::snapshot::holds);
}

#[test]
fn the_reader_of_earlier_reports_holds_on_its_seeds() {
    run("earlier", l7guard_fuzz::earlier::holds);
    let seeds = seeds("earlier");
    let read = |bytes: &[u8]| l7guard::report::against::Earlier::read(bytes).is_ok();
    assert!(seeds.iter().any(|(_, bytes)| read(bytes)));
    assert!(seeds.iter().any(|(_, bytes)| !read(bytes)));
}

#[test]
fn the_seeds_of_verdicts_break_every_rule() {
    let mut broken: Vec<&str> = seeds("verdict")
        .iter()
        .flat_map(|(_, bytes)| rules_broken(bytes))
        .collect();
    broken.sort_unstable();
    broken.dedup();
    let all: Vec<&str> = Rule::all().iter().map(|rule| rule.code.as_str()).collect();
    assert_eq!(broken, all);
}

fn rules_broken(manifest: &[u8]) -> Vec<&'static str> {
    let mut inventory = Inventory::new();
    let loaded = load("seed", manifest.to_vec());
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    for raw in loaded.objects {
        let naming = Naming {
            api_version: &raw.api_version,
            kind: &raw.kind,
            default_namespace: "default",
            default_name: "unnamed",
        };
        let read = objects::read(naming, Source::Value(&raw.value)).unwrap();
        inventory.apply(read.unwrap());
    }
    let verdict = verdict::evaluate(
        &World::new(&inventory),
        &Configuration::default(),
        Date::MIN,
    );
    let findings = verdict.findings.iter();
    findings
        .map(|judged| judged.finding.rule.as_str())
        .collect()
}

#[test]
fn the_seeds_of_the_loader_and_the_decoder_go_both_ways() {
    let manifests = seeds("manifests");
    let loaded = |path: &PathBuf, bytes: &Vec<u8>| load(path.to_string_lossy(), bytes.clone());
    assert!(
        manifests
            .iter()
            .any(|(path, bytes)| loaded(path, bytes).errors.is_empty())
    );
    assert!(
        manifests
            .iter()
            .any(|(path, bytes)| !loaded(path, bytes).errors.is_empty())
    );
    let actions = seeds("actions");
    let read = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(actions::read);
    assert!(
        actions
            .iter()
            .any(|(_, bytes)| matches!(read(bytes), Some(Ok(_))))
    );
    assert!(
        actions
            .iter()
            .any(|(_, bytes)| matches!(read(bytes), Some(Err(_))))
    );
}
