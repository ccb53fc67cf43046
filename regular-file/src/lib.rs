//! Opening files that somebody else may replace by a pipe or a device at any moment.

use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// Why a path cannot be opened as a file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Something is there that is no file: what it is, in words.
    #[error("this is {0}, not a file")]
    NotAFile(&'static str),
    /// What the operating system says.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Opens a regular file and tells its size in bytes. Never waits: opening a pipe would wait for a writer, and reading a
/// terminal for a line.
///
/// # Errors
/// When it cannot be opened or is something else.
pub fn open(path: &Path) -> Result<(File, u64), OpenError> {
    // Before it is opened, as opening a device can have an effect.
    expect_file(std::fs::metadata(path)?.file_type())?;
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)?;
    // And after, as it can have been replaced in between.
    let metadata = file.metadata()?;
    expect_file(metadata.file_type())?;
    Ok((file, metadata.len()))
}

/// What the operating system says, in words and without its number. The library calls what is missing an "entity".
#[must_use]
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        kind => kind.to_string(),
    }
}

fn expect_file(kind: FileType) -> Result<(), OpenError> {
    if kind.is_file() {
        return Ok(());
    }
    Err(OpenError::NotAFile(name_of(kind)))
}

/// What is no regular file, in words.
#[must_use]
pub fn name_of(kind: FileType) -> &'static str {
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_dir() {
        "a directory"
    } else {
        "a device"
    }
}
