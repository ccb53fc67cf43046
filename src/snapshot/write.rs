//! A snapshot, written line by line.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::format::Header;
use super::size::Size;

/// The fastest level makes a file of a tenth of its lines, in a fifth of the time of the default.
const LEVEL: Compression = Compression::fast();

/// Whatever takes the reduced objects of a cluster.
pub trait Lines: Send {
    /// Takes one.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn put(&mut self, object: Value) -> io::Result<()>;
}

/// Writes a snapshot.
pub struct SnapshotWriter<W: Write> {
    encoder: GzEncoder<W>,
    size: Size,
}

impl<W: Write> SnapshotWriter<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(to: W, header: &Header) -> io::Result<Self> {
        Self::within(to, header, Size::default())
    }

    /// Begins one that takes so much.
    pub(super) fn within(to: W, header: &Header, size: Size) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(to, LEVEL);
        serde_json::to_writer(&mut encoder, header)?;
        encoder.write_all(b"\n")?;
        Ok(Self { encoder, size })
    }

    /// Ends the file. One that was not ended is taken for one that was cut off.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.encoder.finish()
    }
}

impl<W: Write + Send> Lines for SnapshotWriter<W> {
    fn put(&mut self, object: Value) -> io::Result<()> {
        let mut line = object.to_string();
        self.size.add(line.len()).map_err(io::Error::other)?;
        line.push('\n');
        self.encoder.write_all(line.as_bytes())
    }
}
