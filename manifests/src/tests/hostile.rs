//! Input that was made to break a reader, and any input at all.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;

use super::super::{Loaded, load};

fn load_text(text: &str) -> Loaded {
    load("test.yaml", text.as_bytes().to_vec())
}

#[track_caller]
fn assert_only_error(text: &str, message: &str) {
    let loaded = load_text(text);
    assert!(loaded.objects.is_empty());
    assert_eq!(loaded.errors.len(), 1, "{:?}", loaded.errors);
    let found = loaded.errors[0].to_string();
    assert!(found.contains(message), "{found}");
}

#[test]
fn a_hundred_thousand_levels_are_refused_where_they_are_too_deep() {
    const LEVELS: usize = 100_000;
    let too_deep = "nested more than 1000 levels deep";
    assert_only_error(&"[".repeat(LEVELS), too_deep);
    assert_only_error(&"{\"a\":".repeat(LEVELS), too_deep);
    assert_only_error(&"{a: ".repeat(LEVELS), too_deep);
    assert_only_error(&"- ".repeat(LEVELS), too_deep);
    assert_only_error(&format!("a: {}", "[".repeat(LEVELS)), too_deep);
    let lists = r#"{"apiVersion":"v1","kind":"List","items":["#;
    assert_only_error(&lists.repeat(LEVELS), too_deep);
    let indented: Vec<String> = (0..1_500)
        .map(|level| {
            " ".repeat(level)
                + "a:
"
        })
        .collect();
    assert_only_error(&indented.concat(), &format!("1001:1001: {too_deep}"));
}

#[test]
fn aliases_do_not_nest_deeper_than_brackets_may() {
    let mut text = "a0: &a0 x\n".to_owned();
    for level in 1..=4 {
        let (open, close) = ("[".repeat(400), "]".repeat(400));
        let _ = writeln!(text, "a{level}: &a{level} {open}*a{}{close}", level - 1);
    }
    assert_only_error(
        &format!("{text}apiVersion: v1\nkind: X\n"),
        "nested more than 1000 levels deep",
    );
}

#[test]
fn the_deepest_value_that_is_read_can_be_used_in_a_small_stack() {
    let depth = 999;
    let text = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"X\",\"x\":{}{}}}",
        "[".repeat(depth),
        "]".repeat(depth)
    );
    let use_it = move || {
        let loaded = load_text(&text);
        assert_eq!(loaded.errors, []);
        let value = &loaded.objects[0].value;
        let copy = value.clone();
        assert_eq!(&copy, value);
        let written = serde_json::to_string(&copy).unwrap();
        assert!(written.len() > 2 * depth);
        let read: Value = serde_json::from_value(copy).unwrap();
        assert_eq!(&read, value);
    };
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.spawn(use_it).unwrap().join().unwrap();
}

#[test]
fn bombs_of_aliases_are_refused() {
    let excessive = "stand for far more than was written";
    let tens = |level: usize| format!("*a{level}, ").repeat(10);
    let mut values = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    let mut merges = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..30 {
        let below = tens(level - 1);
        let _ = writeln!(values, "a{level}: &a{level} [{below}]");
        let _ = writeln!(merges, "a{level}: &a{level} {{<<: [{below}]}}");
    }
    assert_only_error(&format!("{values}apiVersion: v1\nkind: X\n"), excessive);
    assert_only_error(&format!("{merges}<<: *a29\n"), excessive);
}

#[test]
fn bombs_of_lists_are_refused() {
    let list = "apiVersion: v1, kind: List, items: ";
    let mut aliased = "a0: &a0 {apiVersion: v1, kind: X}\n".to_owned();
    let mut merged = aliased.clone();
    for level in 1..30 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(aliased, "a{level}: &a{level} {{{list}[{below}]}}");
        let below = format!("{{<<: *a{}}}, ", level - 1).repeat(10);
        let _ = writeln!(merged, "a{level}: &a{level} {{{list}[{below}]}}");
    }
    for bomb in [aliased, merged] {
        let loaded = load_text(&format!(
            "{bomb}apiVersion: v1\nkind: List\nitems: [*a29]\n"
        ));
        assert!(loaded.objects.len() < 100_000, "{}", loaded.objects.len());
        let errors = &loaded.errors;
        assert!(errors.len() < 100, "{errors:?}");
        assert!(
            errors[0]
                .message
                .contains("stand for far more than was written"),
            "{errors:?}"
        );
    }
}

#[test]
fn a_bomb_in_every_document_is_bounded_for_all_of_them() {
    let document = format!(
        "a: &a [{}]\nb: [{}]\napiVersion: v1\nkind: X\n---\n",
        "x,".repeat(400),
        "*a,".repeat(400)
    );
    let loaded = load_text(&document.repeat(100));
    assert_eq!(loaded.objects.len() + loaded.errors.len(), 100);
    assert!(loaded.objects.len() < 50, "{}", loaded.objects.len());
}

#[test]
fn an_alias_of_itself_is_refused() {
    assert_only_error(
        "a: &a [*a]\n",
        "1:8: this alias stands for a value that contains the alias itself",
    );
    assert_only_error("&a a: b\n<<: &b {<<: *b}\n", "2:13: this alias");
}

#[test]
fn an_object_of_more_than_a_million_values_is_refused() {
    let text = format!("apiVersion: v1\nkind: X\na: [{}]", "1,".repeat(1_000_001));
    assert_only_error(&text, "1:1: more than 1000000 values in one object");
}

#[test]
fn more_anchors_than_anybody_writes_are_refused() {
    assert_only_error(
        &"- &a x\n".repeat(100_001),
        "100001:6: more than 100000 anchors",
    );
}

#[test]
fn tabs_are_refused_where_yaml_wants_spaces() {
    let text = "apiVersion: v1\nkind: X\nmetadata:\n\tname: a\n";
    assert_only_error(text, "4:1: a tab where only spaces may stand");
}

#[test]
fn a_hundred_thousand_documents_are_all_read() {
    let text = "apiVersion: v1\nkind: X\n---\n".repeat(100_000) + "apiVersion: v1\nkind: Last\n";
    let loaded = load_text(&text);
    assert_eq!((loaded.errors.len(), loaded.notes.len()), (0, 0));
    assert_eq!(loaded.objects.len(), 100_001);
    let last = &loaded.objects[100_000];
    assert_eq!(
        (last.kind.as_str(), last.address.place().line),
        ("Last", 300_001)
    );
}

/// Pieces of which texts are made that are nearly YAML or JSON.
const PIECES: &[&str] = &[
    "apiVersion: v1\n",
    "kind: List\n",
    "kind: X\n",
    "items:\n",
    "- ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    ": ",
    "a",
    "é",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: ",
    "!!int ",
    "!",
    "|\n",
    ">-\n",
    "? ",
    "# ",
    "---\n",
    "--- ",
    "...\n",
    "%YAML 1.1\n",
    "{{ x }}",
    "\u{FEFF}",
    "\u{2028}",
    "\0",
    "~",
    "1e3",
    "0x1f",
    "{\"apiVersion\":\"v1\",\"kind\":\"X\"}",
    "\\",
    "- &a {b: c}\n",
    "<<: *a\n",
    "metadata: {name: a}\n",
];

/// Reads `bytes` and looks up every place that there is.
fn check_places(bytes: Vec<u8>) {
    let lines = String::from_utf8_lossy(&bytes)
        .matches(['\n', '\r'])
        .count()
        + 1;
    let loaded = load("test", bytes);
    let check = |line: usize, column: usize| {
        assert!(line >= 1 && line <= lines, "line {line} of {lines}");
        let quoted = loaded.source.line(line).unwrap();
        let most = quoted.chars().count() + 2;
        assert!(
            column >= 1 && column <= most,
            "column {column} in {quoted:?}"
        );
    };
    for note in &loaded.notes {
        check(note.line, note.column);
    }
    for error in &loaded.errors {
        check(error.line, error.column);
        assert!(!error.message.is_empty());
    }
    for object in &loaded.objects {
        let place = object.address.place();
        check(place.line, place.column);
        for (pointer, _) in pointers(&object.value) {
            let location = object.address.locate(&pointer);
            assert!(
                location.exact || pointer.ends_with("/kind") || pointer.ends_with("/apiVersion"),
                "{pointer}"
            );
            check(location.value.line, location.value.column);
        }
    }
}

/// Pointers to all parts of a value.
fn pointers(value: &Value) -> Vec<(String, &Value)> {
    let mut found = vec![(String::new(), value)];
    let mut next = 0;
    while let Some((pointer, value)) = found.get(next).cloned() {
        match value {
            Value::Object(fields) => found.extend(fields.iter().map(|(key, value)| {
                let key = key.replace('~', "~0").replace('/', "~1");
                (format!("{pointer}/{key}"), value)
            })),
            Value::Array(items) => {
                let items = items.iter().enumerate();
                found.extend(items.map(|(index, value)| (format!("{pointer}/{index}"), value)));
            }
            _ => {}
        }
        next += 1;
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_a_panic_and_every_place_is_inside_it(text in any::<String>()) {
        check_places(text.into_bytes());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_places(bytes);
    }

    #[test]
    fn anything_like_a_manifest_is_read_without_a_panic(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30),
    ) {
        check_places(format!("apiVersion: v1\nkind: X\n{}", pieces.concat()).into_bytes());
        check_places(pieces.concat().into_bytes());
    }

    #[test]
    fn json_is_read_as_serde_json_reads_it(value in any_json()) {
        let object = serde_json::json!({"apiVersion": "v1", "kind": "X", "value": value});
        for text in [object.to_string(), serde_json::to_string_pretty(&object).unwrap()] {
            for text in [text.clone(), format!("--- {text}")] {
                let loaded = load_text(&text);
                prop_assert_eq!(&loaded.errors, &[]);
                prop_assert_eq!(&loaded.objects[0].value, &object, "{}", text);
            }
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC*".prop_map(Value::from),
        prop::sample::select(
            &[
                "yes",
                "~",
                "1",
                "1.0",
                "\u{1}\"\\/\n",
                "\u{FEFF}",
                "<<",
                "a: b"
            ][..]
        )
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z~/]{0,3}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}
