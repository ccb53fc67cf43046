//! A length of time between two looks.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::scalars::text;
use super::value_schemas::value_schemas;

/// The shortest interval: 10 seconds.
const SHORTEST: Duration = Duration::from_secs(10);
/// The longest interval: a day.
const LONGEST: Duration = Duration::from_hours(24);

/// A length of time, as `30s`, `10m` or `2h`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Interval(pub(super) Duration);

impl TryFrom<Value> for Interval {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a length of time such as 10m")?;
        let length = length(&text).ok_or_else(|| {
            format!(
                "{text:?} is no length of time: write a number and its unit s, m or h, such as 10m"
            )
        })?;
        if (SHORTEST..=LONGEST).contains(&length) {
            Ok(Self(length))
        } else {
            Err(format!(
                "{text} is outside of what is possible: write 10s to 24h"
            ))
        }
    }
}

fn length(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = is_number.then(|| number.parse().ok())??;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

value_schemas! {
    Interval => {"type": "string", "pattern": "^[0-9]+[smh]$"},
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_and_its_unit_within_bounds() {
        for (text, seconds) in [("10s", 10), ("5m", 300), ("24h", 86_400)] {
            let interval = Interval::try_from(json!(text)).unwrap();
            assert_eq!(interval.0, Duration::from_secs(seconds));
        }
        for wrong in [
            json!("9s"),
            json!("25h"),
            json!("10"),
            json!("m"),
            json!("-1m"),
            json!("1.5h"),
            json!(""),
            json!("10ä"),
            json!("99999999999999999999h"),
            json!(10),
        ] {
            assert!(Interval::try_from(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
