//! How much time a review has.

use std::time::Duration;

/// The time that the API server gives a webhook when its configuration says nothing (`timeoutSeconds`,
/// admissionregistration.k8s.io/v1). A request without a time of its own, from `curl` say, has it too.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most that `timeoutSeconds` may be; nobody waits longer.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);

/// What is kept back of the time, for the way of the answer. Half the time when that is less.
const MARGIN: Duration = Duration::from_millis(500);

/// The time that a review with this query string may take. The API server says in `timeout` how long it waits, as a Go
/// duration (kubernetes/apiserver, `admission/plugin/webhook/validating/dispatcher.go`): `/validate?timeout=10s`. One
/// that cannot be read counts as absent.
pub(super) fn budget(query: Option<&str>) -> Duration {
    let timeout = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(go_duration)
        .unwrap_or(DEFAULT_TIMEOUT)
        .min(LONGEST_TIMEOUT);
    timeout.saturating_sub(MARGIN.min(timeout / 2))
}

/// A positive Go duration (`time.ParseDuration`) as far as one is written for seconds: `10s`, `1.5s`, `500ms`, `1m30s`.
///
/// By hand, as anybody may send it: `kube::core::Duration` (5.0) panics on a number that is negative or too large.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let (unit, after) = unit(&rest[digits..])?;
        seconds += number * unit;
        rest = after;
    }
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    (!duration.is_zero()).then_some(duration)
}

/// The unit that `text` begins with, in seconds, and what follows it.
fn unit(text: &str) -> Option<(f64, &str)> {
    // "ms" before "m", or milliseconds would be minutes.
    [("ms", 0.001), ("h", 3600.0), ("m", 60.0), ("s", 1.0)]
        .into_iter()
        .find_map(|(name, seconds)| Some((seconds, text.strip_prefix(name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(query: &str) -> u128 {
        budget(Some(query)).as_millis()
    }

    #[test]
    fn the_budget_is_what_the_api_server_gives_less_half_a_second() {
        assert_eq!(milliseconds("timeout=10s"), 9_500);
        assert_eq!(milliseconds("timeout=1s"), 500);
        assert_eq!(milliseconds("dryRun=All&timeout=2s"), 1_500);
        assert_eq!(milliseconds("timeout=1.5s"), 1_000);
        assert_eq!(milliseconds("timeout=0m5s"), 4_500);
    }

    #[test]
    fn of_less_than_a_second_half_is_used() {
        assert_eq!(milliseconds("timeout=500ms"), 250);
        assert_eq!(milliseconds("timeout=10ms"), 5);
    }

    #[test]
    fn without_a_time_or_with_one_that_cannot_be_read_it_is_the_api_servers_default() {
        assert_eq!(budget(None).as_millis(), 9_500);
        for query in [
            "",
            "timeout",
            "timeout=",
            "timeout=5",
            "timeout=s",
            "timeout=-5s",
            "timeout=0s",
            "timeout=soon",
            "timeout=1..5s",
            "timeout=5y",
            "timeouts=3s",
            "timeout=9e99999s",
        ] {
            assert_eq!(milliseconds(query), 9_500, "{query}");
        }
    }

    #[test]
    fn nobody_waits_longer_than_the_most_that_can_be_configured() {
        assert_eq!(milliseconds("timeout=1h"), 29_500);
        assert_eq!(
            milliseconds(&format!("timeout={}s", "9".repeat(400))),
            9_500
        );
    }
}
