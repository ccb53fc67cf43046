//! The paths that are served.

/// Where reviews are to be sent.
pub const VALIDATE_PATH: &str = "/validate";
