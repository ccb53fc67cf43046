//! The decoder of `actions.*` annotations: it agrees with itself, with a JSON parser on what is JSON, and blanks and
//! unknown members mean nothing to it.

use l7guard_policy::actions::{self, Action, UnreadableAction, types};
use serde::de::IgnoredAny;

/// Tries all that is said here of the decoder on `input`.
///
/// # Panics
///
/// Something of it does not hold.
pub fn holds(input: &[u8]) {
    let read = types::Action::read(input);
    assert_eq!(read, types::Action::read(input));
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let action = actions::read(text);
    assert_eq!(action, read.as_ref().map(Action::of).map_err(Clone::clone));
    if let Err(error) = &action {
        assert!(!error.to_string().contains('\n'), "{error:?}");
    }
    let is_json = !matches!(action, Err(UnreadableAction::Syntax(_)));
    agrees_with_a_parser(text, is_json);
    if is_json {
        let spaced = spaced(text);
        same_meaning(&action, &actions::read(&spaced), &spaced);
        if let Some(extended) = with_unknown_member(text) {
            same_meaning(&action, &actions::read(&extended), &extended);
        }
    }
}

/// What is JSON is decided as by `serde_json`, up to the depth that it reads.
fn agrees_with_a_parser(text: &str, is_json: bool) {
    let brackets = text.bytes().filter(|byte| matches!(byte, b'{' | b'['));
    if brackets.count() > 100 {
        return;
    }
    let parsed: Result<IgnoredAny, _> = serde_json::from_str(text);
    assert_eq!(is_json, parsed.is_ok(), "{parsed:?}");
}

fn same_meaning(
    one: &Result<Action, UnreadableAction>,
    other: &Result<Action, UnreadableAction>,
    text: &str,
) {
    match (one, other) {
        (Ok(one), Ok(other)) => assert_eq!(one, other, "{text}"),
        (Err(UnreadableAction::Type(_)), Err(UnreadableAction::Type(_))) => {}
        (Err(one), Err(other)) => assert_eq!(one, other, "{text}"),
        _ => assert_eq!(one, other, "{text}"),
    }
}

/// The same JSON with blanks wherever they may be.
fn spaced(json: &str) -> String {
    let mut spaced = String::from("\r\n ");
    let (mut is_string, mut is_escaped) = (false, false);
    for character in json.chars() {
        let is_structure = !is_string && "{}[],:".contains(character);
        if is_structure {
            spaced.push_str(" \t");
        }
        spaced.push(character);
        if is_structure {
            spaced.push('\n');
        }
        if is_string {
            is_string = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
        } else {
            is_string = character == '"';
        }
    }
    spaced
}

/// The same object with a member that no field matches; `None` for what is no object, or an empty one.
fn with_unknown_member(json: &str) -> Option<String> {
    let members = json
        .trim_start_matches([' ', '\t', '\r', '\n'])
        .strip_prefix('{')?;
    let is_empty = members
        .trim_start_matches([' ', '\t', '\r', '\n'])
        .starts_with('}');
    (!is_empty)
        .then(|| format!(r#"{{"type of nothing":[{{"type":null}},-0.5e+9,"\uD800"],{members}"#))
}
