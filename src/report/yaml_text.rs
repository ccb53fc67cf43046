//! Values as YAML to read and to paste. Nothing but ASCII stands there as it is: what is shown holds no character that
//! hides, and is still read as the very text.

use std::fmt::Write as _;

use serde_json::Value;

use crate::visible_text::begins_command;

/// Lines of YAML, each indented by so many spaces. An empty mapping or list stands in brackets.
pub(super) fn write(value: &Value, indent: usize, lines: &mut String) {
    let space = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let _ = write!(lines, "{space}{}:", scalar(key));
                nested(value, indent, lines);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for element in elements {
                let mut text = String::new();
                write(element, indent + 2, &mut text);
                let text = text.get(indent + 2..).unwrap_or_default();
                let _ = write!(lines, "{space}- {text}");
            }
        }
        other => {
            let _ = writeln!(lines, "{space}{}", inline(other));
        }
    }
}

fn nested(value: &Value, indent: usize, lines: &mut String) {
    let is_block = match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        _ => false,
    };
    if is_block {
        lines.push('\n');
        write(value, indent + 2, lines);
    } else {
        let _ = writeln!(lines, " {}", inline(value));
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// What YAML 1.1 takes for a truth value or for nothing, in any case.
const NO_STRINGS: [&str; 9] = ["y", "yes", "n", "no", "true", "false", "on", "off", "null"];

/// A text as YAML: in quotes where it would be read as anything but that text. What begins with a letter and goes on as
/// names do is no number, date or other thing.
fn scalar(text: &str) -> String {
    let is_name = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_./".contains(character));
    let is_something_else = NO_STRINGS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(text));
    if is_name && !is_something_else {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text in YAML's double quotes, which read JSON's escapes.
fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for (at, character) in json.char_indices() {
        match u32::from(character) {
            code if begins_command(&json[at..]) => {
                let _ = write!(quoted, "\\u{code:04x}");
            }
            0x20..=0x7e => quoted.push(character),
            // Writing to a String cannot fail.
            code @ ..=0xffff => {
                let _ = write!(quoted, "\\u{code:04x}");
            }
            code => {
                let _ = write!(quoted, "\\U{code:08x}");
            }
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_stand_as_they_are_and_what_yaml_would_misread_stands_in_quotes() {
        for name in [
            "istio-ingressgateway",
            "app.kubernetes.io/name",
            "e3",
            "nope",
        ] {
            assert_eq!(scalar(name), name);
        }
        for other in [
            "",
            "on",
            "Null",
            "1e3",
            "2026-01-01",
            "-",
            "a: b",
            "a\nb",
            "{{ x }}",
        ] {
            assert_eq!(scalar(other), Value::from(other).to_string());
        }
    }

    #[test]
    fn what_is_no_ascii_is_escaped_as_yaml_reads_it() {
        assert_eq!(
            scalar("\u{202e}é\u{7f}\u{e0041}\n"),
            r#""\u202e\u00e9\u007f\U000e0041\n""#
        );
        assert_eq!(scalar("##[x]"), r#""\u0023#[x]""#);
    }

    #[test]
    fn lists_and_mappings_are_indented_below_their_keys() {
        let mut lines = String::new();
        let value = json!({"ports": [{"name": "http2", "port": 80}], "none": {}, "gone": null});
        write(&value, 0, &mut lines);
        assert_eq!(
            lines,
            "gone: null\nnone: {}\nports:\n  - name: http2\n    port: 80\n"
        );
    }
}
