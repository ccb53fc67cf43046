//! How the inputs came out, so that nobody has to believe that they are worth something.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::hostile::{self, Hostility, Input};

/// How the answers of Go fall: for each hostility `[read, syntax, type, refused]`. `None`: a plain action.
#[derive(Default)]
pub(crate) struct Shares(BTreeMap<Option<Hostility>, [usize; 4]>, [usize; 4]);

impl Shares {
    pub(crate) fn count(&mut self, input: &Input, theirs: &Value) {
        let column = match theirs["error"].as_str() {
            None => 0,
            Some("syntax") => 1,
            Some("type") => 2,
            Some(_) => 3,
        };
        self.1[column] += 1;
        let plain = input.hostilities.is_empty().then_some(None);
        for key in input.hostilities.iter().copied().map(Some).chain(plain) {
            self.0.entry(key).or_default()[column] += 1;
        }
    }

    /// Inputs that all come out alike, or a hostility that never happens, would prove nothing.
    pub(crate) fn assert_that_all_occur(&self) {
        let all: usize = self.1.iter().sum();
        let [read, syntax, wrong_type, refused] = self.1;
        assert!(read > all / 3, "{read} of {all} are read");
        for errors in [syntax, wrong_type, refused] {
            assert!(errors > all / 20, "{errors} of {all} fail in one way");
        }
        for hostility in hostile::all() {
            let seen: usize = self
                .0
                .get(&Some(hostility))
                .map_or(0, |row| row.iter().sum());
            assert!(seen > all / 1000, "{hostility:?} occurs {seen} times");
        }
        let read_at = |hostility| self.0[&Some(hostility)][0];
        assert!(read_at(Hostility::Levels9999) > 0);
        assert!(read_at(Hostility::Levels10000) > 0);
        assert_eq!(read_at(Hostility::Levels10001), 0);
    }
}

impl std::fmt::Display for Shares {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{:<20}{:>8}{:>8}{:>8}{:>8}",
            "", "read", "syntax", "type", "refused"
        )?;
        let mut row = |name: &str, [read, syntax, wrong_type, refused]: [usize; 4]| {
            writeln!(
                f,
                "{name:<20}{read:>8}{syntax:>8}{wrong_type:>8}{refused:>8}"
            )
        };
        for (hostility, counts) in &self.0 {
            let name = hostility.map_or("none".to_owned(), |hostility| format!("{hostility:?}"));
            row(&name, *counts)?;
        }
        row("all inputs", self.1)
    }
}
