use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

use super::{path, run};

#[test]
fn the_files_verify_by_the_printed_bundle_and_only_the_owner_reads_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("a/b");
    let ended = run(&[
        "certs",
        path(&files),
        "--service",
        "platform/guard",
        "--name",
        "10.0.0.7",
    ]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let ca_bundle = ended.stdout.trim().strip_prefix("caBundle: ").unwrap();
    let authority = fs::read(files.join("ca.crt")).unwrap();
    assert_eq!(STANDARD.decode(ca_bundle).unwrap(), authority);
    for (name, mode) in [("tls.key", 0o600), ("tls.crt", 0o644), ("ca.crt", 0o644)] {
        let found = fs::metadata(files.join(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o777 & !mode, 0, "{name} {found:o}");
    }
    PrivateKeyDer::from_pem_file(files.join("tls.key")).unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(&authority).unwrap())
        .unwrap();
    let provider = l7guard::pki::crypto::install();
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
        .build()
        .unwrap();
    let leaf = CertificateDer::from_pem_file(files.join("tls.crt")).unwrap();
    for name in ["guard.platform.svc", "10.0.0.7", "localhost"] {
        let name = ServerName::try_from(name).unwrap();
        verifier
            .verify_server_cert(&leaf, &[], &name, &[], UnixTime::now())
            .unwrap();
    }
}

#[test]
fn nothing_is_replaced_without_being_asked_to() {
    for existing in ["tls.key", "tls.crt", "ca.crt"] {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join(existing);
        symlink("/nowhere", &there).unwrap();
        let ended = run(&["certs", path(folder.path())]);
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.contains("--force"), "{}", ended.stderr);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let ended = run(&["certs", path(folder.path()), "--force"]);
        assert_eq!(ended.status, 0, "{}", ended.stderr);
        assert!(fs::symlink_metadata(&there).unwrap().is_file());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}

#[test]
fn a_name_that_is_none_and_a_directory_that_cannot_be_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(&["certs", path(folder.path()), "--name", "two words"]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("\"two words\""), "{}", ended.stderr);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let ended = run(&["certs", path(&file)]);
    assert_eq!(ended.status, 2);
    assert!(ended.stderr.contains("cannot make"), "{}", ended.stderr);
}
