use std::fs;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::*;

/// A folder with `tls.crt` and `tls.key` that belong together.
struct Pair {
    folder: TempDir,
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn new() -> Self {
        Self::with(&CertificateParams::new(["a.example".to_owned()]).unwrap())
    }

    fn with(params: &CertificateParams) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
        let pair = KeyPair::generate().unwrap();
        fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
        fs::write(&key, pair.serialize_pem()).unwrap();
        Self {
            folder,
            certificate,
            key,
        }
    }

    fn load(&self) -> Result<Issued, FileError> {
        load(&self.certificate, &self.key)
    }

    /// The error of loading it, which has to name `culprit` in its text.
    fn error_about(&self, culprit: &Path) -> FileError {
        let error = self.load().unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&culprit.display().to_string()), "{text}");
        error
    }
}

#[test]
fn a_pair_that_belongs_together_is_loaded_with_its_whole_chain() {
    let pair = Pair::new();
    let chain = fs::read_to_string(&pair.certificate).unwrap()
        + &fs::read_to_string(Pair::new().certificate).unwrap();
    fs::write(&pair.certificate, chain).unwrap();
    let loaded = pair.load().unwrap();
    assert_eq!(loaded.certificate.cert.len(), 2);
    assert!(matches!(
        loaded.validity.at(SystemTime::now()),
        Validness::Valid(_)
    ));
}

#[test]
fn a_missing_file_is_named() {
    let pair = Pair::new();
    fs::remove_file(&pair.key).unwrap();
    assert!(matches!(
        pair.error_about(&pair.key),
        FileError::Unreadable { .. }
    ));
    let pair = Pair::new();
    fs::remove_file(&pair.certificate).unwrap();
    assert!(matches!(
        pair.error_about(&pair.certificate),
        FileError::Unreadable { .. }
    ));
    drop(pair.folder);
}

#[test]
fn a_certificate_file_without_a_certificate_is_named() {
    let pair = Pair::new();
    fs::copy(&pair.key, &pair.certificate).unwrap();
    assert!(matches!(
        pair.error_about(&pair.certificate),
        FileError::NoCertificate { .. }
    ));
}

#[test]
fn a_key_file_without_a_key_is_named() {
    let pair = Pair::new();
    fs::copy(&pair.certificate, &pair.key).unwrap();
    assert!(matches!(
        pair.error_about(&pair.key),
        FileError::NoKey { .. }
    ));
    let encrypted = fs::read_to_string(Pair::new().key)
        .unwrap()
        .replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    fs::write(&pair.key, encrypted).unwrap();
    assert!(matches!(
        pair.error_about(&pair.key),
        FileError::NoKey { .. }
    ));
}

#[test]
fn a_key_of_another_certificate_is_refused_with_both_names() {
    let pair = Pair::new();
    fs::copy(Pair::new().key, &pair.key).unwrap();
    assert!(matches!(
        pair.error_about(&pair.key),
        FileError::Mismatch { .. }
    ));
    pair.error_about(&pair.certificate);
}

#[test]
fn a_chain_that_begins_with_its_authority_is_a_mismatch() {
    let pair = Pair::new();
    let chain = fs::read_to_string(Pair::new().certificate).unwrap()
        + &fs::read_to_string(&pair.certificate).unwrap();
    fs::write(&pair.certificate, chain).unwrap();
    assert!(matches!(
        pair.error_about(&pair.certificate),
        FileError::Mismatch { .. }
    ));
}

#[test]
fn a_file_cut_in_the_middle_is_named() {
    let pair = Pair::new();
    let whole = fs::read(&pair.certificate).unwrap();
    fs::write(&pair.certificate, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(
        pair.error_about(&pair.certificate),
        FileError::Pem { .. }
    ));
    let pair = Pair::new();
    let whole = fs::read(&pair.key).unwrap();
    fs::write(&pair.key, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(pair.error_about(&pair.key), FileError::Pem { .. }));
}

#[test]
fn a_section_that_is_no_certificate_is_told_by_its_position() {
    let pair = Pair::new();
    let nonsense = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let chain = fs::read_to_string(&pair.certificate).unwrap() + nonsense;
    fs::write(&pair.certificate, chain).unwrap();
    assert!(matches!(
        pair.error_about(&pair.certificate),
        FileError::Certificate { position: 2, .. }
    ));
}

#[test]
fn a_key_that_is_none_is_named() {
    let pair = Pair::new();
    fs::write(
        &pair.key,
        "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    assert!(matches!(pair.error_about(&pair.key), FileError::Key { .. }));
}

#[test]
fn an_expired_certificate_is_loaded_and_its_validity_says_so_whatever_follows_in_the_chain() {
    let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    let pair = Pair::with(&params);
    let valid = fs::read_to_string(Pair::new().certificate).unwrap();
    let chain = fs::read_to_string(&pair.certificate).unwrap() + &valid;
    fs::write(&pair.certificate, chain).unwrap();
    let validity = pair.load().unwrap().validity;
    assert!(matches!(
        validity.at(SystemTime::now()),
        Validness::Expired(_)
    ));
}

#[test]
fn validity_includes_both_of_its_ends() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    let second = Duration::from_secs(1);
    let validity = Validity {
        not_before: start,
        not_after: start + second,
    };
    assert_eq!(validity.at(start - second), Validness::NotYet(second));
    assert_eq!(validity.at(start), Validness::Valid(second));
    assert_eq!(
        validity.at(start + second),
        Validness::Valid(Duration::ZERO)
    );
    assert_eq!(
        validity.at(start + second + second),
        Validness::Expired(second)
    );
}
