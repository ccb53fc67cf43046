//! Which files hold manifests, and their bytes: the only part of manifests that does I/O.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::exclusion::Exclusions;
use super::pattern::{self, PatternProblem};
use super::yaml::MAX_BYTES;
use regular_file::{OpenError, name_of};

/// Endings of the files that are read of a directory, in any case. `kubectl` takes the same.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input, named `-`.
    Stdin,
    /// A file.
    File(PathBuf),
}

/// What [`find`] found.
#[derive(Debug, Default)]
pub struct Inputs {
    /// What can be read, in the order of the paths that were given; within a directory by name.
    pub found: Vec<Input>,
    /// What cannot.
    pub errors: Vec<FileError>,
    /// Exclusions that left nothing out, as they were written.
    pub idle_exclusions: Vec<String>,
}

/// A path that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct FileError {
    /// The path, as it was given or found.
    pub path: String,
    /// What is wrong with it.
    #[source]
    pub problem: FileProblem,
}

/// Why a path cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// Nothing is there, or a link leads nowhere.
    #[error("no such file or directory")]
    NotFound,
    /// Not for this user.
    #[error("permission denied")]
    Denied,
    /// A pipe, a device, a socket.
    #[error(
        "this is {0}, neither a file nor a directory; what another command writes is read by `… | l7guard check -`"
    )]
    NotAFile(&'static str),
    /// More than so many bytes.
    #[error("larger than {} MiB: split it", .0 >> 20)]
    TooLarge(usize),
    /// A directory in which nothing looks like a manifest.
    #[error("no .yaml, .yml or .json file in this directory")]
    NoManifests,
    /// A pattern that leads nowhere.
    #[error(transparent)]
    Pattern(#[from] PatternProblem),
    /// Anything else that the operating system says.
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl Input {
    /// The name for messages: the path, or `<stdin>`.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Input::Stdin => Cow::Borrowed("<stdin>"),
            Input::File(path) => path.to_string_lossy(),
        }
    }

    /// All of its bytes.
    ///
    /// # Errors
    /// When it cannot be read, or holds more than [`MAX_BYTES`].
    pub fn read(&self) -> Result<Vec<u8>, FileError> {
        self.read_at_most(MAX_BYTES)
    }

    /// All of its bytes, if they are not more than `most`.
    ///
    /// # Errors
    /// When it cannot be read, or holds more.
    pub fn read_at_most(&self, most: usize) -> Result<Vec<u8>, FileError> {
        let bytes = match self {
            Input::Stdin => read_bounded(io::stdin().lock(), 0, most),
            Input::File(path) => open(path).and_then(|(file, size)| read_bounded(file, size, most)),
        };
        bytes.map_err(|problem| FileError {
            path: self.name().into_owned(),
            problem,
        })
    }
}

/// Finds what `paths` name: files whatever they are called, directories with all manifests below them, what a pattern
/// matches (`apps/**/*.yaml`, where no file is called so), and `-` for standard input. Nothing is found twice, hidden directories below a named one are passed over, and links are
/// followed, once.
#[must_use]
pub fn find<P: AsRef<Path>>(paths: &[P]) -> Inputs {
    find_except(paths, &Exclusions::default())
}

/// Finds as [`find`] does, without what is excluded.
#[must_use]
pub fn find_except<P: AsRef<Path>>(paths: &[P], exclusions: &Exclusions) -> Inputs {
    let mut search = Search {
        excluded: HashSet::new(),
        exclusions,
        inputs: Inputs::default(),
        taken: HashSet::new(),
        stdin_taken: false,
        manifests: 0,
    };
    for path in paths {
        search.named(path.as_ref());
    }
    search.inputs.idle_exclusions = exclusions.without(&search.excluded);
    search.inputs
}

struct Search<'a> {
    exclusions: &'a Exclusions,
    /// Exclusions that left something out, by their numbers.
    excluded: HashSet<usize>,
    inputs: Inputs,
    /// Files and directories that were taken, by their canonical paths.
    taken: HashSet<PathBuf>,
    stdin_taken: bool,
    /// How many files were come upon, taken before or not.
    manifests: usize,
}

impl Search<'_> {
    /// Whether a path is left out, `inside` being what it is called below the root that was given.
    fn is_excluded(&mut self, inside: &Path) -> bool {
        let matching = self.exclusions.matching(inside);
        let is_excluded = !matching.is_empty();
        self.excluded.extend(matching);
        is_excluded
    }

    fn named(&mut self, path: &Path) {
        if path == Path::new("-") {
            if !std::mem::replace(&mut self.stdin_taken, true) {
                self.inputs.found.push(Input::Stdin);
            }
            return;
        }
        match fs::metadata(path) {
            Err(_) if pattern::is_pattern(path) => self.pattern(path),
            Err(error) => self.error(path, error.into()),
            Ok(metadata) if metadata.is_dir() => self.named_directory(path),
            Ok(_) if self.is_excluded(path) => {}
            Ok(metadata) => self.file(path, metadata.file_type()),
        }
    }

    /// Takes what a pattern matches: directories as if they were named, and of the files manifests, and those whose
    /// ending the pattern itself names.
    fn pattern(&mut self, pattern: &Path) {
        let (paths, unreadable) = match pattern::expand(pattern) {
            Ok(expanded) => expanded,
            Err(problem) => return self.error(pattern, problem.into()),
        };
        let before = (self.manifests, self.inputs.errors.len());
        let excluded = self.excluded.len();
        for path in paths {
            if self.is_excluded(&path) {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.directory(&path),
                Ok(metadata)
                    if has_manifest_extension(&path)
                        || (path.extension().is_some()
                            && path.extension() == pattern.extension()) =>
                {
                    self.file(&path, metadata.file_type());
                }
                Ok(_) => {}
                Err(error) => self.error(&path, error.into()),
            }
        }
        for problem in unreadable {
            self.error(pattern, problem.into());
        }
        let is_as_before = before == (self.manifests, self.inputs.errors.len());
        if is_as_before && excluded == self.excluded.len() {
            self.error(pattern, PatternProblem::NoMatch.into());
        }
    }

    fn named_directory(&mut self, path: &Path) {
        let before = (self.manifests, self.inputs.errors.len());
        let (known, excluded) = (self.taken.len(), self.excluded.len());
        self.directory(path);
        let is_new = self.taken.len() > known;
        let is_as_before = before == (self.manifests, self.inputs.errors.len());
        if is_new && is_as_before && excluded == self.excluded.len() {
            self.error(path, FileProblem::NoManifests);
        }
    }

    /// Takes what is in a directory and below it.
    ///
    /// By hand, as `walkdir` does not do the same: it follows a link into a directory every time it comes upon one, where
    /// here each is taken once, and fails on any link that leads nowhere, where here only one called like a manifest does.
    fn directory(&mut self, root: &Path) {
        let mut ahead = vec![root.to_owned()];
        while let Some(path) = ahead.pop() {
            if let Err(error) = self.entries(root, &path, &mut ahead) {
                self.error(&path, error.into());
            }
        }
    }

    /// Takes the files of one directory by name; its directories go on top of `ahead`, the first in order last.
    fn entries(&mut self, root: &Path, path: &Path, ahead: &mut Vec<PathBuf>) -> io::Result<()> {
        if !self.taken.insert(fs::canonicalize(path)?) {
            return Ok(());
        }
        let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut directories = Vec::new();
        for entry in entries {
            let path = entry.path();
            let is_manifest = has_manifest_extension(&path);
            if path
                .strip_prefix(root)
                .is_ok_and(|inside| self.is_excluded(inside))
            {
                continue;
            }
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() && !is_hidden(&entry.file_name()) => {
                    directories.push(path);
                }
                Ok(metadata) if is_manifest => self.file(&path, metadata.file_type()),
                Err(error) if is_manifest => self.error(&path, error.into()),
                _ => {}
            }
        }
        ahead.extend(directories.into_iter().rev());
        Ok(())
    }

    fn file(&mut self, path: &Path, kind: FileType) {
        if !kind.is_file() {
            return self.error(path, FileProblem::NotAFile(name_of(kind)));
        }
        match fs::canonicalize(path) {
            Ok(canonical) => {
                self.manifests += 1;
                if self.taken.insert(canonical) {
                    self.inputs.found.push(Input::File(path.to_owned()));
                }
            }
            Err(error) => self.error(path, error.into()),
        }
    }

    fn error(&mut self, path: &Path, problem: FileProblem) {
        self.inputs.errors.push(FileError {
            path: path.to_string_lossy().into_owned(),
            problem,
        });
    }
}

impl From<OpenError> for FileProblem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotAFile(what) => Self::NotAFile(what),
            OpenError::Io(error) => error.into(),
        }
    }
}

impl From<io::Error> for FileProblem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::Denied,
            _ => Self::Io(error),
        }
    }
}

/// Opens a file and tells its size.
fn open(path: &Path) -> Result<(File, usize), FileProblem> {
    let (file, size) = regular_file::open(path)?;
    let size = usize::try_from(size).map_err(|_| FileProblem::TooLarge(MAX_BYTES))?;
    Ok((file, size))
}

/// Reads to the end; the file may be longer than its `size` says. Never takes memory for more than is read of it: what has no
/// size beforehand is read in pieces, as an allocation that grows takes the old and the new memory at once.
fn read_bounded(mut from: impl Read, size: usize, most: usize) -> Result<Vec<u8>, FileProblem> {
    const LEAST: usize = 64 * 1024;
    const MOST: usize = 4 * 1024 * 1024;
    if size > most {
        return Err(FileProblem::TooLarge(most));
    }
    let mut first = Vec::with_capacity(size);
    from.by_ref().take(size as u64).read_to_end(&mut first)?;
    let (mut held, mut pieces) = (first.len(), vec![first]);
    loop {
        // One byte more than may be held shows that there is more.
        let wanted = held.clamp(LEAST, MOST).min(most - held + 1);
        let mut piece = Vec::with_capacity(wanted);
        let read = from.by_ref().take(wanted as u64).read_to_end(&mut piece)?;
        held += read;
        if held > most {
            return Err(FileProblem::TooLarge(most));
        }
        pieces.push(piece);
        if read < wanted {
            break;
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    Ok(match pieces.len() {
        1 => pieces.remove(0),
        _ => pieces.concat(),
    })
}

fn has_manifest_extension(path: &Path) -> bool {
    path.extension()
        .and_then(OsStr::to_str)
        .is_some_and(|extension| {
            EXTENSIONS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}
