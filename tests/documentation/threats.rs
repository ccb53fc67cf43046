//! Every threat of `docs/threat-model.md` names a test, and that test is there.

use std::collections::BTreeSet;
use std::fs;

use crate::markdown::{Cell, Marked, Page, files, root};

const PAGE: &str = "docs/threat-model.md";

/// What a row says in place of a test where the answer is no code of ours.
const NO_TEST: &str = "none: ";

/// All Rust sources of the repository: path and text.
fn sources() -> Vec<(String, String)> {
    let files = files(root()).into_iter();
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Functions, the text of the folder of each suite, and files.
struct Tests {
    functions: BTreeSet<String>,
    sources: Vec<(String, String)>,
}

impl Tests {
    fn read() -> Self {
        let sources = sources();
        let mut functions = BTreeSet::new();
        for (_, text) in &sources {
            for rest in text.split("fn ").skip(1) {
                functions.insert(rest.split(['(', '<']).next().unwrap_or_default().to_owned());
            }
        }
        Self { functions, sources }
    }

    /// Whether the tests of this suite have a trial or a scenario of that name.
    fn has(&self, suite: &str, name: &str) -> bool {
        let folder = format!("tests/{suite}/");
        let mut of_suite = self
            .sources
            .iter()
            .filter(|(path, _)| path.starts_with(&folder));
        of_suite.any(|(_, text)| text.contains(name))
    }

    /// What a cell names that is not there. Words in italics are a trial of the suite that is named before them.
    fn missing(&self, cell: &Cell) -> Vec<String> {
        let mut suite = "";
        let mut missing = Vec::new();
        for marked in &cell.marked {
            let (name, is_there) = match marked {
                Marked::Emphasized(trial) => (trial, self.has(suite, trial)),
                Marked::Code(path) if path.contains('/') => (path, root().join(path).exists()),
                Marked::Code(folder) if root().join("tests").join(folder).is_dir() => {
                    suite = folder;
                    continue;
                }
                Marked::Code(function) => (function, self.functions.contains(function)),
            };
            if !is_there {
                missing.push(name.clone());
            }
        }
        missing
    }
}

#[test]
fn every_threat_names_a_test_that_is_there() {
    let tests = Tests::read();
    let tables = Page::read(PAGE).tables();
    let mut threats = 0;
    let mut missing = Vec::new();
    for table in tables {
        let Some(column) = table[0].iter().position(|cell| cell.text == "test") else {
            continue;
        };
        for row in &table[1..] {
            let (threat, test) = (&row[0].text, &row[column]);
            let is_explained = test.text.starts_with(NO_TEST);
            assert!(
                is_explained || !test.marked.is_empty(),
                "{threat}: names no test, and not why there is none"
            );
            let names = tests.missing(test);
            missing.extend(names.into_iter().map(|name| format!("{threat}: {name}")));
            threats += 1;
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(threats > 60, "{threats} threats are not all");
}

/// The paper numbers its threats: none is passed over.
#[test]
fn every_threat_of_the_paper_of_sig_security_has_its_row() {
    let tables = Page::read(PAGE).tables();
    let table = tables
        .iter()
        .find(|table| table[0][0].text == "SIG Security")
        .unwrap();
    let numbers: Vec<&str> = table[1..].iter().map(|row| row[0].text.as_str()).collect();
    let wanted: Vec<String> = (1..=18).map(|number| number.to_string()).collect();
    assert_eq!(numbers, wanted);
}

#[test]
fn a_name_that_no_test_has_is_noticed() {
    let tests = Tests::read();
    let missing = |marked: &[Marked]| {
        tests.missing(&Cell {
            marked: marked.to_vec(),
            ..Cell::default()
        })
    };
    let code = |text: &str| Marked::Code(text.to_owned());
    let trial = |text: &str| Marked::Emphasized(text.to_owned());
    let none: [&str; 0] = [];
    assert_eq!(missing(&[code("floods"), trial("TCP alone")]), none);
    assert_eq!(missing(&[code("floods"), trial("no such")]), ["no such"]);
    assert_eq!(missing(&[code("serve"), trial("TCP alone")]), ["TCP alone"]);
    assert_eq!(missing(&[code("no_such_test")]), ["no_such_test"]);
    assert_eq!(missing(&[code("tests/no.rs")]), ["tests/no.rs"]);
}
