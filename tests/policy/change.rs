//! A change that is judged before it is made: `world.yaml`, and an object that is `new.yaml` and was `old.yaml`.

use std::path::{Path, PathBuf};

use l7guard::world::ManifestWorld;
use l7guard_policy::inventory::{Origin, World};
use l7guard_policy::objects::Object;
use l7guard_policy::verdict::{self, Change};

use super::expectation::Header;
use super::fixture::require;
use super::said::is_reviewed;
use super::setting::Setting;
use super::world::{read, verdict};
use super::{Outcome, TODAY, outcome};

/// Compares what becomes of a change with what is expected: of one that admission is asked about, whether it is
/// refused; of another, what the audit finds when it is made.
pub(super) fn judge(directory: &Path, header: &Header) -> Outcome {
    let setting = &header.setting;
    let new = object(&directory.join("new.yaml"), setting)?;
    let old_file = directory.join("old.yaml");
    let old = old_file
        .exists()
        .then(|| object(&old_file, setting))
        .transpose()?;
    // A change is one of a cluster, whose values are what they say.
    let mut before = sound(&[directory.join("world.yaml")], setting)?;
    before.inventory = before.inventory.with_origin(Origin::Cluster);
    if let Some(old) = &old {
        require(old.key == new.key, || "old and new are two objects".into())?;
        before.inventory.apply(old.clone());
    }
    if is_reviewed(new.key.kind) {
        let change = Change { new, old };
        let verdict = verdict::review(&before.inventory, &setting.configuration, &change, TODAY);
        let mut lines: Vec<String> = verdict.findings.iter().map(outcome::effect).collect();
        lines.extend(outcome::others(&verdict));
        if !verdict.is_denied() {
            lines.push("allowed".to_owned());
        }
        return header.compare(&lines, &outcome::paths(&verdict));
    }
    let known = lines(&before, setting);
    before.inventory.apply(new);
    let verbs = lines(&before, setting).into_iter().map(|line| {
        let verb = if known.contains(&line) {
            "stays"
        } else {
            "appears"
        };
        format!("{verb} {line}")
    });
    header.compare(&verbs.collect::<Vec<_>>(), &[])
}

fn lines(world: &ManifestWorld, setting: &Setting) -> Vec<String> {
    let verdict = verdict(world, setting);
    let findings = verdict.findings.iter().map(outcome::finding);
    findings.chain(outcome::others(&verdict)).collect()
}

/// A world without errors and notes.
fn sound(files: &[PathBuf], setting: &Setting) -> Result<ManifestWorld, String> {
    let world = read(files, setting);
    let notes = world.notes.iter().map(|note| &note.input);
    match world.errors.iter().chain(notes).next() {
        Some(remark) => Err(format!("{}: {}", remark.file, remark.message)),
        None => Ok(world),
    }
}

/// The one object of a file.
fn object(file: &Path, setting: &Setting) -> Result<Object, String> {
    let world = sound(&[file.to_owned()], setting)?;
    let mut objects = World::new(&world.inventory)
        .objects()
        .cloned()
        .collect::<Vec<_>>();
    match (objects.pop(), objects.is_empty()) {
        (Some(object), true) => Ok(object),
        _ => Err(format!("{} does not hold one object", file.display())),
    }
}
