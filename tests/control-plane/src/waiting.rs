//! Waiting for what another process does.

use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

/// Far longer than anything takes here: to be waited for in vain is a failure, however busy the machine is.
const AT_MOST: Duration = Duration::from_mins(2);
/// Between two looks.
const POLL: Duration = Duration::from_millis(20);

/// What `look` finds, as soon as it finds something. `what` says what is waited for.
///
/// # Errors
/// `look` fails, or finds nothing for two minutes.
pub fn until<T>(
    what: &str,
    mut look: impl FnMut() -> Result<Option<T>, Failed>,
) -> Result<T, Failed> {
    let began = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if began.elapsed() > AT_MOST {
            return Err(format!("waited {AT_MOST:?} in vain: {what}").into());
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_until_something_is_found_and_an_error_ends_it() {
        let mut looks = 0;
        let found = until("the third look", || {
            looks += 1;
            Ok((looks == 3).then_some("found"))
        });
        assert_eq!((found.ok(), looks), (Some("found"), 3));
        let failed = until::<()>("nothing", || Err("broken".into())).unwrap_err();
        assert_eq!(failed.message(), Some("broken"));
    }
}
