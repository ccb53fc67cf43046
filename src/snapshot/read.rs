//! A snapshot, read into a base world.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;
use serde_json::Value;
use thiserror::Error;

use super::base::{BaseWorld, NoObject};
use super::format::{FORMAT, Header, OLDEST, VERSION};
use super::size::{Size, TooLarge};

/// How long a line may be: as long as etcd lets an object be, with room to spare. 16 MiB.
const LONGEST: u64 = 16 * 1024 * 1024;

/// How every gzip file begins (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

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
    /// A line is no object, or none that can be judged.
    #[error(
        "its line {line} is no object: {fault}. Take the snapshot again with `l7guard snapshot`"
    )]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: NoObject,
    },
    /// Something stands behind its end.
    #[error(
        "more follows behind its end: a snapshot is of one cluster, so several cannot be put together. Take it again with `l7guard snapshot`"
    )]
    Trailing,
    /// It is larger than any snapshot.
    #[error("its line {line} is one too many: {fault}")]
    TooLarge {
        /// The line, from 1.
        line: usize,
        /// What is too large.
        fault: TooLarge,
    },
    /// A line is longer than any object.
    #[error("its line {line} is longer than any object may be")]
    TooLong {
        /// The line, from 1.
        line: usize,
    },
}

/// Reads a snapshot whole. A line that is no object is an error: what is left out of a world may be what a path runs
/// through.
///
/// # Errors
/// When it is none, is of another version, is damaged, or is larger than what is ever written.
pub fn read(from: impl Read) -> Result<BaseWorld, SnapshotError> {
    read_within(from, Size::default())
}

pub(super) fn read_within(from: impl Read, size: Size) -> Result<BaseWorld, SnapshotError> {
    let mut compressed = BufReader::new(from);
    let begun = compressed.fill_buf().map_err(SnapshotError::Damaged)?;
    if !begun.starts_with(&GZIP[..begun.len().clamp(1, GZIP.len())]) {
        return Err(SnapshotError::NoSnapshot);
    }
    let mut lines = LinesOf {
        text: BufReader::new(GzDecoder::new(compressed)),
        line: 0,
    };
    let first = lines.next().map_err(|error| match error {
        SnapshotError::Damaged(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            SnapshotError::Damaged(error)
        }
        _ => SnapshotError::NoSnapshot,
    })?;
    let header = header(&first.ok_or(SnapshotError::NoSnapshot)?)?;
    let mut base = BaseWorld::within(header, size);
    while let Some(text) = lines.next()? {
        let line = lines.line;
        base.add(text.len())
            .map_err(|fault| SnapshotError::TooLarge { line, fault })?;
        let object = serde_json::from_slice(&text).map_err(NoObject::NoJson);
        object
            .and_then(|object: Value| base.take(&object))
            .map_err(|fault| SnapshotError::Line { line, fault })?;
    }
    let mut rest = lines.text.into_inner().into_inner();
    match rest.fill_buf() {
        Ok([]) => Ok(base),
        Ok(_) => Err(SnapshotError::Trailing),
        Err(error) => Err(SnapshotError::Damaged(error)),
    }
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
