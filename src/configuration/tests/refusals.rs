//! What is refused, where, and what is said. Bodies begin on line 3, behind `apiVersion` and `kind`.

use super::bad_bodies::{
    BAD_VALUES, CONTRADICTIONS, Case, EMPTY_LISTS, MISSING, Schema, UNKNOWN_KEYS, UNKNOWN_WORDS,
    WITHOUT_EFFECT, WRONG_TYPES,
};
use super::schema::{validator, value};
use super::{HEAD, read_body, read_text, shown};

fn check(cases: &[Case]) {
    let validator = validator();
    for (body, schema, expected) in cases {
        let reading = read_body(body);
        let found = shown(&reading.problems);
        assert_eq!(found.len(), expected.len(), "{body}{found:#?}");
        for (found, (place, part)) in found.iter().zip(*expected) {
            assert!(
                found.starts_with(&format!("{place} ")),
                "{body}at {place}: {found}"
            );
            assert!(found.contains(part), "{body}{part:?}: {found}");
        }
        assert!(reading.configuration.is_none(), "{body}");
        let refuses = !validator.is_valid(&value(&format!("{HEAD}{body}")));
        assert_eq!(refuses, *schema == Schema::Refuses, "{body}");
    }
}

#[test]
fn settings_that_can_have_no_effect() {
    check(WITHOUT_EFFECT);
}

#[test]
fn unknown_keys_are_refused_with_a_suggestion() {
    check(UNKNOWN_KEYS);
}

#[test]
fn wrong_types_are_refused() {
    check(WRONG_TYPES);
}

#[test]
fn unknown_words_are_refused_with_those_that_are_known() {
    check(UNKNOWN_WORDS);
}

#[test]
fn values_that_are_none_are_refused() {
    check(BAD_VALUES);
}

#[test]
fn lists_that_would_switch_a_rule_off_by_being_empty_are_refused() {
    check(EMPTY_LISTS);
}

#[test]
fn what_is_mandatory_is_missed() {
    check(MISSING);
}

#[test]
fn contradictions_are_refused() {
    check(CONTRADICTIONS);
}

#[test]
fn everything_is_told_in_one_run() {
    let sections = [
        "mode: block\n",
        "likely: maybe\n",
        "ratchet: {enabled: 1, until: never}\n",
        "rules: {L7G001: stop, nothing: warn}\n",
        "aws: {ingressControllers: [], gatewayControllers: [x]}\n",
        "istio: {kinds: []}\n",
        "exemptions:\n  - {name: a, reasn: b, owner: c, expires: 2020-01-01, match: {kinds: [Pod], rules: [x]}}\n",
    ];
    let reading = read_body(&sections.concat());
    let places = reading.problems.iter().map(|problem| {
        let place = problem.place;
        (place.line, place.column)
    });
    let expected = [
        (3, 7),
        (4, 9),
        (5, 20),
        (5, 30),
        (6, 17),
        (6, 23),
        (7, 27),
        (7, 52),
        (8, 9),
        (10, 5),
        (10, 15),
        (10, 44),
        (10, 72),
        (10, 86),
    ];
    assert_eq!(
        places.collect::<Vec<_>>(),
        expected,
        "{:#?}",
        shown(&reading.problems)
    );
}

#[test]
fn a_document_of_another_kind_or_version_is_refused_without_a_word_about_its_keys() {
    for (text, expected) in [
        (
            "apiVersion: l7guard/v2\nkind: Configuration\nmood: 1\n",
            "1:13 apiVersion \"l7guard/v2\" is unknown; this program knows l7guard/v1",
        ),
        (
            "apiVersion: l7guard/v1\nkind: Config\nmood: 1\n",
            "2:7 kind \"Config\" is unknown; a configuration is of kind Configuration",
        ),
    ] {
        assert_eq!(shown(&read_text(text).problems), [expected]);
    }
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n  - {}",
        HEAD.replace('\n', "\n    ")
    );
    assert_eq!(read_text(&list).problems.len(), 2);
    let deployment = read_text("apiVersion: apps/v1\nkind: Deployment\nspec: {}\n");
    assert_eq!(deployment.problems.len(), 2);
    assert!(deployment.configuration.is_none());
}

#[test]
fn a_file_that_holds_no_configuration_is_refused() {
    for (text, expected) in [
        (
            "",
            "1:1 nothing stands here; a configuration begins with `apiVersion: l7guard/v1` and `kind: Configuration`",
        ),
        ("# nothing\n---\n", "1:1 nothing stands here"),
        (
            "mode: warn\n",
            "1:1 no configuration, which begins with `apiVersion: l7guard/v1` and `kind: Configuration`",
        ),
        (
            "kind: Configuration\nmode: warn\n",
            "1:1 no configuration, which begins with",
        ),
        ("- a\n", "1:1 no configuration, which begins with"),
        (
            "mode: {{ .Values.mode }}\n",
            "1:7 no configuration, which begins with",
        ),
        ("mode: [\n", "1:"),
        ("mode: \"\u{fffe}", "1:"),
    ] {
        let reading = read_text(text);
        let found = shown(&reading.problems);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(expected), "{text}: {found:?}");
        assert!(reading.configuration.is_none());
    }
}

#[test]
fn a_second_document_is_refused_whatever_it_is() {
    for (second, place) in [
        (
            "apiVersion: l7guard/v1\nkind: Configuration\n",
            "4:1 a second document",
        ),
        ("apiVersion: v1\nkind: Service\n", "4:1 a second document"),
        ("mode: warn\n", "4:1 no `apiVersion` and `kind`"),
        ("- ]\n", "4:"),
    ] {
        let reading = read_text(&format!("{HEAD}---\n{second}"));
        let found = shown(&reading.problems);
        assert_eq!(found.len(), 1, "{second}: {found:?}");
        assert!(found[0].starts_with(place), "{second}: {found:?}");
        assert!(reading.configuration.is_none(), "{second}");
    }
}

#[test]
fn pointers_escape_what_has_a_meaning_in_them() {
    let reading = read_body("aws: {\"a/b~c\": 1}\n");
    assert_eq!(reading.problems[0].pointer, "/aws/a~1b~0c");
    assert_eq!(shown(&reading.problems)[0].split(' ').next(), Some("3:7"));
}
