//! Who controls an object, and the UID that tells it from others of its name.

use std::fmt;
use std::sync::Arc;

/// The UID of an object: objects of one kind and name that exist one after the other have different ones.
///
/// Source: Kubernetes, "Object Names and IDs" (UIDs are UUIDs).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid([u8; 16]);

/// What an object says of the owner that controls it (the owner reference with `controller: true`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Controller {
    /// Its kind, as written.
    pub kind: Box<str>,
    /// Its name; it stands in the namespace of what it controls.
    pub name: Arc<str>,
    /// Its UID; `None`: there is none, or it is no UUID.
    pub uid: Option<Uid>,
}

impl Uid {
    /// Reads a UUID: 32 hexadecimal digits, with or without hyphens. `None`: it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut digits = text.bytes().filter(|byte| *byte != b'-').map(hex_digit);
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            *byte = (digits.next()?? << 4) | digits.next()??;
        }
        digits.next().is_none().then_some(Self(bytes))
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

impl fmt::Display for Uid {
    /// As Kubernetes writes UUIDs: in lower case, with hyphens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let hyphen = if matches!(at, 4 | 6 | 8 | 10) {
                "-"
            } else {
                ""
            };
            write!(f, "{hyphen}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_a_uuid_in_either_case_and_nothing_else() {
        let uid = Uid::parse("0f8fad5b-d9cb-469f-a165-70867728950e");
        assert!(uid.is_some());
        assert_eq!(
            uid.unwrap().to_string(),
            "0f8fad5b-d9cb-469f-a165-70867728950e"
        );
        assert_eq!(uid, Uid::parse("0F8FAD5BD9CB469FA16570867728950E"));
        assert_ne!(uid, Uid::parse("0f8fad5b-d9cb-469f-a165-70867728950f"));
        for other in [
            "",
            "web",
            "0f8fad5b-d9cb-469f-a165-70867728950",
            "0f8fad5b-d9cb-469f-a165-70867728950e0",
            "0f8fad5b-d9cb-469f-a165-7086772895é",
        ] {
            assert_eq!(Uid::parse(other), None, "{other}");
        }
    }
}
