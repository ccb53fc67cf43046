//! The findings of every fixture of the policy, repaired.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use tempfile::NamedTempFile;

use crate::Outcome;
use crate::manifests::Manifests;
use crate::verify::Judged;

/// A world in files, and what it is judged under.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    path: PathBuf,
}

/// What a leading comment says of the judgement.
pub(crate) struct Setting {
    configuration: Option<NamedTempFile>,
    namespace: String,
}

impl Setting {
    /// The arguments of `check`.
    pub(crate) fn list(&self) -> Vec<&OsStr> {
        let mut arguments = vec![OsStr::new("--namespace"), OsStr::new(&self.namespace)];
        if let Some(file) = &self.configuration {
            arguments.extend([OsStr::new("--config"), file.path().as_os_str()]);
        }
        arguments
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let fixtures = all().into_iter().chain(others());
    fixtures
        .map(|fixture| {
            Trial::test(format!("fixtures/{}", fixture.name), move || {
                fixture.verify()
            })
        })
        .collect()
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Every fixture of the policy.
pub(crate) fn all() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    let policy = root().join("policy");
    for group in entries(&policy).into_iter().filter(|path| path.is_dir()) {
        for path in entries(&group) {
            let name = path.strip_prefix(&policy).unwrap_or(&path);
            fixtures.push(Fixture {
                name: name.display().to_string(),
                path: path.clone(),
            });
        }
    }
    fixtures
}

/// Files in the folder that `L7GUARD_REMEDY_FILES` names.
fn others() -> Vec<Fixture> {
    let folder = std::env::var_os("L7GUARD_REMEDY_FILES").map(PathBuf::from);
    let files = folder.map(|folder| entries(&folder)).unwrap_or_default();
    let files = files.into_iter().filter(|path| path.is_file());
    files
        .map(|path| Fixture {
            name: path.display().to_string(),
            path,
        })
        .collect()
}

/// The fixtures of remedies.
pub(crate) fn rows() -> Vec<Fixture> {
    let rows = entries(&root().join("remedies")).into_iter();
    rows.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    })
    .map(|path| Fixture {
        name: path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        path,
    })
    .collect()
}

/// What a folder holds, in order; nothing where there is none, which leaves no trial and is noticed by its absence.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

impl Fixture {
    /// Of a change: the world with the new object in it.
    fn files(&self) -> Vec<PathBuf> {
        if !self.path.is_dir() {
            return vec![self.path.clone()];
        }
        let files = ["world.yaml", "new.yaml"].map(|file| self.path.join(file));
        files.into_iter().filter(|file| file.exists()).collect()
    }

    /// What its leading comment says of the judgement.
    pub(crate) fn setting(&self) -> Result<Setting, Failed> {
        let header = if self.path.is_dir() {
            self.path.join("new.yaml")
        } else {
            self.path.clone()
        };
        let text = fs::read_to_string(header)?;
        let lines = || {
            text.lines()
                .map_while(|line| line.strip_prefix('#'))
                .map(str::trim)
        };
        let said = |key: &str| {
            let key = format!("{key}: ");
            let values = lines().filter_map(move |line| line.strip_prefix(&key).map(str::to_owned));
            values.collect::<Vec<_>>()
        };
        let configuration = said("config");
        let mut file = None;
        if !configuration.is_empty() {
            let named = tempfile::Builder::new().suffix(".yaml").tempfile()?;
            let document = format!(
                "apiVersion: l7guard/v1\nkind: Configuration\n{}\n",
                configuration.join("\n")
            );
            fs::write(named.path(), document)?;
            file = Some(named);
        }
        Ok(Setting {
            configuration: file,
            namespace: said("namespace")
                .pop()
                .unwrap_or_else(|| "default".to_owned()),
        })
    }

    pub(crate) fn world(&self) -> Result<Manifests, Failed> {
        let files = self.files();
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        Manifests::read(&files, &self.setting()?.namespace)
    }

    /// Calls with what `check` says of this world.
    pub(crate) fn judged<T>(
        &self,
        then: impl FnOnce(&Judged<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let setting = self.setting()?;
        then(&Judged::new(self.world()?, setting.list())?)
    }

    fn verify(&self) -> Outcome {
        let has_copies = self.world()?.has_copies();
        self.judged(|judged| {
            // A list is for one copy, and the others stand beside it: what comes of it is not compared.
            let faults = if has_copies {
                judged.forms()
            } else {
                judged.faults()?
            };
            if faults.0.is_empty() {
                return Ok(());
            }
            Err(format!("{}\n{faults}", self.path.display()).into())
        })
    }
}
