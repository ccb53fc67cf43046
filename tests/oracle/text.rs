//! JSON as it is written rather than as what it means: keys may repeat, strings may be spelled in any way.

use crate::random::Random;

/// A piece of JSON text.
#[derive(Clone)]
pub(crate) enum Node {
    /// A number, `true`, `false` or `null`; also what is no JSON at all.
    Raw(Vec<u8>),
    Text(Spelled),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A string and how it is written, quotes included.
#[derive(Clone)]
pub(crate) struct Spelled {
    pub(crate) text: String,
    pub(crate) written: Vec<u8>,
}

/// A member of an object.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) key: Spelled,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn raw(text: impl Into<Vec<u8>>) -> Self {
        Self::Raw(text.into())
    }

    pub(crate) fn text(text: &str) -> Self {
        Self::Text(Spelled::plain(text))
    }

    pub(crate) fn object<const N: usize>(members: [(&str, Node); N]) -> Self {
        Self::Object(
            members
                .into_iter()
                .map(|(key, value)| Member::new(key, value))
                .collect(),
        )
    }

    pub(crate) fn count_values(&self) -> usize {
        1 + match self {
            Self::Raw(_) | Self::Text(_) => 0,
            Self::Array(elements) => elements.iter().map(Self::count_values).sum(),
            Self::Object(members) => members.iter().map(|m| m.value.count_values()).sum(),
        }
    }

    /// The value that is met as the `index`th when the text is read, counting down.
    pub(crate) fn value_at(&mut self, index: &mut usize) -> Option<&mut Node> {
        if *index == 0 {
            return Some(self);
        }
        *index -= 1;
        match self {
            Self::Raw(_) | Self::Text(_) => None,
            Self::Array(elements) => elements.iter_mut().find_map(|e| e.value_at(index)),
            Self::Object(members) => members.iter_mut().find_map(|m| m.value.value_at(index)),
        }
    }

    pub(crate) fn count_objects(&self) -> usize {
        match self {
            Self::Raw(_) | Self::Text(_) => 0,
            Self::Array(elements) => elements.iter().map(Self::count_objects).sum(),
            Self::Object(members) => {
                1 + members
                    .iter()
                    .map(|m| m.value.count_objects())
                    .sum::<usize>()
            }
        }
    }

    /// The members of the object that is met as the `index`th, counting down, and at which level it is.
    pub(crate) fn object_at(
        &mut self,
        index: &mut usize,
        level: usize,
    ) -> Option<(&mut Vec<Member>, usize)> {
        match self {
            Self::Raw(_) | Self::Text(_) => None,
            Self::Array(elements) => elements
                .iter_mut()
                .find_map(|e| e.object_at(index, level + 1)),
            Self::Object(members) => {
                if *index == 0 {
                    return Some((members, level));
                }
                *index -= 1;
                members
                    .iter_mut()
                    .find_map(|m| m.value.object_at(index, level + 1))
            }
        }
    }

    /// Writes it, with spaces between tokens in so many of a hundred places.
    pub(crate) fn write(&self, random: &mut Random, spaces: usize, out: &mut Vec<u8>) {
        space(random, spaces, out);
        match self {
            Self::Raw(written) => out.extend(written),
            Self::Text(spelled) => out.extend(&spelled.written),
            Self::Array(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.write(random, spaces, out);
                }
                space(random, spaces, out);
                out.push(b']');
            }
            Self::Object(members) => {
                out.push(b'{');
                for (index, member) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    space(random, spaces, out);
                    out.extend(&member.key.written);
                    space(random, spaces, out);
                    out.push(b':');
                    member.value.write(random, spaces, out);
                }
                space(random, spaces, out);
                out.push(b'}');
            }
        }
        space(random, spaces, out);
    }
}

impl Member {
    pub(crate) fn new(key: &str, value: Node) -> Self {
        Self {
            key: Spelled::plain(key),
            value,
        }
    }
}

impl Spelled {
    /// With the escapes that have to be.
    pub(crate) fn plain(text: &str) -> Self {
        Self::escaped(text, |_| false, &mut Random::new(0))
    }

    /// With every character escaped that is wanted so.
    pub(crate) fn escaped(
        text: &str,
        mut wanted: impl FnMut(&mut Random) -> bool,
        random: &mut Random,
    ) -> Self {
        let mut written = vec![b'"'];
        for character in text.chars() {
            let must = character < ' ' || matches!(character, '"' | '\\');
            if must || wanted(random) {
                escape(character, random, &mut written);
            } else {
                written.extend(character.encode_utf8(&mut [0; 4]).bytes());
            }
        }
        written.push(b'"');
        Self {
            text: text.to_owned(),
            written,
        }
    }

    /// Puts bytes at the beginning or the end, inside the quotes.
    pub(crate) fn insert(&mut self, bytes: &[u8], at_end: bool) {
        let at = if at_end { self.written.len() - 1 } else { 1 };
        self.written.splice(at..at, bytes.iter().copied());
    }
}

fn escape(character: char, random: &mut Random, written: &mut Vec<u8>) {
    let short = match character {
        '"' | '\\' | '/' => Some(character),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        _ => None,
    };
    if let Some(letter) = short.filter(|_| random.percent(50)) {
        written.extend(format!("\\{letter}").bytes());
        return;
    }
    for unit in character.encode_utf16(&mut [0; 2]) {
        let written_unit = if random.percent(50) {
            format!("\\u{unit:04x}")
        } else {
            format!("\\u{unit:04X}")
        };
        written.extend(written_unit.bytes());
    }
}

fn space(random: &mut Random, spaces: usize, out: &mut Vec<u8>) {
    while random.percent(spaces) {
        out.push(random.one_of(b" \t\r\n"));
    }
}
