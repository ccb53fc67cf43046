use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::super::served::{ServedCertificate, channel};
use super::*;

/// Writes a new pair, and returns what the certificate is in DER.
fn write_pair(folder: &Path, params: &CertificateParams) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    fs::write(folder.join("tls.crt"), certificate.pem()).unwrap();
    fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
    certificate.der().to_vec()
}

fn params() -> CertificateParams {
    CertificateParams::new(["a.example".to_owned()]).unwrap()
}

/// Files, and what is served of them.
struct Rotating(CertificateFiles, ServedCertificate);

impl Rotating {
    fn contents(&self) -> Contents {
        self.0.contents()
    }
}

fn load(folder: &Path) -> Rotating {
    let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    let metrics = Registry::new();
    let (publisher, served) = channel(&metrics);
    let (files, _) = CertificateFiles::load(certificate, key, publisher, &metrics).unwrap();
    Rotating(files, served)
}

fn served(rotating: &Rotating) -> Vec<u8> {
    rotating.1.leaf().unwrap()
}

fn look(rotating: &Rotating) -> Result<(), Refused> {
    rotating.0.apply(&rotating.contents())
}

/// A volume as kubelet writes it: the files are links into `..data`, which is a link to a folder of its own time
/// (kubernetes/kubernetes, `pkg/volume/util/atomic_writer.go`).
struct Volume {
    folder: TempDir,
    writes: usize,
}

impl Volume {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["tls.crt", "tls.key"] {
            symlink(Path::new("..data").join(name), folder.path().join(name)).unwrap();
        }
        Self { folder, writes: 0 }
    }

    fn write(&mut self, params: &CertificateParams) -> Vec<u8> {
        let path = self.folder.path();
        let (old, new) = (self.writes, self.writes + 1);
        let folder = path.join(format!("..{new}"));
        fs::create_dir(&folder).unwrap();
        let der = write_pair(&folder, params);
        symlink(&folder, path.join("..data_tmp")).unwrap();
        fs::rename(path.join("..data_tmp"), path.join("..data")).unwrap();
        let _ = fs::remove_dir_all(path.join(format!("..{old}")));
        self.writes = new;
        der
    }
}

#[test]
fn a_volume_that_kubelet_writes_anew_is_followed_each_time() {
    let mut volume = Volume::new();
    let first = volume.write(&params());
    let rotating = load(volume.folder.path());
    assert_eq!(served(&rotating), first);
    for _ in 0..3 {
        let before = rotating.contents();
        let next = volume.write(&params());
        assert_ne!(rotating.contents(), before);
        look(&rotating).unwrap();
        assert_eq!(served(&rotating), next);
    }
}

#[test]
fn files_that_are_overwritten_or_renamed_into_place_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    write_pair(folder.path(), &params());
    let rotating = load(folder.path());
    let overwritten = write_pair(folder.path(), &params());
    look(&rotating).unwrap();
    assert_eq!(served(&rotating), overwritten);
    let elsewhere = tempfile::tempdir().unwrap();
    let renamed = write_pair(elsewhere.path(), &params());
    for name in ["tls.crt", "tls.key"] {
        let copy = folder.path().join(format!("{name}.new"));
        fs::copy(elsewhere.path().join(name), &copy).unwrap();
        fs::rename(&copy, folder.path().join(name)).unwrap();
    }
    look(&rotating).unwrap();
    assert_eq!(served(&rotating), renamed);
}

#[test]
fn a_torn_or_wrong_pair_leaves_the_last_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let good = write_pair(path, &params());
    let rotating = load(path);
    let key_of_good = fs::read(path.join("tls.key")).unwrap();
    write_pair(path, &params());
    let (certificate, key) = (
        fs::read(path.join("tls.crt")).unwrap(),
        fs::read(path.join("tls.key")).unwrap(),
    );
    let wrong: [(&[u8], &[u8]); 5] = [
        (&certificate, &key_of_good),
        (&certificate[..certificate.len() / 2], &key),
        (&certificate, &key[..key.len() / 2]),
        (b"", b""),
        (&key, &certificate),
    ];
    for (certificate, key) in wrong {
        fs::write(path.join("tls.crt"), certificate).unwrap();
        fs::write(path.join("tls.key"), key).unwrap();
        let refused = look(&rotating).unwrap_err();
        assert!(refused.message.contains("tls."), "{refused}");
        assert_eq!(served(&rotating), good);
    }
    write_pair(path, &params());
    fs::remove_file(path.join("tls.key")).unwrap();
    assert!(look(&rotating).unwrap_err().message.contains("cannot read"));
    assert_eq!(served(&rotating), good);
}

#[test]
fn a_certificate_that_nobody_accepts_now_does_not_replace_one_that_is_good() {
    let folder = tempfile::tempdir().unwrap();
    let good = write_pair(folder.path(), &params());
    let rotating = load(folder.path());
    let mut expired = params();
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let mut early = params();
    early.not_before = date_time_ymd(2990, 1, 1);
    early.not_after = date_time_ymd(2991, 1, 1);
    for (params, may_be_good_later) in [(&expired, false), (&early, true)] {
        write_pair(folder.path(), params);
        assert_eq!(
            look(&rotating).unwrap_err().may_be_good_later,
            may_be_good_later
        );
        assert_eq!(served(&rotating), good);
    }
    // In place of one that has expired itself anything is as good.
    write_pair(folder.path(), &expired);
    let rotating = load(folder.path());
    let early = write_pair(folder.path(), &early);
    look(&rotating).unwrap();
    assert_eq!(served(&rotating), early);
}
