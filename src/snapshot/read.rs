//! A snapshot, read into a base world.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;
use serde_json::Value;
use thiserror::Error;

use super::base::BaseWorld;
use super::format::{FORMAT, Header, OLDEST, VERSION};

/// How long a line may be: as long as etcd lets an object be, with room to spare. 16 MiB.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Why a snapshot cannot be read.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// It is something else.
    #[error("it is no snapshot: `l7guard snapshot` writes one")]
    NoSnapshot,
    /// It is of a version that is not read.
    #[error(
        "it is of version {found} of the format (written by l7guard {written_by}), and this l7guard reads {OLDEST} to {VERSION}: take it again with `l7guard snapshot`, or use the l7guard that wrote it"
    )]
    Version {
        /// The version.
        found: u32,
        /// Who wrote it.
        written_by: String,
    },
    /// It ends too early, or its checksum is wrong.
    #[error("it is cut off or damaged: {0}")]
    Damaged(io::Error),
    /// A line is no object.
    #[error("its line {line} is no object: {source}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line is longer than any object.
    #[error("its line {line} is longer than any object may be")]
    TooLong {
        /// The line, from 1.
        line: usize,
    },
}

/// Reads a snapshot whole.
///
/// # Errors
/// When it is none, is of another version, or is damaged.
pub fn read(from: impl Read) -> Result<BaseWorld, SnapshotError> {
    let mut lines = LinesOf {
        text: BufReader::new(GzDecoder::new(BufReader::new(from))),
        line: 0,
    };
    let first = lines.next().map_err(|error| match error {
        SnapshotError::Damaged(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            SnapshotError::Damaged(error)
        }
        _ => SnapshotError::NoSnapshot,
    })?;
    let header = header(&first.ok_or(SnapshotError::NoSnapshot)?)?;
    let mut base = BaseWorld::new(header);
    while let Some(line) = lines.next()? {
        let object: Value =
            serde_json::from_slice(&line).map_err(|source| SnapshotError::Line {
                line: lines.line,
                source,
            })?;
        base.take(&object);
    }
    Ok(base)
}

fn header(line: &[u8]) -> Result<Header, SnapshotError> {
    let value: Value = serde_json::from_slice(line).map_err(|_| SnapshotError::NoSnapshot)?;
    if value["format"] != FORMAT {
        return Err(SnapshotError::NoSnapshot);
    }
    // Before anything else of it is believed.
    let version = value["version"]
        .as_u64()
        .and_then(|version| version.try_into().ok());
    match version {
        Some(OLDEST..=VERSION) => {
            serde_json::from_value(value).map_err(|_| SnapshotError::NoSnapshot)
        }
        Some(found) => Err(SnapshotError::Version {
            found,
            written_by: value["writtenBy"].as_str().unwrap_or("?").to_owned(),
        }),
        None => Err(SnapshotError::NoSnapshot),
    }
}

/// The lines of a text, none longer than [`LONGEST`].
struct LinesOf<R> {
    text: R,
    line: usize,
}

impl<R: BufRead> LinesOf<R> {
    fn next(&mut self) -> Result<Option<Vec<u8>>, SnapshotError> {
        self.line += 1;
        let mut line = Vec::new();
        let mut bounded = self.text.by_ref().take(LONGEST);
        bounded
            .read_until(b'\n', &mut line)
            .map_err(SnapshotError::Damaged)?;
        match line.pop() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(line)),
            Some(_) => Err(SnapshotError::TooLong { line: self.line }),
        }
    }
}
