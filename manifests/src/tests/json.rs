//! JSON, in streams and in pieces.

use serde_json::json;

use super::{assert_only_error, assert_only_note, assert_silent, errors, load_text, names};

#[test]
fn json_comes_as_one_object_or_as_many() {
    let object = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"\u0061"},"n":[1,1.0,1e3,-1,true,null]}"#;
    let pretty = serde_json::to_string_pretty(&object_value(object)).unwrap();
    for (text, count) in [
        (object.to_owned(), 1),
        (format!("{object}{object}"), 2),
        (format!("{object}\n{object}\n\n"), 2),
        (format!("{pretty}\r\n{pretty}\n{object}"), 3),
        (format!("  \n{object} \t{pretty}"), 2),
        (format!("\u{FEFF}{object}"), 1),
        (format!("{object}\n---\n{object}"), 2),
        (format!("[{object}, {object}]"), 2),
    ] {
        let loaded = load_text(&text);
        assert_eq!(errors(&loaded), Vec::<String>::new(), "{text}");
        assert_eq!(names(&loaded), vec!["Service/a"; count], "{text}");
        assert_eq!(loaded.objects[0].value["n"][3], json!(-1));
    }
}

fn object_value(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn an_error_in_a_json_stream_keeps_what_is_before_and_after_it() {
    let object = r#"{"apiVersion":"v1","kind":"Pod"}"#;
    let loaded = load_text(&format!("{object}\n{object}\n{{\n  \"a\": é}}\n{object}\n"));
    assert_eq!(names(&loaded).len(), 3);
    assert_only_error(&loaded, "4:8: invalid JSON: a value is missing here");
    let loaded = load_text(&format!("{{\"a\" 1}}\n{object}"));
    assert_eq!(names(&loaded).len(), 1);
    assert_only_error(&loaded, "1:6: invalid JSON: `:` is missing after the key");
    let loaded = load_text(&format!(
        "{object}\n{{\"a\":[\n{object}\n{object}\n{{\"b\":\n"
    ));
    assert_eq!(names(&loaded).len(), 3);
    assert_eq!(
        errors(&loaded),
        [
            "4:1: invalid JSON: `,` or `]` is missing here",
            "5:1: invalid JSON: `{` is never closed"
        ]
    );
    let loaded = load_text(&format!("{{\"items\":[\n{object},\n{object}\n"));
    assert_eq!(names(&loaded).len(), 2);
    assert_only_error(&loaded, "1:10: invalid JSON: `[` is never closed");
    let loaded = load_text(&format!("{object}{object}{{\"a\":1"));
    assert_eq!(names(&loaded).len(), 2);
    assert_only_error(&loaded, "1:65: invalid JSON: `{` is never closed");
}

#[test]
fn broken_json_is_explained_where_it_is_broken() {
    // After two values a stream is JSON and nothing else.
    const BEFORE: &str = "{}{}";
    for (text, column, expected) in [
        (r#"{"a":1 "b":2}"#, 8, "`,` or `}` is missing here"),
        (r#"["a" "b"]"#, 6, "`,` or `]` is missing here"),
        ("{\"a\": \"b\nc\"}", 9, "a line break or control character"),
        (r#"["a","#, 1, "`[` is never closed"),
        (r#"{"a""#, 1, "`{` is never closed"),
        (r#"[{"a":"#, 2, "`{` is never closed"),
        (r#"{"a" 1}"#, 6, "`:` is missing after the key"),
        (r#"{"a":]}"#, 6, "a value is missing here"),
        (r#"{"a":"b"#, 6, "the string is never closed"),
        (r#"{"a":"\q"}"#, 8, "invalid escape"),
        (r#"{"a":"\ud800"}"#, 13, "unexpected end of hex escape"),
        (r#"{"a":01}"#, 6, "`01` is no number"),
        (r#"{"a":-}"#, 6, "`-` is no number"),
        (r#"{"a":1e999}"#, 6, "number out of range"),
        (r#"{"a":truth}"#, 6, "`truth` is no value"),
        (r#"{"a":}"#, 6, "a value is missing here"),
        (r#"{"c":3,}"#, 8, "a `,` stands before `}`"),
        ("[3,]", 4, "a `,` stands before `]`"),
        ("[,3]", 2, "a value is missing here"),
        ("{3:4}", 2, "a key in double quotes is missing"),
        ("x", 1, "something that is neither"),
    ] {
        let loaded = load_text(&format!("{BEFORE}{text}"));
        let column = column + BEFORE.len();
        assert_only_error(&loaded, &format!("1:{column}: invalid JSON: {expected}"));
    }
}

#[test]
fn yaml_in_braces_is_yaml() {
    let loaded = load_text("{apiVersion: v1, kind: Pod, on: off, # x\n}\n");
    assert_silent(&loaded);
    assert_eq!(loaded.objects[0].value["true"], json!(false));
    let loaded = load_text("{\"apiVersion\": v1,\n kind: 'Pod'}");
    assert_silent(&loaded);
    assert_eq!(names(&loaded), ["Pod/"]);
    assert_only_error(&load_text("{a: b"), "1:1: `{` is never closed");
}

#[test]
fn keys_given_twice_in_json_are_noted() {
    let loaded = load_text(r#"{"apiVersion":"v1","kind":"A","kind":"B"}"#);
    assert_eq!(names(&loaded), ["B/"]);
    assert_only_note(&loaded, "1:31: the key `kind` is given more than once");
}
