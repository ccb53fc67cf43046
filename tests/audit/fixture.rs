//! The fixtures of the policy, as worlds: of a change the world after it.

use std::fs;
use std::path::{Path, PathBuf};

use l7guard::configuration;
use l7guard_policy::configuration::{Configuration, Date};
use libtest_mimic::Failed;
use time::OffsetDateTime;

use crate::manifests::Manifests;

/// A fixture.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    pub(crate) name: String,
    path: PathBuf,
}

/// Every fixture, in the order of their names.
pub(crate) fn all() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/policy");
    let groups = entries(&root).into_iter().filter(|path| path.is_dir());
    let fixtures = groups.flat_map(|group| entries(&group)).map(|path| {
        let name = path.strip_prefix(&root).unwrap_or(&path);
        Fixture {
            name: name.display().to_string(),
            path: path.clone(),
        }
    });
    fixtures.collect()
}

/// What a folder holds, in order.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = listing.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The day on which everything is judged.
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

impl Fixture {
    /// The file whose leading comment says how it is judged.
    fn header(&self) -> PathBuf {
        if self.path.is_dir() {
            self.path.join("new.yaml")
        } else {
            self.path.clone()
        }
    }

    fn said(&self, key: &str) -> Result<Vec<String>, Failed> {
        let text = fs::read_to_string(self.header())?;
        let lines = text.lines().map_while(|line| line.strip_prefix('#'));
        let key = format!("{key}: ");
        let said = lines.filter_map(|line| line.trim().strip_prefix(&key));
        Ok(said.map(str::to_owned).collect())
    }

    /// What it is judged under.
    pub(crate) fn configuration(&self) -> Result<Configuration, Failed> {
        let lines = self.said("config")?;
        if lines.is_empty() {
            return Ok(Configuration::default());
        }
        let head = "apiVersion: l7guard/v1\nkind: Configuration";
        let document = format!("{head}\n{}\n", lines.join("\n"));
        let reading = configuration::read("config", document.into_bytes(), today());
        let problems = reading.problems;
        reading
            .configuration
            .ok_or_else(|| format!("{problems:?}").into())
    }

    /// The objects.
    pub(crate) fn world(&self) -> Result<Manifests, Failed> {
        let files = if self.path.is_dir() {
            let files = ["world.yaml", "new.yaml"].map(|file| self.path.join(file));
            files.into_iter().filter(|file| file.exists()).collect()
        } else {
            vec![self.path.clone()]
        };
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let namespace = self.said("namespace")?.pop();
        Manifests::read(&files, namespace.as_deref().unwrap_or("default"))
    }
}
