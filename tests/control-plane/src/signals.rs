//! Signals to a program that is tested.

use std::process::{Child, Command};

use libtest_mimic::Failed;

/// Sends a process the signal of this name (`TERM`), as kubelet and people do.
///
/// # Errors
/// It cannot be sent.
pub fn signal(child: &Child, name: &str) -> Result<(), Failed> {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status()?;
    if sent.success() {
        return Ok(());
    }
    Err(format!("`kill` ended with {sent}").into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn a_process_gets_the_signal_and_an_unknown_one_is_an_error() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(signal(&child, "NONE").is_err());
        signal(&child, "TERM").unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(15));
    }
}
