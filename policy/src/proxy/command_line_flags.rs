//! The flags that `pilot-agent proxy` knows, in every Istio release from 1.5 on.
//!
//! What a release does not know it skips, together with the word behind it: so the same words can
//! name different roles in different releases, and each release's own flags are needed.
//!
//! Sources: Istio, `pilot/cmd/pilot-agent/main.go` (up to 1.8) and `pilot/cmd/pilot-agent/app/cmd.go`
//! (`NewRootCommand`, `addFlags`), `pkg/log/options.go` (`AttachCobraFlags`), `pkg/log/klog.go`
//! (`EnableKlogWithCobra`); the reference page of `pilot-agent` of each release, and the `FLAG:` lines
//! that `pilot-agent` logs when it starts.

/// How a flag takes its value, and what it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagKind {
    /// Takes the next word, whatever it is. Also used for flags with a narrower type that some
    /// release does not know: that release accepts what the others refuse.
    Text,
    /// Takes the next word, which must be an integer.
    Integer,
    /// Takes a value behind `=` only.
    Boolean,
}

/// A minor release of Istio 1: `8` is 1.8.
pub(super) type Minor = u8;

/// The first release of each run of releases that know the same flags, oldest first.
pub(super) const RELEASES: [Minor; 8] = [5, 6, 7, 8, 12, 18, 19, 24];

const OLDEST: Minor = 5;
const NEWEST: Minor = Minor::MAX;

struct Flag {
    name: &'static str,
    kind: FlagKind,
    /// Declared on `pilot-agent` itself, not on its subcommand `proxy`.
    on_root: bool,
    first: Minor,
    last: Minor,
}

const fn root(name: &'static str, kind: FlagKind, first: Minor, last: Minor) -> Flag {
    Flag {
        name,
        kind,
        on_root: true,
        first,
        last,
    }
}

const fn proxy(name: &'static str, kind: FlagKind, first: Minor, last: Minor) -> Flag {
    Flag {
        name,
        kind,
        on_root: false,
        first,
        last,
    }
}

#[rustfmt::skip]
const FLAGS: [Flag; 52] = {
    use FlagKind::{Boolean, Integer, Text};
    [
        root("log_as_json", Boolean, OLDEST, NEWEST),
        root("log_caller", Text, OLDEST, NEWEST),
        root("log_output_level", Text, OLDEST, NEWEST),
        root("log_stacktrace_level", Text, OLDEST, NEWEST),
        root("log_target", Text, OLDEST, NEWEST),
        root("log_rotate", Text, OLDEST, 23),
        root("log_rotate_max_age", Text, OLDEST, 23),
        root("log_rotate_max_backups", Text, OLDEST, 23),
        root("log_rotate_max_size", Text, OLDEST, 23),
        root("vklog", Text, 12, NEWEST),
        // Leaked into Istio 1.18 by a library.
        root("s2a_enable_appengine_dialer", Boolean, 18, 18),
        root("s2a_timeout", Text, 18, 18),
        proxy("help", Boolean, OLDEST, NEWEST),
        proxy("concurrency", Integer, OLDEST, NEWEST),
        proxy("domain", Text, OLDEST, NEWEST),
        proxy("outlierLogPath", Text, OLDEST, NEWEST),
        proxy("proxyComponentLogLevel", Text, OLDEST, NEWEST),
        proxy("proxyLogLevel", Text, OLDEST, NEWEST),
        proxy("serviceCluster", Text, OLDEST, NEWEST),
        proxy("stsPort", Integer, OLDEST, NEWEST),
        proxy("templateFile", Text, OLDEST, NEWEST),
        proxy("tokenManagerPlugin", Text, OLDEST, NEWEST),
        proxy("meshConfig", Text, 6, NEWEST),
        proxy("profiling", Boolean, 18, NEWEST),
        proxy("disableInternalTelemetry", Boolean, OLDEST, 7),
        proxy("id", Text, OLDEST, 7),
        proxy("ip", Text, OLDEST, 7),
        proxy("mixerIdentity", Text, OLDEST, 7),
        proxy("serviceregistry", Text, OLDEST, 7),
        proxy("trust-domain", Text, OLDEST, 7),
        proxy("pilotIdentity", Text, OLDEST, 6),
        proxy("controlPlaneBootstrap", Boolean, OLDEST, 5),
        proxy("lightstepSecure", Boolean, OLDEST, 5),
        proxy("binaryPath", Text, OLDEST, 5),
        proxy("configPath", Text, OLDEST, 5),
        proxy("connectTimeout", Text, OLDEST, 5),
        proxy("controlPlaneAuthPolicy", Text, OLDEST, 5),
        proxy("customConfigFile", Text, OLDEST, 5),
        proxy("datadogAgentAddress", Text, OLDEST, 5),
        proxy("discoveryAddress", Text, OLDEST, 5),
        proxy("dnsRefreshRate", Text, OLDEST, 5),
        proxy("drainDuration", Text, OLDEST, 5),
        proxy("envoyAccessLogService", Text, OLDEST, 5),
        proxy("envoyMetricsService", Text, OLDEST, 5),
        proxy("lightstepAccessToken", Text, OLDEST, 5),
        proxy("lightstepAddress", Text, OLDEST, 5),
        proxy("lightstepCacertPath", Text, OLDEST, 5),
        proxy("parentShutdownDuration", Text, OLDEST, 5),
        proxy("proxyAdminPort", Text, OLDEST, 5),
        proxy("statsdUdpAddress", Text, OLDEST, 5),
        proxy("statusPort", Text, OLDEST, 5),
        proxy("zipkinAddress", Text, OLDEST, 5),
    ]
};

fn known(name: &str, release: Minor) -> Option<&'static Flag> {
    FLAGS
        .iter()
        .find(|flag| flag.name == name && (flag.first..=flag.last).contains(&release))
}

/// What `pilot-agent proxy` of this release makes of `--name`; `None`: it does not know it.
pub(super) fn kind_of(name: &str, release: Minor) -> Option<FlagKind> {
    known(name, release).map(|flag| flag.kind)
}

/// Whether `pilot-agent` takes no value for `--name` while it still looks for the subcommand.
/// It knows only its own flags then, so a boolean of `proxy` swallows the next word.
pub(super) fn is_boolean_of_root(name: &str, release: Minor) -> bool {
    known(name, release).is_some_and(|flag| flag.on_root && flag.kind == FlagKind::Boolean)
}

impl FlagKind {
    /// Whether a flag of this kind takes `value`: Go's `strconv.ParseInt(value, 0, 64)` and `ParseBool`.
    /// A value with an unknown `$(NAME)` in it may be anything, so it is taken.
    pub(super) fn accepts(self, value: &str) -> bool {
        value.contains("$(")
            || match self {
                Self::Text => true,
                Self::Integer => is_integer(value),
                Self::Boolean => boolean(value).is_some(),
            }
    }
}

/// Go's `strconv.ParseBool`.
pub(super) fn boolean(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Go's `strconv.ParseInt(value, 0, 64)`: a prefix chooses the base, `_` may separate digits.
fn is_integer(value: &str) -> bool {
    let negative = value.starts_with('-');
    let unsigned = value.strip_prefix(['+', '-']).unwrap_or(value);
    let mut start = unsigned.chars();
    let (radix, digits) = match (start.next(), start.next().map(|c| c.to_ascii_lowercase())) {
        (Some('0'), Some('x')) => (16, &unsigned[2..]),
        (Some('0'), Some('o')) => (8, &unsigned[2..]),
        (Some('0'), Some('b')) => (2, &unsigned[2..]),
        (Some('0'), None) => return true,
        (Some('0'), _) => (8, &unsigned[1..]),
        (Some(_), _) => (10, unsigned),
        (None, _) => return false,
    };
    // Backends a prefix one `_` may come before the first digit.
    let digits = match digits.strip_prefix('_') {
        Some(rest) if radix != 10 => rest,
        _ => digits,
    };
    if digits
        .split('_')
        .any(|group| group.is_empty() || !group.chars().all(|c| c.is_digit(radix)))
    {
        return false;
    }
    let limit = i64::MAX.unsigned_abs() + u64::from(negative);
    u64::from_str_radix(&digits.replace('_', ""), radix).is_ok_and(|number| number <= limit)
}

#[cfg(test)]
mod tests {
    use super::{FLAGS, FlagKind, NEWEST, OLDEST, RELEASES, boolean, is_boolean_of_root, kind_of};

    #[test]
    fn every_change_of_the_flags_starts_a_run_of_releases() {
        let mut changes = vec![OLDEST];
        for flag in &FLAGS {
            changes.push(flag.first);
            changes.extend((flag.last != NEWEST).then(|| flag.last + 1));
        }
        changes.sort_unstable();
        changes.dedup();
        assert_eq!(changes, RELEASES);
    }

    #[test]
    fn no_flag_is_listed_twice() {
        let mut names: Vec<&str> = FLAGS.iter().map(|flag| flag.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FLAGS.len());
    }

    #[test]
    fn a_flag_is_known_in_its_releases_only() {
        assert_eq!(kind_of("profiling", 17), None);
        assert_eq!(kind_of("profiling", 18), Some(FlagKind::Boolean));
        assert_eq!(kind_of("id", 7), Some(FlagKind::Text));
        assert_eq!(kind_of("id", 8), None);
        assert_eq!(kind_of("unknown", 24), None);
        assert!(is_boolean_of_root("log_as_json", 24));
        assert!(!is_boolean_of_root("profiling", 24));
        assert!(!is_boolean_of_root("help", 24));
    }

    #[test]
    fn integers_are_read_as_go_reads_them() {
        for good in [
            "0",
            "-1",
            "+7",
            "42",
            "0x1F",
            "0b101",
            "0o17",
            "017",
            "1_000",
            "0x_1",
            "0_7",
            "9223372036854775807",
            "-9223372036854775808",
            "$(CPU)",
        ] {
            assert!(FlagKind::Integer.accepts(good), "{good}");
        }
        for bad in [
            "",
            "-",
            "+",
            "a",
            "1a",
            "1 ",
            "08",
            "0x",
            "0b2",
            "1__0",
            "_1",
            "1_",
            "0x1_",
            "1.0",
            "--1",
            "+-1",
            "0x+1",
            "9223372036854775808",
            "-9223372036854775809",
            "router",
        ] {
            assert!(!FlagKind::Integer.accepts(bad), "{bad}");
        }
    }

    #[test]
    fn booleans_are_read_as_go_reads_them() {
        assert_eq!(boolean("TRUE"), Some(true));
        assert_eq!(boolean("f"), Some(false));
        assert_eq!(boolean("yes"), None);
        assert!(!FlagKind::Boolean.accepts("tRUE"));
        assert!(!FlagKind::Boolean.accepts(""));
        assert!(FlagKind::Boolean.accepts("$(JSON)"));
        assert!(FlagKind::Text.accepts(""));
    }
}
