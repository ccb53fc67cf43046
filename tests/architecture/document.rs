//! What `docs/architecture.md` says of arrows and circles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::crates::repository;
use super::modules::File;

/// The tables of the page.
pub(super) struct Document {
    /// Each room and the rooms that it may use.
    rooms: BTreeMap<String, BTreeSet<String>>,
    /// Rooms and what they must not reach, also not through others.
    never: Vec<(String, String)>,
    circles: Vec<BTreeSet<String>>,
}

impl Document {
    pub(super) fn read() -> Self {
        let page = fs::read_to_string(repository().join("docs/architecture.md")).unwrap();
        let mut rooms = BTreeMap::new();
        for (name, uses) in rows(&page, "### Allowed arrows") {
            let [name] = <[String; 1]>::try_from(names(name)).unwrap();
            let before = rooms.insert(name.clone(), names(uses).into_iter().collect());
            assert!(before.is_none(), "{name} has two rows");
        }
        assert!(
            !rooms.is_empty(),
            "docs/architecture.md has no table of allowed arrows"
        );
        let never = rows(&page, "### Never reached").flat_map(|(from, to)| {
            let [from] = <[String; 1]>::try_from(names(from)).unwrap();
            names(to).into_iter().map(move |to| (from.clone(), to))
        });
        let circles = rows(&page, "### Circles").map(|(files, reason)| {
            assert!(!reason.trim().is_empty(), "{files} have no reason");
            names(files).into_iter().collect()
        });
        Self {
            never: never.collect(),
            circles: circles.collect(),
            rooms,
        }
    }

    /// The room of a file: the longest row that its module path begins with.
    pub(super) fn room_of(&self, file: &File) -> Option<String> {
        let rooms = self
            .rooms
            .keys()
            .filter(|room| is_within(&file.module, room));
        rooms.max_by_key(|room| room.len()).cloned()
    }

    pub(super) fn rooms(&self) -> impl Iterator<Item = &String> {
        self.rooms.keys()
    }

    pub(super) fn allowed(&self) -> impl Iterator<Item = (&String, &String)> {
        self.rooms
            .iter()
            .flat_map(|(from, rooms)| rooms.iter().map(move |to| (from, to)))
    }

    pub(super) fn allows(&self, from: &str, to: &str) -> bool {
        let allowed = self.rooms.get(from);
        allowed.is_some_and(|rooms| rooms.iter().any(|room| is_within(to, room)))
    }

    pub(super) fn never(&self) -> &[(String, String)] {
        &self.never
    }

    pub(super) fn circles(&self) -> impl Iterator<Item = &BTreeSet<String>> {
        self.circles.iter()
    }

    /// Whether a row names all files of a circle.
    pub(super) fn explains(&self, circle: &BTreeSet<String>) -> bool {
        self.circles.iter().any(|row| names_all(row, circle))
    }
}

/// Whether all files of a circle are in a row, by their names or by that of their folder (`policy/src/rules/`).
pub(super) fn names_all(row: &BTreeSet<String>, circle: &BTreeSet<String>) -> bool {
    let names = |name: &String, file: &str| {
        name == file || (name.ends_with('/') && file.starts_with(name.as_str()))
    };
    circle
        .iter()
        .all(|file| row.iter().any(|name| names(name, file)))
}

/// Whether a module is `room` or in it.
pub(super) fn is_within(module: &str, room: &str) -> bool {
    let rest = module.strip_prefix(room);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The rows of all tables under a heading, by their first two columns.
fn rows<'a>(page: &'a str, heading: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let section = page.split_once(heading).map_or("", |(_, section)| section);
    let lines = section.lines().skip(1);
    let lines = lines.take_while(|line| !line.starts_with('#'));
    lines.filter(|line| line.starts_with("| `")).map(|line| {
        let mut columns = line.split('|').skip(1);
        (columns.next().unwrap(), columns.next().unwrap())
    })
}

/// What stands in back quotes.
fn names(column: &str) -> Vec<String> {
    column
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}
