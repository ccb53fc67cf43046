//! The arrows between the rooms of the house: what `docs/architecture.md` allows is what the code uses, and no files
//! use each other in a circle but those that are listed there with a reason.
//!
//! A room is a row of the tables under "Allowed arrows": a module of the program such as `cluster`, or a part of another
//! crate such as `policy::objects`. A file belongs to the longest row that its module path begins with. Whoever moves a
//! room changes the tables, not this test. Code for tests alone may use anything and is not looked at.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod circles;
mod crates;
mod document;
mod modules;
mod references;

use std::collections::{BTreeMap, BTreeSet};

use document::Document;
use modules::{File, Modules};

/// From one room to another, with a file that shows it.
type Arrows = BTreeMap<(String, String), String>;

fn arrows(modules: &Modules, document: &Document) -> Arrows {
    let mut arrows = Arrows::new();
    for (from, to) in modules.uses() {
        let (Some(source), Some(target)) = (document.room_of(from), document.room_of(to)) else {
            continue;
        };
        if source != target {
            let shown = format!("{} uses {}", from.path, to.path);
            arrows.entry((source, target)).or_insert(shown);
        }
    }
    arrows
}

#[test]
fn every_file_belongs_to_a_room() {
    let (modules, document) = (Modules::of_program(), Document::read());
    let homeless: Vec<&str> = modules
        .files()
        .filter(|file| !file.is_root && document.room_of(file).is_none())
        .map(|file| file.path.as_str())
        .collect();
    assert!(
        homeless.is_empty(),
        "no row of docs/architecture.md, \"Allowed arrows\", names the room of {homeless:#?}"
    );
    let inhabited: BTreeSet<String> = modules
        .files()
        .filter_map(|file| document.room_of(file))
        .collect();
    let empty: Vec<&String> = document
        .rooms()
        .filter(|room| !inhabited.contains(*room))
        .collect();
    assert!(
        empty.is_empty(),
        "docs/architecture.md has rows for rooms that are gone: {empty:#?}"
    );
}

#[test]
fn rooms_use_what_the_table_allows_and_nothing_else() {
    let (modules, document) = (Modules::of_program(), Document::read());
    let arrows = arrows(&modules, &document);
    let mut wrong = Vec::new();
    for ((from, to), shown) in &arrows {
        if !document.allows(from, to) {
            wrong.push(format!("`{from}` must not use `{to}`: {shown}"));
        }
    }
    for (from, to) in document.allowed() {
        let is_used = arrows
            .keys()
            .any(|(source, target)| source == from && document::is_within(target, to));
        if !is_used {
            wrong.push(format!(
                "`{from}` no longer uses `{to}`: take it out of its row"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "the tables of docs/architecture.md, \"Allowed arrows\", and the code differ:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn no_rooms_use_each_other_in_a_circle() {
    let (modules, document) = (Modules::of_program(), Document::read());
    let arrows = arrows(&modules, &document);
    let circles = circles::of(arrows.keys().map(|(from, to)| (from.as_str(), to.as_str())));
    let unexplained: Vec<_> = circles
        .into_iter()
        .filter(|circle| !document.explains(circle))
        .collect();
    assert!(
        unexplained.is_empty(),
        "rooms that use each other: {unexplained:#?}"
    );
}

#[test]
fn no_room_reaches_what_it_must_not_even_through_others() {
    let (modules, document) = (Modules::of_program(), Document::read());
    let arrows = arrows(&modules, &document);
    let next = circles::graph(arrows.keys().map(|(from, to)| (from.as_str(), to.as_str())));
    let mut wrong = Vec::new();
    for (from, to) in document.never() {
        for name in [from, to] {
            let is_room = document.rooms().any(|room| document::is_within(room, name));
            assert!(is_room, "{name} is no room");
        }
        let rooms = document
            .rooms()
            .filter(|room| document::is_within(room, from));
        for room in rooms {
            let reached = circles::reachable(room, &next);
            let bad: Vec<_> = reached
                .iter()
                .filter(|room| document::is_within(room, to))
                .collect();
            if !bad.is_empty() {
                wrong.push(format!("`{room}` reaches {bad:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "docs/architecture.md, \"Never reached\": {wrong:#?}"
    );
}

#[test]
fn no_files_use_each_other_in_a_circle_but_those_with_a_reason() {
    let (modules, document) = (Modules::of_program(), Document::read());
    let uses = modules.uses();
    let name = |file: &'_ File| file.path.clone();
    let edges: Vec<(String, String)> = uses.map(|(from, to)| (name(from), name(to))).collect();
    let circles = circles::of(edges.iter().map(|(from, to)| (from.as_str(), to.as_str())));
    let unexplained: Vec<_> = circles
        .iter()
        .filter(|circle| !document.explains(circle))
        .collect();
    assert!(
        unexplained.is_empty(),
        "files use each other in a circle: untie them, or give the reason in docs/architecture.md, \"Circles\": {unexplained:#?}"
    );
    let gone: Vec<_> = document
        .circles()
        .filter(|listed| {
            !circles
                .iter()
                .any(|circle| document::names_all(listed, circle))
        })
        .collect();
    assert!(
        gone.is_empty(),
        "docs/architecture.md lists circles that are gone: {gone:#?}"
    );
}
