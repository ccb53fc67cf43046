//! YAML is read as `kubectl` reads it.

use std::fmt::Write as _;

use serde_json::Value;

use super::super::alias_budget::AliasBudget;
use super::super::error::{ParseError, ParseErrorKind};
use super::super::lookup::Text;
use super::super::parser;
use super::super::source::Source;
use super::super::value::{Remark, convert};
use super::kubectl_readings::{DIFFERENT, DOCUMENTS, LAXER, SCALARS, STRICTER};

fn read_with_remarks(text: &str) -> (Result<Value, ParseError>, Vec<Remark>) {
    let source = Source::new("test", text.into());
    let mut remarks = Vec::new();
    let value = parser::parse(text, 0).and_then(|tree| {
        let Some(tree) = tree else {
            return Ok(Value::Null);
        };
        let text = Text {
            tree: &tree,
            source: &source,
        };
        let mut budget = AliasBudget::of_source(source.bytes().len()).lend(source.bytes().len());
        convert(text, 0, false, &mut budget, &mut remarks)
    });
    (value, remarks)
}

fn read(text: &str) -> Result<Value, ParseError> {
    read_with_remarks(text).0
}

/// The JSON that Go wrote. `-0` is the integer 0 for the API machinery and a float for `serde_json`.
fn parse_json(json: &str) -> Value {
    match json {
        "-0" => 0.into(),
        json => serde_json::from_str(json).unwrap(),
    }
}

#[test]
fn every_scalar_and_document_is_read_as_kubectl_reads_it() {
    assert!(SCALARS.len() + DOCUMENTS.len() > 250);
    for (text, expected) in SCALARS.iter().chain(DOCUMENTS) {
        let read = read(text);
        match expected {
            Some(json) => assert_eq!(read, Ok(parse_json(json)), "{text:?}"),
            None => assert!(read.is_err(), "{text:?} is {read:?}"),
        }
    }
}

#[test]
fn the_known_differences_to_kubectl_are_these() {
    for (text, expected) in LAXER {
        assert_eq!(*expected, None);
        assert!(read(text).is_ok(), "{text:?}");
    }
    for (text, expected) in STRICTER {
        assert!(expected.is_some());
        assert!(read(text).is_err(), "{text:?}");
    }
    for (text, expected) in DIFFERENT {
        let expected = parse_json(expected.unwrap());
        let read = read(text).unwrap();
        assert_ne!(read, expected, "{text:?}");
    }
}

#[test]
fn of_a_key_given_twice_the_last_holds_and_a_remark_says_so() {
    let (value, remarks) = read_with_remarks("a: 1\nb:\n  c: 2\n  'c': 3\na: 4\n");
    assert_eq!(value, Ok(serde_json::json!({"a": 4, "b": {"c": 3}})));
    let offsets: Vec<_> = remarks.iter().map(|remark| remark.offset).collect();
    assert_eq!(offsets, [17, 24]);
    assert!(remarks[1].message.contains("`a`"), "{remarks:?}");
}

#[test]
fn keys_that_a_merge_brings_are_not_given_twice() {
    let (value, remarks) =
        read_with_remarks("x: &x {a: 1, b: 1}\nz: {a: 0, <<: *x, b: 2, c: 3, c: 4}\n");
    assert_eq!(
        value.unwrap()["z"],
        serde_json::json!({"a": 1, "b": 2, "c": 4})
    );
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    assert!(remarks[0].message.contains("`c`"), "{remarks:?}");
}

#[test]
fn a_key_given_twice_is_remarked_on_where_it_stands_and_not_where_it_is_referred_to() {
    let (_, remarks) = read_with_remarks("a: &a {b: 1, b: 2}\nc: *a\nd: *a\n");
    assert_eq!(remarks.len(), 1, "{remarks:?}");
}

#[test]
fn merges_are_looked_through_up_to_a_bound() {
    for (levels, found) in [(50, true), (200, false)] {
        let mut text = "a0: &a0 {kind: X}\n".to_owned();
        for level in 1..levels {
            let _ = writeln!(text, "a{level}: &a{level} {{<<: *a{}}}", level - 1);
        }
        let _ = writeln!(text, "<<: *a{}", levels - 1);
        let source = Source::new("test", text.clone().into());
        let tree = parser::parse(&text, 0).unwrap().unwrap();
        let text = Text {
            tree: &tree,
            source: &source,
        };
        assert_eq!(
            text.find(0, "kind", false, &mut AliasBudget::of_source(0))
                .is_ok_and(|entry| entry.is_some()),
            found
        );
    }
}

#[test]
fn remarks_on_one_object_are_bounded() {
    let text = "a: 1\n".repeat(1_000);
    let (_, remarks) = read_with_remarks(&text);
    assert_eq!(remarks.len(), 21);
}

#[test]
fn faults_are_told_with_their_place() {
    let cases: &[(&str, usize, ParseErrorKind)] = &[
        ("a: {{ x }}", 4, ParseErrorKind::KeyIsNoScalar),
        ("a: 1\n? [b]\n: c", 7, ParseErrorKind::KeyIsNoScalar),
        ("a: b\n~: c", 5, ParseErrorKind::KeyIsNull),
        ("a: .inf", 3, ParseErrorKind::NotFinite),
        ("a: &x [b, *x]", 10, ParseErrorKind::SelfReference),
        (
            "a: *x.com",
            3,
            ParseErrorKind::UnknownAnchor("x.com".to_owned()),
        ),
        ("é: \u{1}", 4, ParseErrorKind::ControlCharacter(1)),
        ("a: \0", 3, ParseErrorKind::Nul),
        ("a: \u{9f}", 3, ParseErrorKind::ControlCharacter(0x9f)),
        ("a: b\n<<: c", 9, ParseErrorKind::MergeOfNoMapping),
        ("a: b\n---\nc: d", 5, ParseErrorKind::SecondDocument),
    ];
    for (text, offset, kind) in cases {
        let expected = ParseError::new(*offset, kind.clone());
        assert_eq!(read(text), Err(expected), "{text:?}");
    }
}

#[test]
fn the_place_of_a_syntax_error_is_inside_the_text() {
    for (text, offset) in [
        ("a: [b", 3),
        ("a: 'b\n\n\n", 5),
        ("a:\n  b: c\n d: e\n", 11),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.offset, offset, "{text:?}: {error}");
    }
}

#[test]
fn what_aliases_stand_for_is_bounded_by_the_length_of_the_text() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        let _ = writeln!(bomb, "a{level}: &a{level} [{below}]");
    }
    let text = format!(
        "a: &a '{}'\nb: [{}]\n",
        "x".repeat(50_000),
        "*a, ".repeat(50_000)
    );
    let merges = format!("a: &a {{{}}}\n<<: [{}]\n", keys(5_000), "*a, ".repeat(900));
    for text in [bomb, text, merges] {
        assert_eq!(
            read(&text).unwrap_err().kind,
            ParseErrorKind::ExcessiveAliasing
        );
    }
    let honest = format!("a: &a {{{}}}\nb: [{}]\n", keys(100), "*a, ".repeat(50));
    assert!(read(&honest).is_ok());
}

fn keys(count: usize) -> String {
    let keys: Vec<String> = (0..count).map(|n| format!("k{n}: v, ")).collect();
    keys.concat()
}
