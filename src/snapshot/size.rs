//! How large a snapshot may be. A small file can unpack to more than any memory holds, and an API server can list without
//! an end: so what is written and what is read is bounded alike.

use thiserror::Error;

/// The most objects. Pods that are alike are one object, so this is far more than a cluster has.
const OBJECTS: usize = 1_000_000;

/// The most bytes of all lines together: 512 MiB, as of a file of manifests.
const BYTES: usize = 512 * 1024 * 1024;

/// A snapshot beyond the bounds.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TooLarge {
    /// Too many objects.
    #[error("a snapshot has at most {OBJECTS} objects")]
    Objects,
    /// Too many bytes.
    #[error("a snapshot has at most {} MiB of objects, unpacked", BYTES >> 20)]
    Bytes,
}

/// What a snapshot may still have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    objects: usize,
    bytes: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self::of(OBJECTS, BYTES)
    }
}

impl Size {
    /// So many objects, of so many bytes together.
    pub(super) fn of(objects: usize, bytes: usize) -> Self {
        Self { objects, bytes }
    }

    /// Takes one object more, of so many bytes.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), TooLarge> {
        self.objects = self.objects.checked_sub(1).ok_or(TooLarge::Objects)?;
        self.bytes = self.bytes.checked_sub(bytes).ok_or(TooLarge::Bytes)?;
        Ok(())
    }
}
