//! Real manifests: the folder that `L7GUARD_CORPUS` names holds `MANIFEST.tsv` (its first column names the file, the
//! fourth the verdict), and `violating/`, `legit/`, `edge/` and `fixtures/`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use l7guard::world::ManifestWorld;
use libtest_mimic::Trial;

use super::fixture::{entries, file_name, require};
use super::setting::Setting;
use super::world::{read, verdict};
use super::{Outcome, corpus_gateways};

const VARIABLE: &str = "L7GUARD_CORPUS";

/// Files of violations that hold no Ingress as it would be applied, and what they are instead.
const NOT_PLAIN: [(&str, &str); 3] = [
    ("v11-helm-aws-istio-values.yaml", "values of a chart"),
    ("v31-tv2-bifrost-aws-alb-crossplane.yaml", "a composition"),
    ("v33-kubeflow-v12-oidc-patch.yaml", "a patch"),
];

/// One test a file, or one that says loudly that there is no corpus.
pub(super) fn trials() -> Vec<Trial> {
    let Some(folder) = std::env::var_os(VARIABLE) else {
        eprintln!("{VARIABLE} is not set: no real manifest is judged");
        let name = format!("corpus/skipped, as {VARIABLE} names no folder");
        return vec![Trial::test(name, || Ok(())).with_ignored_flag(true)];
    };
    match listed(&folder) {
        Ok(mut trials) => {
            trials.extend(corpus_gateways::trials(
                &Path::new(&folder).join("fixtures"),
            ));
            trials
        }
        Err(error) => vec![Trial::test("corpus/manifest", move || Err(error.into()))],
    }
}

fn listed(folder: &OsString) -> Result<Vec<Trial>, String> {
    let folder = Path::new(folder);
    let manifest = folder.join("MANIFEST.tsv");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let mut trials = Vec::new();
    let mut known = Vec::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, _, _, verdict, ..] = columns[..] else {
            return Err(format!("{line:?} has no verdict"));
        };
        let judge = match verdict {
            "violating" => violating,
            "legit" | "edge" => without_denial,
            "fixture" => continue,
            _ => return Err(format!("{verdict:?} is no verdict")),
        };
        let path = folder.join(file);
        known.push(path.clone());
        trials.push(Trial::test(format!("corpus/{file}"), move || judge(&path)));
    }
    let folders = ["violating", "legit", "edge"].map(|name| folder.join(name));
    let on_disk: Vec<PathBuf> = folders.iter().flat_map(|folder| entries(folder)).collect();
    trials.push(Trial::test(
        "corpus/every file is in the manifest",
        move || {
            let missing: Vec<&PathBuf> = on_disk.iter().filter(|f| !known.contains(f)).collect();
            require(missing.is_empty(), || format!("{missing:?}"))
        },
    ));
    Ok(trials)
}

/// What `check` finds in a file alone.
fn check(file: &Path) -> (ManifestWorld, bool) {
    let setting = Setting::default();
    let world = read(&[file.to_owned()], &setting);
    let is_denied = verdict(&world, &setting).is_denied();
    (world, is_denied)
}

/// A plain file is refused without an error, as `check` ends with status 1. Of another one at least something is said.
fn violating(file: &Path) -> Outcome {
    let (world, is_denied) = check(file);
    let name = file_name(file);
    let is_chart = name.ends_with(".helm.yaml");
    match NOT_PLAIN.iter().find(|(known, _)| *known == name) {
        None if !is_chart => {
            require(world.errors.is_empty(), || format!("{:?}", world.errors))?;
            require(is_denied, || "nothing is refused".to_owned())
        }
        Some((_, what)) if world.objects > 0 => require(!is_denied, || format!("it is {what}")),
        _ => require(
            is_denied || world.notes.len() + world.errors.len() > 0,
            || "nothing is said of it".to_owned(),
        ),
    }
}

fn without_denial(file: &Path) -> Outcome {
    let (_, is_denied) = check(file);
    require(!is_denied, || "it is refused".to_owned())
}
