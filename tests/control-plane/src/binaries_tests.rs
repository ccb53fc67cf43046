use std::io;

use tempfile::TempDir;

use super::*;

const GO_THAT_BUILDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/go-that-builds");
const GO_THAT_FAILS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/go-that-fails");

/// A cache and a folder of ready-made executables.
struct Folders {
    assets: TempDir,
    cache: TempDir,
}

impl Folders {
    fn with_assets(binaries: &[Binary]) -> Self {
        let folders = Self {
            assets: tempfile::tempdir().unwrap(),
            cache: tempfile::tempdir().unwrap(),
        };
        for binary in binaries {
            let path = folders.asset(*binary);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folders
    }

    fn asset(&self, binary: Binary) -> PathBuf {
        self.assets.path().join(binary.name())
    }

    fn find_or_build(&self, go: &str, progress: &mut impl Write) -> Result<Binaries, Error> {
        Search {
            assets: Some(self.assets.path().to_path_buf()),
            cache: self.cache.path().to_path_buf(),
            go: go.into(),
        }
        .find_or_build(progress)
    }
}

#[test]
fn each_binary_comes_from_the_assets_where_it_is_there_and_only_the_others_are_built() {
    let folders = Folders::with_assets(&[Binary::Etcd, Binary::Kubectl]);
    let mut progress = Vec::new();
    let found = folders
        .find_or_build(GO_THAT_BUILDS, &mut progress)
        .unwrap();
    assert_eq!(found.etcd, folders.asset(Binary::Etcd));
    assert_eq!(found.kubectl, folders.asset(Binary::Kubectl));
    for built in [&found.kube_apiserver, &found.kube_controller_manager] {
        assert!(built.starts_with(folders.cache.path()), "{built:?}");
        assert_eq!(fs::read_to_string(built).unwrap(), "built\n");
    }
    let progress = String::from_utf8(progress).unwrap();
    assert!(progress.contains("building kube-apiserver"), "{progress}");
    assert!(!progress.contains("etcd"), "{progress}");
}

#[test]
fn a_file_in_the_assets_that_cannot_be_executed_is_not_taken() {
    let folders = Folders::with_assets(&Binary::ALL);
    let etcd = folders.asset(Binary::Etcd);
    fs::set_permissions(&etcd, fs::Permissions::from_mode(0o644)).unwrap();
    let found = folders
        .find_or_build(GO_THAT_BUILDS, &mut io::sink())
        .unwrap();
    assert_ne!(found.etcd, etcd);
    assert_eq!(found.kube_apiserver, folders.asset(Binary::KubeApiserver));
}

#[test]
fn with_every_binary_in_the_assets_nothing_is_said_and_no_go_is_needed() {
    let folders = Folders::with_assets(&Binary::ALL);
    let mut progress = Vec::new();
    folders
        .find_or_build("/nonexistent/go", &mut progress)
        .unwrap();
    assert!(progress.is_empty());
}

#[test]
fn without_go_the_error_is_its_own_and_names_what_is_needed() {
    let folders = Folders::with_assets(&[Binary::Etcd, Binary::KubeApiserver]);
    let error = folders
        .find_or_build("/nonexistent/go", &mut io::sink())
        .unwrap_err();
    let Error::GoMissing { needed } = error else {
        panic!("{error:?}");
    };
    assert_eq!(needed, "kube-controller-manager, kubectl");
}

#[test]
fn a_failed_build_shows_what_the_compiler_said_and_leaves_nothing_that_looks_built() {
    let folders = Folders::with_assets(&[]);
    for _ in 0..2 {
        let error = folders
            .find_or_build(GO_THAT_FAILS, &mut io::sink())
            .unwrap_err();
        assert!(matches!(error, Error::BuildFailed { binary: "etcd", .. }));
        assert!(
            error.to_string().contains("undefined: everything"),
            "{error}"
        );
    }
}
