//! `l7guard certs`: a certificate for development, as files.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ExitStatus;
use crate::installation::ServiceName;
use crate::pki::development;

/// Only its owner reads a private key.
const PRIVATE: u32 = 0o600;

/// Everybody may read a certificate.
const PUBLIC: u32 = 0o644;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Writes ca.crt, tls.crt and tls.key, valid for a year for localhost, 127.0.0.1, ::1 and the names that are given, and prints \
caBundle. The key of the authority is kept nowhere. In a cluster use `l7guard serve --managed-certificates`, cert-manager or \
certificates of your own: see certs/README.md.

Example:
  l7guard certs dev-certs --service l7guard/l7guard
  l7guard serve --tls-cert dev-certs/tls.crt --tls-key dev-certs/tls.key --manifests examples/quickstart/world")]
pub(super) struct Arguments {
    /// The directory to write to; it is made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// A Service that the certificate is for (NAME.NAMESPACE.svc)
    #[arg(long, value_name = "NAMESPACE/NAME")]
    service: Option<ServiceName>,
    /// A DNS name or IP address that it is for; repeat it for several
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// What is written of one file.
struct File<'a> {
    path: PathBuf,
    mode: u32,
    text: &'a str,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let service = arguments.service.as_ref().map(ServiceName::server_name);
    let names: Vec<String> = service.into_iter().chain(arguments.name.clone()).collect();
    let (authority, leaf) = development::generate_leaf(&names)?;
    let (certificate, key) = (leaf.certificate_pem(), leaf.key_pem());
    let file = |name: &str, mode, text| File {
        path: arguments.directory.join(name),
        mode,
        text,
    };
    let files = [
        file("tls.key", PRIVATE, key.as_str()),
        file("tls.crt", PUBLIC, &certificate),
        file("ca.crt", PUBLIC, &authority),
    ];
    if !arguments.force {
        refuse_existing(&files)?;
    }
    let directory = &arguments.directory;
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    for file in &files {
        write(file, directory, arguments.force)
            .with_context(|| format!("cannot write {}", file.path.display()))?;
    }
    let ca_bundle = STANDARD.encode(authority);
    writeln!(io::stdout(), "caBundle: {ca_bundle}")?;
    Ok(ExitStatus::Success)
}

/// Looks at all of them before anything is written: a new key beside an old certificate would be worse than nothing.
fn refuse_existing(files: &[File<'_>]) -> Result<()> {
    for file in files {
        // A link that leads nowhere is there, too.
        if file.path.symlink_metadata().is_ok() {
            bail!(
                "{} exists; --force replaces it, and the files beside it",
                file.path.display()
            );
        }
    }
    Ok(())
}

/// Writes beside it first, so that nobody sees half of a file, or a key that others may read.
fn write(file: &File<'_>, directory: &Path, force: bool) -> Result<()> {
    let permissions = Permissions::from_mode(file.mode);
    let mut written = tempfile::Builder::new()
        .permissions(permissions)
        .tempfile_in(directory)?;
    written.write_all(file.text.as_bytes())?;
    if force {
        written.persist(&file.path)?;
    } else {
        written.persist_noclobber(&file.path)?;
    }
    Ok(())
}
