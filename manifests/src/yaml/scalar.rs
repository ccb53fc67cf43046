//! What a scalar means.
//!
//! YAML: go.yaml.in/yaml/v2 `resolve.go`, which `kubectl` reads with (through sigs.k8s.io/yaml): YAML 1.1 with
//! `y`, `n`, `yes`, `no`, `on`, `off` as booleans, leading zeros and `0o` as octal, and underscores in numbers;
//! but no sexagesimal numbers, and timestamps stay strings.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Number, Value};

use super::error::{ParseErrorKind, shortened};
use super::tree::{Format, Scalar, Tag};

/// A scalar's meaning.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning<'a> {
    /// `~`, `null`, nothing.
    Null,
    /// `true`, `yes`, …
    Bool(bool),
    /// An integer that fits into 64 bits with sign.
    Int(i64),
    /// A greater one that fits into 64 bits without sign.
    Unsigned(u64),
    /// Any other number.
    Float(f64),
    /// Anything else.
    Text(Cow<'a, str>),
}

/// Reads a scalar by the rules of its tree's format.
///
/// # Errors
/// When it does not fit its tag.
pub(super) fn read(format: Format, scalar: Scalar<'_>) -> Result<Meaning<'_>, ParseErrorKind> {
    match (format, scalar) {
        (Format::Json, Scalar { text, quoted, .. }) => Ok(json(text, quoted)),
        (Format::Yaml, scalar) => yaml(scalar),
    }
}

impl Meaning<'_> {
    /// As a JSON value, as Go's `encoding/json` writes it: a number without fraction is an integer (`1e3` is 1000).
    ///
    /// # Errors
    /// When it is infinite or not a number.
    pub(super) fn into_value(self) -> Result<Value, ParseErrorKind> {
        Ok(match self {
            Meaning::Null => Value::Null,
            Meaning::Bool(value) => Value::Bool(value),
            Meaning::Int(value) => value.into(),
            Meaning::Unsigned(value) => value.into(),
            Meaning::Float(value) => Value::Number(number(value).ok_or(ParseErrorKind::NotFinite)?),
            Meaning::Text(text) => Value::String(text.into_owned()),
        })
    }

    /// As a mapping's key, as sigs.k8s.io/yaml `convertToJSONableObject` writes it: `1` is "1", `yes` is "true".
    ///
    /// # Errors
    /// When it is null or above the range of an `int64`.
    pub(super) fn into_key(self) -> Result<String, ParseErrorKind> {
        match self {
            Meaning::Text(text) => Ok(text.into_owned()),
            Meaning::Bool(value) => Ok(value.to_string()),
            Meaning::Int(value) => Ok(value.to_string()),
            Meaning::Float(value) => Ok(float_key(value)),
            Meaning::Unsigned(_) => Err(ParseErrorKind::KeyIsTooLarge),
            Meaning::Null => Err(ParseErrorKind::KeyIsNull),
        }
    }
}

/// A JSON scalar: its words and numbers were checked when it was parsed.
fn json(text: Cow<'_, str>, quoted: bool) -> Meaning<'_> {
    match text.as_ref() {
        _ if quoted => Meaning::Text(text),
        "null" => Meaning::Null,
        "true" => Meaning::Bool(true),
        "false" => Meaning::Bool(false),
        number => match serde_json::from_str::<Number>(number) {
            Ok(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(value), _, _) => Meaning::Int(value),
                (_, Some(value), _) => Meaning::Unsigned(value),
                (_, _, Some(value)) => Meaning::Float(value),
                (None, None, None) => Meaning::Null,
            },
            Err(_) => Meaning::Text(text),
        },
    }
}

fn yaml(scalar: Scalar<'_>) -> Result<Meaning<'_>, ParseErrorKind> {
    let Scalar { text, quoted, tag } = scalar;
    let name = match tag {
        Tag::None if quoted => return Ok(Meaning::Text(text)),
        Tag::None => return Ok(resolve(&text).unwrap_or(Meaning::Text(text))),
        Tag::Str | Tag::Merge | Tag::Other => return Ok(Meaning::Text(text)),
        Tag::Binary => return binary(&text),
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Null => "!!null",
        Tag::Timestamp => "!!timestamp",
    };
    match (tag, resolve(&text)) {
        (Tag::Bool, Some(meaning @ Meaning::Bool(_)))
        | (Tag::Int, Some(meaning @ (Meaning::Int(_) | Meaning::Unsigned(_))))
        | (Tag::Float, Some(meaning @ Meaning::Float(_)))
        | (Tag::Null, Some(meaning @ Meaning::Null)) => Ok(meaning),
        #[expect(clippy::cast_precision_loss, reason = "Go converts it the same way")]
        (Tag::Float, Some(Meaning::Int(value))) => Ok(Meaning::Float(value as f64)),
        (Tag::Timestamp, None) if is_dated(&text) => Ok(Meaning::Text(text)),
        _ => Err(ParseErrorKind::TagMismatch {
            text: shortened(&text),
            tag: name,
        }),
    }
}

/// What a plain scalar stands for, `None` for a text.
fn resolve(text: &str) -> Option<Meaning<'static>> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Meaning::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Meaning::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Meaning::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Meaning::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Meaning::Float(f64::NEG_INFINITY),
        _ => match text.as_bytes()[0] {
            b'.' => return fraction(text),
            b'+' | b'-' | b'0'..=b'9' => return numeric(&text.replace('_', "")),
            _ => return None,
        },
    })
}

/// A text that begins with a digit or sign, without its underscores.
fn numeric(text: &str) -> Option<Meaning<'static>> {
    if let Some(value) = integer(text) {
        return Some(value);
    }
    if let Some(value) = decimal(text) {
        return Some(Meaning::Float(value));
    }
    // Go reads `0b-11` as -3, by accident or not.
    let (sign, digits) = text.strip_prefix("0b")?.split_at_checked(1)?;
    let negative = match sign {
        "-" => true,
        "+" => false,
        _ => return None,
    };
    signed(negative, magnitude(digits, 2)?)
}

/// Go's `strconv.ParseInt(text, 0, 64)`, and `ParseUint` for what is greater.
fn integer(text: &str) -> Option<Meaning<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let value = magnitude(digits, radix)?;
    let has_plus = text.starts_with('+');
    signed(negative, value).or_else(|| (!negative && !has_plus).then_some(Meaning::Unsigned(value)))
}

/// Digits without a sign, which `from_str_radix` would take.
fn magnitude(digits: &str, radix: u32) -> Option<u64> {
    digits
        .as_bytes()
        .first()
        .filter(|first| first.is_ascii_alphanumeric())?;
    u64::from_str_radix(digits, radix).ok()
}

fn signed(negative: bool, magnitude: u64) -> Option<Meaning<'static>> {
    let value = if negative {
        0i64.checked_sub_unsigned(magnitude)?
    } else {
        i64::try_from(magnitude).ok()?
    };
    Some(Meaning::Int(value))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?` within the range of a `float64`.
fn decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && all_digits(digits)
    });
    if !(has_digits && all_digits(whole) && all_digits(fraction) && exponent_fits) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// A text that begins with a dot: Go's `strconv.ParseFloat`, which takes underscores between digits only.
fn fraction(text: &str) -> Option<Meaning<'static>> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let separates = |at: usize| is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
    if text.match_indices('_').any(|(at, _)| !separates(at)) {
        return None;
    }
    decimal(&text.replace('_', "")).map(Meaning::Float)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text begins as `resolve.go` wants a timestamp to begin: four digits and a hyphen.
fn is_dated(text: &str) -> bool {
    let year = text.split_once('-').map_or("", |(year, _)| year);
    year.len() == 4 && all_digits(year)
}

fn binary(text: &str) -> Result<Meaning<'static>, ParseErrorKind> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let bytes = LENIENT
        .decode(text.replace(['\n', '\r'], ""))
        .map_err(|_| ParseErrorKind::TagMismatch {
            text: shortened(text),
            tag: "!!binary (base64)",
        })?;
    Ok(Meaning::Text(
        String::from_utf8_lossy(&bytes).into_owned().into(),
    ))
}

/// As Go writes a `float64` to JSON and the API machinery reads it again: the shortest digits, and an integer when
/// they show no fraction and no exponent (from 1e21 on there is one).
fn number(value: f64) -> Option<Number> {
    if value.abs() < 1e21 {
        let digits = value.to_string();
        if let Ok(integer) = digits.parse::<i64>() {
            return Some(integer.into());
        }
        if let Ok(integer) = digits.parse::<u64>() {
            return Some(integer.into());
        }
    }
    Number::from_f64(value)
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)`, as sigs.k8s.io/yaml uses it: the shortest digits of a `float32`,
/// with an exponent of two digits below 1e-4 and from 1e6 on.
fn float_key(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "sigs.k8s.io/yaml truncates"
    )]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>().unwrap_or_default() {
        -4..6 => value.to_string(),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
    }
}
