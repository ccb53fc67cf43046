//! `l7guard serve`: the admission webhook.

use anyhow::Result;

use super::ExitStatus;
use crate::serve::{self, Ended};

pub(super) use super::serve_arguments::Arguments;

pub(super) fn run(arguments: Arguments) -> Result<ExitStatus> {
    Ok(match serve::run(arguments.into())? {
        Ended::Stopped => ExitStatus::Success,
        Ended::Failed => ExitStatus::Error,
    })
}
