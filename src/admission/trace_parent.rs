//! The trace that a review is part of, as the API server names it where it traces (W3C Trace Context, `traceparent`).

use std::fmt;

/// How long a `traceparent` of version 00 is.
const LENGTH: usize = 55;

/// Where its trace id stands.
const TRACE_ID: std::ops::Range<usize> = 3..35;

/// The id of a trace: 32 lower-case hexadecimal digits, not all of them zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(u128);

impl TraceId {
    /// The trace id of a `traceparent`, `00-<32 digits>-<16 digits>-<2 digits>`. `None`: it is not of version 00, a digit is
    /// no lower-case hexadecimal one, or an id is zero. Whoever sends reviews may write what they like there.
    #[must_use]
    pub fn of_trace_parent(value: &[u8]) -> Option<Self> {
        let parts = [
            (0..2, false),
            (TRACE_ID, true),
            (36..52, true),
            (53..LENGTH, false),
        ];
        if value.len() != LENGTH || !value.starts_with(b"00-") {
            return None;
        }
        for (part, is_id) in parts {
            let digits = &value[part.clone()];
            let is_hexadecimal = digits
                .iter()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
            let is_zero = digits.iter().all(|digit| *digit == b'0');
            let is_ended = value.get(part.end).is_none_or(|end| *end == b'-');
            if !is_hexadecimal || !is_ended || is_id && is_zero {
                return None;
            }
        }
        let digits = std::str::from_utf8(&value[TRACE_ID]).ok()?;
        u128::from_str_radix(digits, 16).ok().map(Self)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, section 3.2.
    const SOUND: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn read(value: &str) -> Option<String> {
        TraceId::of_trace_parent(value.as_bytes()).map(|id| id.to_string())
    }

    #[test]
    fn a_sound_one_gives_its_trace_id() {
        assert_eq!(read(SOUND).unwrap(), "0af7651916cd43dd8448eb211c80319c");
        let small = SOUND.replace("0af7651916cd43dd8448eb211c80319c", &format!("{:032x}", 1));
        assert_eq!(read(&small).unwrap(), format!("{:032x}", 1));
    }

    #[test]
    fn any_other_is_ignored() {
        for (from, to) in [
            ("00-0", "01-0"),
            ("00-0", "ff-0"),
            ("0af", "0AF"),
            ("0af", "0ag"),
            ("0af", "+af"),
            ("b7a", "B7a"),
            ("-01", "-0A"),
            ("-01", "-0"),
            ("-01", "-01-more"),
            ("-01", "-01\n"),
            ("-b7", "_b7"),
            ("-01", "_01"),
            ("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            ("b7ad6b7169203331", &"0".repeat(16)),
            (SOUND, ""),
            (SOUND, &"0".repeat(1 << 16)),
        ] {
            assert_eq!(read(&SOUND.replace(from, to)), None, "{from:?} → {to:?}");
        }
        let umlaut = SOUND.replace("0af", "ä0");
        assert_eq!((umlaut.len(), read(&umlaut)), (LENGTH, None));
    }
}
