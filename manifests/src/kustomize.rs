//! Which files are patches, by what kustomizations say of them.
//!
//! A strategic merge patch looks like an object with little in it. What tells them apart is the kustomization that names
//! it; without one a file is taken for what it looks like. kustomize loads files of the kustomization's own directory and
//! below it alone, so a file's own kustomization is in one of the directories above it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::files::Input;
use super::yaml::{Source, Stream};

/// Names of kustomizations (kubernetes-sigs/kustomize `api/konfig/general.go`).
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Files that kustomizations name.
#[derive(Debug, Default)]
pub struct Patches {
    /// Each patch and the kustomization that names it, by canonical path.
    patches: HashMap<PathBuf, PathBuf>,
    /// Files that some kustomization names as objects.
    resources: HashSet<PathBuf>,
}

impl Patches {
    /// Reads the kustomizations in and above the directories of these inputs, as far as the paths were written.
    #[must_use]
    pub fn around(inputs: &[Input]) -> Self {
        let mut patches = Self::default();
        let mut seen = HashSet::new();
        for input in inputs {
            let Input::File(path) = input else { continue };
            for directory in path.ancestors().skip(1) {
                if !seen.insert(directory) {
                    break;
                }
                for name in NAMES {
                    patches.add(&directory.join(name));
                }
            }
        }
        patches
    }

    /// The kustomization of which a file is a patch and nothing else.
    #[must_use]
    pub fn kustomization_of(&self, file: &Path) -> Option<&Path> {
        if self.patches.is_empty() {
            return None;
        }
        let file = fs::canonicalize(file).ok()?;
        if self.resources.contains(&file) {
            return None;
        }
        self.patches.get(&file).map(PathBuf::as_path)
    }

    /// Takes what a kustomization names, if there is one that can be read. One that cannot is told of where it is an
    /// input itself.
    fn add(&mut self, kustomization: &Path) {
        if !kustomization.is_file() {
            return;
        }
        let Ok(bytes) = Input::File(kustomization.to_owned()).read() else {
            return;
        };
        let Some(value) = value(bytes) else { return };
        let directory = kustomization.parent().unwrap_or(Path::new(""));
        let locate = |name: &str| fs::canonicalize(directory.join(name)).ok();
        for name in texts(&value, "resources") {
            self.resources.extend(locate(name));
        }
        let named = ["patches", "patchesJson6902"]
            .into_iter()
            .flat_map(|field| elements(&value, field))
            .filter_map(|patch| patch.get("path")?.as_str());
        for name in named.chain(texts(&value, "patchesStrategicMerge")) {
            if let Some(file) = locate(name) {
                self.patches.insert(file, kustomization.to_owned());
            }
        }
    }
}

/// The value of a kustomization, which is one document.
fn value(bytes: Vec<u8>) -> Option<Value> {
    let mut documents = Stream::new(Arc::new(Source::new("", bytes)));
    let document = documents.next()?.ok()?;
    let is_alone = documents.next().is_none();
    let content = is_alone.then(|| document.read().ok()).flatten()?;
    Some(content.value)
}

fn elements<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn texts<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    elements(value, field).filter_map(Value::as_str)
}
