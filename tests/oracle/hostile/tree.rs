//! What is done to an action before it is written.

use crate::action::{FIELDS, any_value, value_of};
use crate::random::Random;
use crate::text::{Member, Node, Spelled};

use super::Hostility::{self, self as H};

/// Does one such thing.
pub(super) fn change_tree(hostility: Hostility, tree: &mut Node, random: &mut Random) {
    match hostility {
        H::KeyInOtherCase => respell_key(tree, random, other_case),
        H::KeyThatFolds => respell_key(tree, random, folding),
        H::KeyThatLooksAlike => respell_key(tree, random, looking_alike),
        H::RepeatedKey => repeat_key(tree, random),
        H::RepeatedArray => repeat_array(tree, random),
        H::Escapes => respell_strings(tree, random),
        H::LoneSurrogate => spoil_string(tree, random, LONE_SURROGATES),
        H::InvalidUtf8 => spoil_string(tree, random, INVALID_UTF8),
        H::Null => put_null(tree, random),
        H::WrongType => *any_node(tree, random) = any_value(random, 2),
        H::NumberAtALimit => put_number(tree, random),
        H::UnknownField => {
            let name = random.one_of(&["x", "order", "serviceNamespace", "", "kind", "Typ\u{435}"]);
            let value = any_value(random, 4);
            put_member(tree, random, |_| Member::new(name, value));
        }
        H::MissingField => {
            if let Some((members, _)) = any_object(tree, random)
                && !members.is_empty()
            {
                members.remove(random.below(members.len()));
            }
        }
        _ => {}
    }
}

fn any_object<'t>(tree: &'t mut Node, random: &mut Random) -> Option<(&'t mut Vec<Member>, usize)> {
    let count = tree.count_objects();
    if count == 0 {
        return None;
    }
    tree.object_at(&mut random.below(count), 1)
}

fn any_node<'t>(tree: &'t mut Node, random: &mut Random) -> &'t mut Node {
    let mut index = random.below(tree.count_values());
    tree.value_at(&mut index)
        .expect("the index is below the count")
}

/// Puts a member somewhere into some object.
fn put_member(tree: &mut Node, random: &mut Random, make: impl FnOnce(&mut Random) -> Member) {
    if let Some((members, _)) = any_object(tree, random) {
        let at = random.below(members.len() + 1);
        members.insert(at, make(random));
    }
}

fn respell_key(tree: &mut Node, random: &mut Random, spell: fn(&str, &mut Random) -> String) {
    if let Some((members, _)) = any_object(tree, random)
        && !members.is_empty()
    {
        let at = random.below(members.len());
        let spelled = spell(&members[at].key.text, random);
        let escapes = random.one_of(&[0, 0, 50]);
        members[at].key = Spelled::escaped(&spelled, |random| random.percent(escapes), random);
    }
}

fn other_case(name: &str, random: &mut Random) -> String {
    name.chars()
        .map(|character| match random.below(2) {
            0 => character.to_ascii_uppercase(),
            _ => character.to_ascii_lowercase(),
        })
        .collect()
}

fn folding(name: &str, random: &mut Random) -> String {
    name.chars()
        .map(|character| match character {
            's' | 'S' if random.percent(70) => '\u{17f}',
            'k' | 'K' if random.percent(70) => '\u{212a}',
            other => other,
        })
        .collect()
}

/// With a character that is no letter of the name in any case.
fn looking_alike(name: &str, random: &mut Random) -> String {
    let (from, to) = random.one_of(&[
        ("i", "\u{131}"),
        ("I", "\u{130}"),
        ("s", "\u{df}"),
        ("S", "\u{1e9e}"),
        ("e", "\u{435}"),
        ("t", "\u{ff54}"),
        ("a", "a\u{301}"),
        ("A", "\u{c5}"),
        ("A", "\u{212b}"),
        ("p", "\u{200b}p"),
        ("N", "\u{fffd}"),
        ("k", "\u{3ba}"),
        ("s", "\u{17f}\u{17f}"),
    ]);
    name.replacen(from, to, 1)
}

fn repeat_key(tree: &mut Node, random: &mut Random) {
    let Some((members, _)) = any_object(tree, random) else {
        return;
    };
    if members.is_empty() {
        return;
    }
    let name = members[random.below(members.len())].key.text.clone();
    let spelled = match random.below(3) {
        0 => name.clone(),
        1 => other_case(&name, random),
        _ => folding(&name, random),
    };
    let canonical = FIELDS
        .iter()
        .find(|field| field.eq_ignore_ascii_case(&name))
        .copied()
        .unwrap_or(&name);
    let value = value_of(canonical, random);
    let at = random.below(members.len() + 1);
    members.insert(at, Member::new(&spelled, value));
}

/// Gives `targetGroups` again, a few times, shorter or longer or with half of what it needs.
fn repeat_array(tree: &mut Node, random: &mut Random) {
    let Node::Object(members) = tree else { return };
    for _ in 0..=random.below(3) {
        let key = random.one_of(&["forwardConfig", "ForwardConfig"]);
        let value = if random.percent(5) {
            Node::raw("null")
        } else {
            let inner = random.one_of(&["targetGroups", "TargetGroups"]);
            Node::object([(inner, part_of_target_groups(random))])
        };
        let existing = members
            .iter_mut()
            .rfind(|m| m.key.text.eq_ignore_ascii_case("forwardConfig"));
        match (existing, value) {
            (
                Some(Member {
                    value: Node::Object(inner),
                    ..
                }),
                Node::Object(more),
            ) if random.percent(40) => {
                inner.extend(more);
            }
            (_, value) => members.push(Member::new(key, value)),
        }
    }
}

fn part_of_target_groups(random: &mut Random) -> Node {
    match random.below(12) {
        0 => Node::raw("null"),
        1 => Node::Array(Vec::new()),
        2..=4 => value_of("targetGroups", random),
        _ => Node::Array(
            (0..=random.below(6))
                .map(|_| match random.below(6) {
                    0 => Node::raw("null"),
                    1 => Node::object([("weight", value_of("weight", random))]),
                    2 => Node::object([("serviceName", value_of("serviceName", random))]),
                    _ => Node::Object(Vec::new()),
                })
                .collect(),
        ),
    }
}

fn respell_strings(tree: &mut Node, random: &mut Random) {
    let share = random.one_of(&[10, 50, 100]);
    match tree {
        Node::Raw(_) => {}
        Node::Text(spelled) => {
            *spelled = Spelled::escaped(&spelled.text, |random| random.percent(share), random);
        }
        Node::Array(elements) => {
            for element in elements {
                respell_strings(element, random);
            }
        }
        Node::Object(members) => {
            for Member { key, value } in members {
                *key = Spelled::escaped(&key.text, |random| random.percent(share), random);
                respell_strings(value, random);
            }
        }
    }
}

const LONE_SURROGATES: &[&[u8]] = &[
    br"\ud800",
    br"\uDFFF",
    br"\ud83d\ud83d\ude00",
    br"\ude00\ud83d",
    br"\uD83D\u0041",
    br"\ud83d\n",
    br"\udbff\udbff",
    b"\\ud83d\xf0\x9f\x98\x80",
];

const INVALID_UTF8: &[&[u8]] = &[
    b"\xff",
    b"\x80",
    b"\xc3",
    b"\xc0\xaf",
    b"\xe2\x82",
    b"\xe2\x28\xa1",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xf0\x9f\\n\x98\x80",
];

/// Puts one of these into a string, seldom into a key.
fn spoil_string(tree: &mut Node, random: &mut Random, with: &[&[u8]]) {
    let bytes = random.one_of(with);
    let at_end = random.percent(50);
    if random.percent(20) {
        if let Some((members, _)) = any_object(tree, random)
            && !members.is_empty()
        {
            let at = random.below(members.len());
            members[at].key.insert(bytes, at_end);
        }
        return;
    }
    // Most values are strings: a few tries find one.
    for _ in 0..20 {
        if let Node::Text(spelled) = any_node(tree, random)
            && !FIXED_VALUES.contains(&&*spelled.text)
        {
            spelled.insert(bytes, at_end);
            return;
        }
    }
}

/// Values that mean nothing any more when they are spoiled.
const FIXED_VALUES: &[&str] = &["forward", "redirect", "fixed-response"];

fn put_null(tree: &mut Node, random: &mut Random) {
    if random.percent(40) {
        *any_node(tree, random) = Node::raw("null");
    } else if let Some((members, _)) = any_object(tree, random)
        && !members.is_empty()
    {
        let name = members[random.below(members.len())].key.text.clone();
        let at = random.below(members.len() + 1);
        members.insert(
            at,
            Member::new(&other_case(&name, random), Node::raw("null")),
        );
    }
}

fn put_number(tree: &mut Node, random: &mut Random) {
    let number = random.one_of(&[
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "4294967296",
        "9223372036854775808",
        "99999999999999999999999999",
        "0",
        "-0",
        "1.0",
        "-0.0",
        "1e0",
        "1E2",
        "1e-3",
        "0.5",
        "1e999",
        r#""2147483647""#,
        r#""2147483648""#,
        r#""-2147483648""#,
        r#""-2147483649""#,
        r#""+2147483647""#,
        r#""-0""#,
        r#""000000000000000080""#,
        r#""0x50""#,
        r#""8_0""#,
        r#""--1""#,
        r#""+""#,
        r#""1e2""#,
        "\"\u{663}\"",
    ]);
    let field = random.one_of(&["weight", "servicePort", "servicePort", "durationSeconds"]);
    put_member(tree, random, |_| Member::new(field, Node::raw(number)));
}

/// Puts a value into some object so that the whole is so many levels deep.
pub(super) fn nest(levels: usize, tree: &mut Node, random: &mut Random) {
    let (open, close) = random.one_of(&[
        ("[", "]"),
        ("{\"x\":", "}"),
        ("{\"forwardConfig\":", "}"),
        ("[ ", "\n]"),
    ]);
    let nested = |levels: usize| {
        let inside = if open.starts_with('{') { "0" } else { "" };
        Node::raw(format!(
            "{}{inside}{}",
            open.repeat(levels),
            close.repeat(levels)
        ))
    };
    let key = random.one_of(&["x", "x", "x", "forwardConfig", "serviceName"]);
    match any_object(tree, random) {
        Some((members, level)) if random.percent(90) => {
            let at = random.below(members.len() + 1);
            members.insert(at, Member::new(key, nested(levels - level)));
        }
        _ => *tree = nested(levels),
    }
}
