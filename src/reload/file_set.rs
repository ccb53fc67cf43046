//! What a set of files holds at one moment.

use std::io;
use std::path::{Path, PathBuf};

/// Files and their bytes, or why they cannot be read. Being unreadable is something that can change, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents(Vec<(PathBuf, Result<Vec<u8>, io::ErrorKind>)>);

/// Reads `files`, in that order.
#[must_use]
pub fn read_files<P: AsRef<Path>>(files: &[P]) -> Contents {
    let read = |path: &P| {
        let bytes = std::fs::read(path).map_err(|error| error.kind());
        (path.as_ref().to_owned(), bytes)
    };
    Contents(files.iter().map(read).collect())
}

impl Contents {
    /// The bytes of the file at this place in the order.
    ///
    /// # Errors
    /// The file could not be read, or there is none at this place.
    pub fn bytes(&self, at: usize) -> io::Result<&[u8]> {
        match self.0.get(at) {
            Some((_, Ok(bytes))) => Ok(bytes),
            Some((_, Err(kind))) => Err((*kind).into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Each file with its bytes.
    pub fn files(&self) -> impl Iterator<Item = (&Path, io::Result<&[u8]>)> {
        self.0.iter().map(|(path, bytes)| {
            let bytes = match bytes {
                Ok(bytes) => Ok(bytes.as_slice()),
                Err(kind) => Err(io::Error::from(*kind)),
            };
            (path.as_path(), bytes)
        })
    }
}
