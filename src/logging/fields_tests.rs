use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::Empty;
use tracing_subscriber::fmt::MakeWriter;

use super::super::json_lines::{JsonLines, JsonMembers};
use super::*;
use crate::visible_text::{deceptive_characters, is_deceptive};

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Logs by `log` as lines for people.
fn as_text(ansi: bool, log: impl FnOnce()) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(ansi)
        .compact()
        .fmt_fields(VisibleFields)
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    lines.text()
}

/// Logs by `log` as JSON.
fn as_json(log: impl FnOnce()) -> String {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .fmt_fields(JsonMembers)
        .event_format(JsonLines)
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    lines.text()
}

/// Every character that does not show.
fn hidden() -> String {
    deceptive_characters().collect()
}

fn every_way(value: &str) {
    let error = io::Error::other(value.to_owned());
    let cause: &(dyn Error + 'static) = &error;
    let _span = tracing::info_span!("span", value, shown = %value).entered();
    tracing::info!(text = value, shown = %value, debugged = ?value, cause, "{value}");
}

#[test]
fn no_value_begins_a_line_or_hides() {
    for ansi in [false, true] {
        let value = format!("x{}2026-01-01 INFO forged", hidden());
        let log = as_text(ansi, || every_way(&value));
        let line = log.strip_suffix('\n').unwrap();
        let line = line.replace("\u{1b}[0m", "").replace("\u{1b}[2m", "");
        let line = line.replace("\u{1b}[3m", "").replace("\u{1b}[32m", "");
        let line = line.replace("\u{1b}[1m", "");
        assert!(!line.contains(is_deceptive), "{line:?}");
        assert_eq!(line.matches("forged").count(), 7, "{line}");
    }
}

#[test]
fn names_are_coloured_where_lines_are() {
    let log = || tracing::info!(uid = 1, "judged");
    assert!(as_text(false, log).ends_with(" judged uid=1\n"));
    let coloured = as_text(true, log);
    assert!(
        coloured.ends_with(" judged \u{1b}[3muid\u{1b}[0m\u{1b}[2m=\u{1b}[0m1\n"),
        "{coloured:?}"
    );
}

#[test]
fn json_has_the_very_value_and_nothing_that_hides() {
    let log = as_json(|| every_way(&hidden()));
    let line = log.strip_suffix('\n').unwrap();
    assert!(!line.contains(is_deceptive), "{line:?}");
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    for field in ["text", "shown", "message"] {
        assert_eq!(line[field], hidden(), "{field}");
    }
}

#[test]
fn json_has_the_fields_of_spans_beside_its_own_and_each_key_once() {
    let log = as_json(|| {
        let outer = tracing::info_span!("outer", uid = "u-1", name = "edge", late = Empty);
        let _outer = outer.enter();
        let _inner = tracing::info_span!("inner", name = "nearer", depth = 2).entered();
        tracing::record_all!(outer, late = "x\ny");
        tracing::info!(depth = 3, level = "own", target = true, ratio = 0.5, "said");
    });
    let (keys, line) = members(&log);
    let wanted = [
        "timestamp",
        "level",
        "message",
        "depth",
        "field.level",
        "field.target",
        "ratio",
        "target",
        "name",
        "uid",
        "late",
    ];
    assert_eq!(keys, wanted, "{log}");
    for (key, value) in [
        ("level", json!("INFO")),
        ("message", json!("said")),
        ("depth", json!(3)),
        ("field.level", json!("own")),
        ("field.target", json!(true)),
        ("ratio", json!(0.5)),
        ("target", json!(module_path!())),
        ("name", json!("nearer")),
        ("uid", json!("u-1")),
        ("late", json!("x\ny")),
    ] {
        assert_eq!(line[key], value, "{key}: {log}");
    }
}

#[test]
fn a_record_is_its_text_for_people_and_its_members_for_machines() {
    let log = |facts: &'static str| move || tracing::info!(facts = %"by \"alice\"", facts.json = %facts, kept = 1, "denied");
    let sound = log(r#"{"uid":"u","findings":[{"rule":"L7G001"}]}"#);
    let text = as_text(false, sound);
    assert!(text.ends_with(" denied by \"alice\" kept=1\n"), "{text}");
    let (keys, line) = members(&as_json(sound));
    assert_eq!(
        keys,
        [
            "timestamp",
            "level",
            "message",
            "uid",
            "findings",
            "kept",
            "target"
        ]
    );
    assert_eq!(line["findings"][0]["rule"], "L7G001");
    for broken in ["{", "[1]", "{\"a\":\n1}", ""] {
        let (_, line) = members(&as_json(log(broken)));
        assert_eq!(line["facts.json"], broken);
    }
}

/// The keys of the only line in their order, and its members.
fn members(log: &str) -> (Vec<String>, serde_json::Value) {
    let keys: Keys = serde_json::from_str(log.strip_suffix('\n').unwrap()).unwrap();
    (keys.0, serde_json::from_str(log).unwrap())
}

/// The keys of a JSON object as they stand there, duplicates too.
struct Keys(Vec<String>);

impl<'de> serde::Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> serde::de::Visitor<'de> for Object {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<_, serde::de::IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[test]
fn an_error_is_followed_by_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot read")]
    struct Outer(#[source] io::Error);

    let error = Outer(io::Error::other("it is\na device"));
    let log = as_text(false, || {
        tracing::info!(error = &error as &(dyn Error + 'static), "failed");
    });
    assert!(
        log.ends_with(" failed error=cannot read: it is\\na device\n"),
        "{log}"
    );
}
