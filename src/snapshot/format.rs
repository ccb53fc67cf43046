//! The format of a snapshot: its header, and which versions are read.

use serde::{Deserialize, Serialize};

/// The version that is written.
pub const VERSION: u32 = 1;

/// The oldest version that is read: the one before.
pub(super) const OLDEST: u32 = if VERSION > 1 { VERSION - 1 } else { VERSION };

/// What a snapshot says it is.
pub(super) const FORMAT: &str = "l7guard/snapshot";

/// The first line of a snapshot.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// `l7guard/snapshot`.
    pub format: String,
    /// The version of the format.
    pub version: u32,
    /// The version of l7guard that wrote it.
    pub written_by: String,
    /// The cluster, by the name that whoever took it gave.
    pub cluster: String,
    /// When it was begun, in UTC (RFC 3339, to the second).
    pub taken: String,
}

impl Header {
    /// Of a snapshot that is taken of this cluster at this time.
    #[must_use]
    pub fn new(cluster: &str, taken: String) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: env!("CARGO_PKG_VERSION").to_owned(),
            cluster: cluster.to_owned(),
            taken,
        }
    }
}
