//! The limit of open files, compared at start with what the connections need.
//!
//! Without a file descriptor no connection can be accepted, none be evicted for it, and no file be read again.

use anyhow::{Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::server::Settings;

/// Files that are open beside connections to the ports: connections to the API server, files that are read again, standard
/// streams, the runtime's own.
const OTHER_FILES: u64 = 128;

/// Raises the limit of open files where it has to be higher for all connections of `ports`.
///
/// # Errors
/// When the system allows this process fewer.
pub(super) fn ensure(ports: &[&Settings]) -> Result<()> {
    let needed = needed(ports);
    let limit = getrlimit(Resource::Nofile);
    let Some(raised) = raised(&limit, needed)? else {
        return Ok(());
    };
    setrlimit(Resource::Nofile, raised)?;
    tracing::info!(
        files = needed,
        was = limit.current,
        "raised the limit of open files"
    );
    Ok(())
}

fn needed(ports: &[&Settings]) -> u64 {
    let connections = ports.iter().map(|port| port.files() as u64);
    connections.fold(OTHER_FILES, u64::saturating_add)
}

/// The limit to set, if it has to be another one. `None` in a limit is none.
fn raised(limit: &Rlimit, needed: u64) -> Result<Option<Rlimit>> {
    let is_enough = |limit: Option<u64>| limit.is_none_or(|files| files >= needed);
    if is_enough(limit.current) {
        return Ok(None);
    }
    if !is_enough(limit.maximum) {
        let allowed = limit.maximum.unwrap_or_default();
        let too_many = needed - allowed;
        bail!(
            "--max-connections needs {needed} open files and the system allows this process {allowed}: set it lower by {too_many}, or raise the limit (`ulimit -Hn`)"
        );
    }
    Ok(Some(Rlimit {
        current: Some(needed),
        maximum: limit.maximum,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(current: u64, maximum: u64) -> Rlimit {
        let (current, maximum) = (Some(current), Some(maximum));
        Rlimit { current, maximum }
    }

    #[test]
    fn a_limit_is_raised_only_where_it_is_too_low_and_only_as_far_as_the_system_allows() {
        let unlimited = Rlimit {
            current: None,
            maximum: None,
        };
        assert!(raised(&unlimited, 1000).unwrap().is_none());
        assert!(raised(&limit(1000, 2000), 1000).unwrap().is_none());
        let set = raised(&limit(999, 2000), 1000).unwrap().unwrap();
        assert_eq!((set.current, set.maximum), (Some(1000), Some(2000)));
        let error = raised(&limit(500, 990), 1000).unwrap_err().to_string();
        assert!(
            error.contains("--max-connections") && error.contains("lower by 10,"),
            "{error}"
        );
    }

    #[test]
    fn the_defaults_fit_into_what_many_systems_allow() {
        let operations = super::super::operations::settings();
        assert!(needed(&[&Settings::default(), &operations]) <= 1024);
    }
}
