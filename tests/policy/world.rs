//! A world that is judged as it stands.

use std::path::{Path, PathBuf};

use l7guard::world::ManifestWorld;
use l7guard_policy::inventory::World;
use l7guard_policy::verdict::{self, Verdict};

use super::expectation::Header;
use super::setting::Setting;
use super::{Outcome, TODAY, outcome};

/// Reads files as `check` does.
pub(super) fn read(files: &[PathBuf], setting: &Setting) -> ManifestWorld {
    ManifestWorld::read(files, &setting.namespace)
}

/// Judges everything in a world.
pub(super) fn verdict(world: &ManifestWorld, setting: &Setting) -> Verdict {
    verdict::evaluate(&World::new(&world.inventory), &setting.configuration, TODAY)
}

/// Compares the verdict on a file with what its header expects.
pub(super) fn judge(file: &Path, header: &Header) -> Outcome {
    let world = read(&[file.to_owned()], &header.setting);
    let verdict = verdict(&world, &header.setting);
    let mut lines: Vec<String> = verdict.findings.iter().map(outcome::finding).collect();
    lines.extend(outcome::others(&verdict));
    lines.extend(outcome::remarks("error", &world.errors));
    lines.extend(outcome::remarks("note", &world.notes));
    if header
        .expected
        .iter()
        .any(|line| line.starts_with("objects "))
    {
        lines.push(format!("objects {}", world.objects));
    }
    header.compare(&lines, &outcome::paths(&verdict))
}
