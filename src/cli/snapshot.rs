//! `l7guard snapshot`: what rules and remedies read of a cluster, as a file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;

use super::ExitStatus;
use super::base;
use super::cluster::{ClusterArguments, NamedCluster};
use super::progress::Objects;
use crate::clock;
use crate::cluster::ClusterWorld;
use crate::metrics::Registry;
use crate::operations::Readiness;
use crate::pki::crypto;
use crate::snapshot::{self, Header, SnapshotWriter, Taken};
use crate::visible_text::one_line;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 written, 2 not written, or not whole: what could not be read is said, and the file has the rest.

A snapshot is of one cluster. The file holds no Secrets and no ConfigMaps, no command lines and no variables: docs/base-worlds.md has the list of what it \
holds.

Examples:
  l7guard snapshot --context prod --file prod.world
  l7guard check manifests/ --world prod.world")]
pub(super) struct Arguments {
    #[command(flatten)]
    clusters: ClusterArguments,
    /// The file to write; it is replaced when the snapshot is whole
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// Show no progress
    #[arg(long, short)]
    quiet: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let clusters = arguments.clusters.clusters()?;
    let [cluster] = &clusters[..] else {
        bail!("a snapshot is of one cluster: give one --context");
    };
    crypto::install();
    let file = destination(&arguments.file)?;
    let taken = Runtime::new()?.block_on(write(&file, arguments, cluster))?;
    let mut stderr = std::io::stderr().lock();
    let errors = base::errors(&taken);
    for error in &errors {
        writeln!(stderr, "error: {}", one_line(error))?;
    }
    if !arguments.quiet {
        let file = arguments.file.display().to_string();
        let name = one_line(&cluster.name);
        let objects = taken.objects;
        writeln!(stderr, "{}: {objects} objects of {name}", one_line(&file))?;
    }
    Ok(if errors.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Error
    })
}

/// The file to replace: what a link leads to. A device or a pipe would be replaced as well, `/dev/null` of the whole machine.
fn destination(file: &Path) -> Result<PathBuf> {
    let cannot = || format!("cannot write {}", file.display());
    match fs::metadata(file) {
        Ok(there) if there.is_file() => fs::canonicalize(file).with_context(cannot),
        Ok(there) => bail!(
            "{}: this is {}, and a snapshot is moved to its place when it is whole: name a file",
            cannot(),
            regular_file::name_of(there.file_type())
        ),
        Err(_) => Ok(file.to_owned()),
    }
}

/// Writes to a file without a name, and moves it to its place when it is whole. However the process ends, nothing is left of
/// one that was begun.
async fn write(file: &Path, arguments: &Arguments, cluster: &NamedCluster) -> Result<Taken> {
    let what = || format!("cannot write {}", file.display());
    let folder = file.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let nameless = tempfile::tempfile_in(folder).with_context(what)?;
    let header = Header::new(&cluster.name, clock::now());
    let mut writer = SnapshotWriter::new(BufWriter::new(nameless), &header).with_context(what)?;
    let progress = Objects::of(&cluster.name, !arguments.quiet);
    let client = cluster.connection.client().await?;
    let world = ClusterWorld::new(client, &Registry::default(), &Readiness::new());
    let taken = snapshot::take(&world, &mut writer, &|more| progress.read(more)).await;
    let mut taken = taken.with_context(|| format!("cannot read the cluster {}", cluster.name))?;
    if let Some(failure) = taken.failure.take() {
        return Err(failure).with_context(what);
    }
    let written = writer.finish().with_context(what)?.into_inner();
    let written = written.map_err(io::IntoInnerError::into_error);
    put_in_place(written.with_context(what)?, folder, file).with_context(what)?;
    Ok(taken)
}

/// Copies a file beside its place and moves it there, so that a reader finds the old one or the new one, whole.
fn put_in_place(mut written: File, folder: &Path, file: &Path) -> io::Result<()> {
    let mut beside = NamedTempFile::new_in(folder)?;
    written.rewind()?;
    io::copy(&mut written, &mut beside)?;
    beside.persist(file)?;
    Ok(())
}
