//! What a set of files holds at one moment.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use regular_file::OpenError;

/// How many bytes files may have in all that are mounted from a `ConfigMap` or Secret: 4 MiB. One of these holds 1 MiB.
///
/// Source: Kubernetes documentation, concepts/configuration (`ConfigMap` and Secret, size limits).
pub const MOUNTED_LIMIT: usize = 4 * 1024 * 1024;

/// Files and their bytes, or why they cannot be read. Being unreadable is something that can change, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents(Vec<(PathBuf, Result<Vec<u8>, Unreadable>)>);

/// Why a file cannot be read, in a form that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unreadable {
    kind: io::ErrorKind,
    text: String,
}

/// Reads `files`, in that order, never more than `limit` bytes in all. A path at which something else than a file stands is
/// not opened: a pipe would wait for a writer.
#[must_use]
pub fn read_files<P: AsRef<Path>>(files: &[P], limit: usize) -> Contents {
    let mut left = limit;
    let read = |path: &P| {
        let bytes = read_file(path.as_ref(), left, limit);
        if let Ok(bytes) = &bytes {
            left -= bytes.len();
        }
        (path.as_ref().to_owned(), bytes)
    };
    Contents(files.iter().map(read).collect())
}

fn read_file(path: &Path, left: usize, limit: usize) -> Result<Vec<u8>, Unreadable> {
    let too_large = || Unreadable {
        kind: io::ErrorKind::FileTooLarge,
        text: format!("larger than may be read, which is {limit} bytes"),
    };
    let (file, size) = regular_file::open(path).map_err(Unreadable::from)?;
    if size > left as u64 {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let read = file.take(left as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Unreadable::from(OpenError::Io(error)))?;
    if bytes.len() > left {
        return Err(too_large());
    }
    Ok(bytes)
}

impl From<OpenError> for Unreadable {
    fn from(error: OpenError) -> Self {
        let kind = match &error {
            OpenError::NotAFile(_) => io::ErrorKind::InvalidInput,
            OpenError::Io(error) => error.kind(),
        };
        let text = match error {
            OpenError::NotAFile(_) => error.to_string(),
            OpenError::Io(ref error) => regular_file::reason(error),
        };
        Self { kind, text }
    }
}

impl Unreadable {
    fn to_error(&self) -> io::Error {
        io::Error::new(self.kind, self.text.clone())
    }
}

impl Contents {
    /// The bytes of the file at this place in the order.
    ///
    /// # Errors
    /// The file could not be read, or there is none at this place.
    pub fn bytes(&self, at: usize) -> io::Result<&[u8]> {
        match self.0.get(at) {
            Some((_, Ok(bytes))) => Ok(bytes),
            Some((_, Err(unreadable))) => Err(unreadable.to_error()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Each file with its bytes.
    pub fn files(&self) -> impl Iterator<Item = (&Path, io::Result<&[u8]>)> {
        self.0.iter().map(|(path, bytes)| {
            let bytes = match bytes {
                Ok(bytes) => Ok(bytes.as_slice()),
                Err(unreadable) => Err(unreadable.to_error()),
            };
            (path.as_path(), bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_pipe_or_a_device_in_place_of_a_file_is_an_error_and_is_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let paths = [pipe.as_path(), Path::new("/dev/zero"), folder.path()];
        let contents = read_files(&paths, MOUNTED_LIMIT);
        for (at, what) in ["a pipe", "a device", "a directory"].iter().enumerate() {
            let error = contents.bytes(at).unwrap_err();
            assert_eq!(error.to_string(), format!("this is {what}, not a file"));
        }
        assert_eq!(contents, read_files(&paths, MOUNTED_LIMIT));
    }

    #[test]
    fn files_have_a_limit_in_all_and_one_that_is_too_large_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a", "b", "c"].map(|name| folder.path().join(name));
        for (path, size) in paths.iter().zip([6, 5, 4]) {
            fs::write(path, vec![b'x'; size]).unwrap();
        }
        let contents = read_files(&paths, 10);
        assert_eq!(contents.bytes(0).unwrap().len(), 6);
        let error = contents.bytes(1).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(contents.bytes(2).unwrap().len(), 4);
    }
}
