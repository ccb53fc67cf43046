//! The crates of this repository that the program is made of.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A crate.
pub(super) struct Crate {
    /// Its name in paths, such as `l7guard_policy`.
    pub(super) name: String,
    /// What the tables call it: `policy`; empty for the program itself.
    pub(super) room: String,
    /// `lib.rs`, and `main.rs` if there is one.
    pub(super) roots: Vec<PathBuf>,
}

/// The program and all crates that it depends on by a path, tests and benchmarks left out.
pub(super) fn of_program() -> Vec<Crate> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut wanted = vec!["l7guard".to_owned()];
    let mut at = 0;
    while let Some(name) = wanted.get(at) {
        let package = packages
            .iter()
            .find(|package| package["name"] == **name)
            .unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap().to_owned();
            let is_ours = dependency["kind"].is_null() && dependency["path"].is_string();
            if is_ours && !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        at += 1;
    }
    let package = |name: &String| packages.iter().find(|package| package["name"] == **name);
    wanted.iter().filter_map(package).map(read).collect()
}

pub(super) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(package: &Value) -> Crate {
    let name = package["name"].as_str().unwrap();
    let room = name.strip_prefix("l7guard").unwrap_or(name);
    let roots = package["targets"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|target| {
            let kinds = target["kind"].as_array().unwrap();
            kinds.iter().any(|kind| kind == "lib" || kind == "bin")
        });
    Crate {
        name: name.replace('-', "_"),
        room: room.trim_start_matches('-').to_owned(),
        roots: roots
            .map(|target| target["src_path"].as_str().unwrap().into())
            .collect(),
    }
}
