//! What is done to the text of an action.

use crate::action::any_value;
use crate::random::Random;

use super::Hostility::{self, self as H};

/// Does one such thing.
pub(super) fn change_text(hostility: Hostility, text: &mut Vec<u8>, random: &mut Random) {
    match hostility {
        H::ControlCharacter => {
            let byte = random.one_of(b"\0\x01\x08\x0b\x1f\n\t\r\x7f");
            insert_behind(text, random, is_letter, &[byte]);
        }
        H::ForeignSpace => {
            let space = random.one_of(&[
                "\u{b}", "\u{c}", "\u{a0}", "\u{85}", "\u{2028}", "\u{3000}", "\u{feff}", "\0",
            ]);
            insert_behind(text, random, is_structure, space.as_bytes());
        }
        H::SlipOfSyntax => slip(text, random),
        H::Truncated => text.truncate(random.below(text.len())),
        H::TrailingData => {
            let more = random.one_of(&[
                "x", " {}", ",", "]", "}", "\0", "null", "//", " \n\t", "\"", "0",
            ]);
            text.extend(more.bytes());
        }
        H::ByteOrderMark => {
            let mark: &[u8] = random.one_of::<&[u8]>(&[b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"]);
            text.splice(0..0, mark.iter().copied());
        }
        H::Noise => {
            for _ in 0..=random.below(3) {
                let byte = u8::try_from(random.below(256)).expect("it is below 256");
                let at = random.below(text.len());
                match random.below(3) {
                    0 => text[at] = byte,
                    1 => text.insert(at, byte),
                    _ if text.len() > 1 => {
                        text.remove(at);
                    }
                    _ => {}
                }
            }
        }
        H::NoActionAtAll => {
            text.clear();
            match random.below(3) {
                0 => any_value(random, 3).write(random, 10, text),
                1 => text.extend(random.one_of::<&[u8]>(&[
                    b"",
                    b" ",
                    b"null",
                    b"{}",
                    b"[{}]",
                    b"-",
                    b"\"",
                    b"forward",
                    b"{\"type\"",
                    b"nul",
                    b"{\"type\":\"forward\"}",
                ])),
                _ => text.extend(
                    (0..random.below(12)).map(|_| random.one_of(b"{}[]\",:\\ue019-+.Etrflsn \n")),
                ),
            }
        }
        _ => {}
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_structure(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':')
}

/// Where a byte of a kind stands.
fn place_of(text: &[u8], random: &mut Random, kind: fn(u8) -> bool) -> Option<usize> {
    let start = random.below(text.len().max(1));
    let found = |range: &[u8]| range.iter().position(|byte| kind(*byte));
    found(&text[start..])
        .map(|at| start + at)
        .or_else(|| found(text))
}

fn insert_behind(text: &mut Vec<u8>, random: &mut Random, kind: fn(u8) -> bool, bytes: &[u8]) {
    if let Some(at) = place_of(text, random, kind) {
        let behind = at + 1;
        text.splice(behind..behind, bytes.iter().copied());
    }
}

fn slip(text: &mut Vec<u8>, random: &mut Random) {
    let kind = if random.percent(20) {
        |byte: u8| byte == b'"'
    } else {
        is_structure
    };
    let Some(at) = place_of(text, random, kind) else {
        return;
    };
    let instead: &[u8] = match random.below(4) {
        0 => b"",
        1 => random.one_of::<&[u8]>(&[b",", b":", b"'", b"{", b"]", b"\\"]),
        2 => random.one_of::<&[u8]>(&[b",,", b"[,", b"{,", b"::", b",}", b",]"]),
        _ => {
            let more: &[u8] = random.one_of::<&[u8]>(&[
                b"/* c */",
                b"// c\n",
                b"NaN",
                b"Infinity",
                b"True",
                b"01",
                b"+1",
                b".5",
                b"1.",
                b"1e",
                b"0x1",
                b"-",
                b"nulL",
                b"undefined",
                b"\"\\x\"",
                b"\"\\u12g4\"",
                b"\"\\'\"",
            ]);
            let behind = at + 1;
            text.splice(behind..behind, more.iter().copied());
            return;
        }
    };
    text.splice(at..=at, instead.iter().copied());
}
