//! What is done to an action to make a decoder stumble.

mod bytes;
mod tree;

use crate::action::action;
use crate::random::Random;

use bytes::change_text;
use tree::{change_tree, nest};

/// One way of being hostile. An input may show several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hostility {
    KeyInOtherCase,
    KeyThatFolds,
    KeyThatLooksAlike,
    RepeatedKey,
    RepeatedArray,
    Escapes,
    LoneSurrogate,
    InvalidUtf8,
    Null,
    WrongType,
    NumberAtALimit,
    UnknownField,
    MissingField,
    Space,
    Levels9999,
    Levels10000,
    Levels10001,
    ControlCharacter,
    ForeignSpace,
    SlipOfSyntax,
    Truncated,
    TrailingData,
    ByteOrderMark,
    Noise,
    NoActionAtAll,
}

use Hostility as H;

/// Done to the action before it is written. Those that leave it valid come more often.
const TO_THE_TREE: &[Hostility] = &[
    H::KeyInOtherCase,
    H::KeyInOtherCase,
    H::KeyThatFolds,
    H::KeyThatFolds,
    H::KeyThatLooksAlike,
    H::RepeatedKey,
    H::RepeatedKey,
    H::RepeatedKey,
    H::RepeatedArray,
    H::RepeatedArray,
    H::Escapes,
    H::Escapes,
    H::LoneSurrogate,
    H::InvalidUtf8,
    H::Null,
    H::WrongType,
    H::NumberAtALimit,
    H::UnknownField,
    H::MissingField,
    H::Space,
];

/// Done to the written text.
const TO_THE_TEXT: &[Hostility] = &[
    H::ControlCharacter,
    H::ForeignSpace,
    H::SlipOfSyntax,
    H::Truncated,
    H::TrailingData,
    H::ByteOrderMark,
    H::Noise,
    H::NoActionAtAll,
];

const DEEP: &[(Hostility, usize)] = &[
    (H::Levels9999, 9_999),
    (H::Levels10000, 10_000),
    (H::Levels10001, 10_001),
];

/// Every one that there is.
pub(crate) fn all() -> impl Iterator<Item = Hostility> {
    let mut all: Vec<Hostility> = [TO_THE_TREE, TO_THE_TEXT].concat();
    all.extend(DEEP.iter().map(|(hostility, _)| *hostility));
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

/// A text, and what was done to it.
pub(crate) struct Input {
    pub(crate) text: Vec<u8>,
    pub(crate) hostilities: Vec<Hostility>,
}

/// Makes an input.
pub(crate) fn input(random: &mut Random) -> Input {
    let mut tree = action(random);
    let mut hostilities = Vec::new();
    for _ in 0..random.below(5) {
        let hostility = random.one_of(TO_THE_TREE);
        change_tree(hostility, &mut tree, random);
        hostilities.push(hostility);
    }
    if random.below(1000) < 6 {
        let (hostility, levels) = random.one_of(DEEP);
        nest(levels, &mut tree, random);
        hostilities.push(hostility);
    }
    let mut text = Vec::new();
    let spaces = if hostilities.contains(&H::Space) {
        30
    } else {
        0
    };
    tree.write(random, spaces, &mut text);
    if random.percent(20) {
        let hostility = random.one_of(TO_THE_TEXT);
        change_text(hostility, &mut text, random);
        hostilities.push(hostility);
    }
    hostilities.sort_unstable();
    hostilities.dedup();
    Input { text, hostilities }
}
