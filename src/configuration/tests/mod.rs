//! Tests of the configuration file: what it means, what is refused and where, and the schema.

mod advice;
mod bad_bodies;
mod kinds;
mod meaning;
mod refusals;
mod schema;

use l7guard_policy::configuration::Date;
use time::Month;

use super::{Problem, Reading, read};

/// The two lines with which every document begins.
const HEAD: &str = "apiVersion: l7guard/v1\nkind: Configuration\n";

fn today() -> Date {
    Date::from_calendar_date(2026, Month::March, 10).unwrap()
}

/// Reads a document; `body` begins on line 3.
fn read_body(body: &str) -> Reading {
    read_text(&format!("{HEAD}{body}"))
}

fn read_text(text: &str) -> Reading {
    read("l7guard.yaml", text.as_bytes().to_vec(), today())
}

/// The example of the documentation.
fn example() -> &'static str {
    let page = include_str!("../../../docs/configuration.md");
    let (_, example) = page.split_once("```yaml\n").unwrap();
    let (example, rest) = example.split_once("```").unwrap();
    assert!(
        !rest.contains("\n```yaml"),
        "the page has one whole example"
    );
    example
}

/// `line:column message` of each problem.
fn shown(problems: &[Problem]) -> Vec<String> {
    let shown = problems.iter().map(|problem| {
        let place = problem.place;
        format!("{}:{} {}", place.line, place.column, problem.message)
    });
    shown.collect()
}
