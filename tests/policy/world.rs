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

/// Judges the last copy of everything in a world.
pub(super) fn verdict(world: &ManifestWorld, setting: &Setting) -> Verdict {
    verdict::evaluate(&World::new(&world.inventory), &setting.configuration, TODAY)
}

/// Judges every copy of everything in a world, as `check` does.
fn of_every_copy(world: &ManifestWorld, setting: &Setting) -> Verdict {
    let judgement = world.judge(&setting.configuration, TODAY);
    Verdict {
        findings: judgement
            .findings
            .into_iter()
            .map(|found| found.judged)
            .collect(),
        unresolved: judgement.unresolved,
        exempt: judgement
            .exempt
            .into_iter()
            .map(|found| found.exempted)
            .collect(),
    }
}

/// Compares the verdict on a file with what its header expects.
pub(super) fn judge(file: &Path, header: &Header) -> Outcome {
    let world = read(&[file.to_owned()], &header.setting);
    let verdict = of_every_copy(&world, &header.setting);
    let mut lines: Vec<String> = verdict.findings.iter().map(outcome::finding).collect();
    lines.extend(outcome::others(&verdict));
    lines.extend(outcome::remarks("error", world.errors.iter()));
    let notes = world.notes.iter().map(|note| &note.input);
    lines.extend(outcome::remarks("note", notes));
    if header
        .expected
        .iter()
        .any(|line| line.starts_with("objects "))
    {
        lines.push(format!("objects {}", world.objects));
    }
    header.compare(&lines, &outcome::paths(&verdict))
}
