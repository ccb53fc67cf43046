//! Executables that were built from source, kept so that each is built once for all tests, runs and processes.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::Error;
use crate::binaries::Binary;
use crate::go_build;

/// The folder of one set of sources: other pins or other build flags get another one.
pub(crate) struct BuildCache {
    folder: PathBuf,
}

/// The folder for the caches of all versions: `control-plane` in Cargo's target directory.
///
/// Cargo tells a running test nothing of that directory, so it is found as the folder above the running executable
/// that holds what Cargo puts there. An executable elsewhere uses `target` of the workspace that it was built in.
pub(crate) fn folder() -> Result<PathBuf, Error> {
    let executable =
        std::env::current_exe().map_err(Error::io("find the running executable's own path"))?;
    let target = target_directory_above(&executable).unwrap_or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join("target")
    });
    Ok(target.join("control-plane"))
}

fn target_directory_above(executable: &Path) -> Option<PathBuf> {
    let marks = ["CACHEDIR.TAG", ".rustc_info.json"];
    executable
        .ancestors()
        .skip(1)
        .find(|folder| marks.iter().any(|mark| folder.join(mark).is_file()))
        .map(Path::to_path_buf)
}

impl BuildCache {
    /// The cache for the sources that this crate pins, below `folder`.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.join(go_build::sources_key()),
        }
    }

    /// Where `binary` is, once it has been built.
    pub(crate) fn path(&self, binary: Binary) -> PathBuf {
        self.folder.join(binary.name())
    }

    /// Builds those of `wanted` that are not here yet. Of several processes one builds, and the others wait for it.
    pub(crate) fn fill(
        &self,
        wanted: &[Binary],
        go: &OsStr,
        progress: &mut impl Write,
    ) -> Result<(), Error> {
        if self.missing(wanted).is_empty() {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)
            .map_err(Error::io(format!("create {}", self.folder.display())))?;
        let _held_until_return = self.lock(progress)?;
        let missing = self.missing(wanted);
        if missing.is_empty() {
            return Ok(());
        }
        let sources = go_build::Sources::unpack(&self.folder, go, &missing)?;
        for binary in missing {
            self.build(binary, &sources, progress)?;
        }
        Ok(())
    }

    fn missing(&self, wanted: &[Binary]) -> Vec<Binary> {
        let mut missing = wanted.to_vec();
        missing.retain(|binary| !self.path(*binary).is_file());
        missing
    }

    fn lock(&self, progress: &mut impl Write) -> Result<Lock, Error> {
        let path = self.folder.join("lock");
        let attempt = format!("lock {}", path.display());
        let lock = File::create(&path).map_err(Error::io(&attempt))?;
        match lock.try_lock() {
            Ok(()) => Ok(Lock(lock)),
            Err(TryLockError::WouldBlock) => {
                say(
                    progress,
                    "another process is building them: waiting for it (several minutes at most)",
                )?;
                lock.lock().map_err(Error::io(&attempt))?;
                Ok(Lock(lock))
            }
            Err(TryLockError::Error(error)) => Err(Error::io(&attempt)(error)),
        }
    }

    /// Builds beside the final place and renames, so that a file of the final name is always whole.
    fn build(
        &self,
        binary: Binary,
        sources: &go_build::Sources,
        progress: &mut impl Write,
    ) -> Result<(), Error> {
        let name = binary.name();
        let takes = go_build::takes_about(binary);
        say(
            progress,
            &format!("building {name} from source, needed once; {takes} on two cores"),
        )?;
        let began = Instant::now();
        let partial = self.folder.join(format!("{name}.partial"));
        sources.build(binary, &partial)?;
        fs::rename(&partial, self.path(binary))
            .map_err(Error::io(format!("rename {}", partial.display())))?;
        let seconds = began.elapsed().as_secs();
        say(progress, &format!("built {name} in {seconds} s"))
    }
}

/// The right to build, held until it is dropped.
struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough: a child that another thread is just starting holds a copy for a moment.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn say(progress: &mut impl Write, line: &str) -> Result<(), Error> {
    writeln!(progress, "control plane: {line}").map_err(Error::io("report progress"))
}

#[cfg(test)]
#[path = "build_cache_tests.rs"]
mod tests;
