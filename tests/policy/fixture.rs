//! Fixtures: where they are, and what they are called.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use super::expectation::Header;
use super::{Outcome, change, world};

/// One fixture.
#[derive(Clone, Debug)]
pub(super) struct Fixture {
    /// The directory that it is in: `bypass`, `trap`, `gateway`, `choice` or `rule`.
    pub(super) group: String,
    /// Its name without extension: a number and what it shows.
    pub(super) name: String,
    /// The file or the directory.
    pub(super) path: PathBuf,
}

impl Fixture {
    /// The number that its name begins with, without a letter that tells variants apart.
    pub(super) fn number(&self) -> Option<u32> {
        let digits: String = self.name.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    pub(super) fn is_change(&self) -> bool {
        self.path.is_dir()
    }

    /// The file whose leading comment says what is expected.
    pub(super) fn header_file(&self) -> PathBuf {
        if self.is_change() {
            self.path.join("new.yaml")
        } else {
            self.path.clone()
        }
    }

    /// What it expects.
    pub(super) fn header(&self) -> Result<Header, String> {
        let file = self.header_file();
        let text =
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Header::parse(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    pub(super) fn trial(&self) -> Trial {
        let fixture = self.clone();
        Trial::test(format!("{}/{}", self.group, self.name), move || {
            let header = fixture.header()?;
            if fixture.is_change() {
                change::judge(&fixture.path, &header)
            } else {
                world::judge(&fixture.path, &header)
            }
        })
    }
}

/// The directory of the fixtures.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/policy")
}

/// Every fixture, in the order of groups and names.
///
/// # Panics
///
/// The directory cannot be read: there would be no tests.
pub(super) fn all() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for group in entries(&root()).into_iter().filter(|path| path.is_dir()) {
        for path in entries(&group) {
            let stem = path.file_stem().unwrap_or_default();
            fixtures.push(Fixture {
                group: file_name(&group),
                name: stem.to_string_lossy().into_owned(),
                path,
            });
        }
    }
    fixtures
}

/// What a directory holds, in order.
pub(super) fn entries(directory: &Path) -> Vec<PathBuf> {
    let listing =
        fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = listing
        .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display())))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Fails with this text unless the condition holds.
pub(super) fn require(condition: bool, text: impl FnOnce() -> String) -> Outcome {
    if condition {
        Ok(())
    } else {
        Err(text().into())
    }
}
