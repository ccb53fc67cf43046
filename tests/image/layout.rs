//! What `images/pack` writes, with files in place of binaries.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{Case, oci};

pub(crate) const CASES: &[Case] = &[
    (
        "layout::every_architecture_has_an_image_of_its_own_binary",
        every_architecture_has_an_image_of_its_own_binary,
    ),
    (
        "layout::an_image_holds_the_binary_and_an_empty_tmp",
        an_image_holds_the_binary_and_an_empty_tmp,
    ),
    (
        "layout::it_runs_as_nobody_and_says_what_it_is",
        it_runs_as_nobody_and_says_what_it_is,
    ),
    (
        "layout::the_same_binaries_make_the_same_image",
        the_same_binaries_make_the_same_image,
    ),
    (
        "layout::what_is_no_image_is_not_replaced",
        what_is_no_image_is_not_replaced,
    ),
    (
        "layout::containerd_is_told_what_to_call_the_image",
        containerd_is_told_what_to_call_the_image,
    ),
    (
        "layout::a_label_cannot_break_out_of_its_quotes",
        a_label_cannot_break_out_of_its_quotes,
    ),
];

fn pack(directory: &Path, name: &str, variables: &[(&str, &str)]) -> Output {
    for (architecture, text) in [("amd64", "of amd64"), ("arm64", "of arm64")] {
        fs::write(directory.join(architecture), text).unwrap();
    }
    Command::new("images/pack")
        .arg(directory.join(name))
        .args(["amd64", "arm64"].map(|architecture| {
            format!("{architecture}={}", directory.join(architecture).display())
        }))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("VERSION")
        .env_remove("NAME")
        .env("REVISION", "0123abc")
        .env("SOURCE", "https://git.example.com/l7guard")
        .env("SOURCE_DATE_EPOCH", "86400")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn packed(directory: &Path) -> Vec<oci::Image> {
    let output = pack(directory, "image", &[]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    oci::read(&directory.join("image"))
}

fn every_architecture_has_an_image_of_its_own_binary() {
    let directory = tempfile::tempdir().unwrap();
    let images = packed(directory.path());
    let architectures: Vec<&str> = images
        .iter()
        .map(|image| image.architecture.as_str())
        .collect();
    assert_eq!(architectures, ["amd64", "arm64"]);
    for image in &images {
        let text = Command::new("tar")
            .args(["-xzOf"])
            .arg(&image.layer)
            .arg("l7guard")
            .output()
            .unwrap();
        assert_eq!(
            text.stdout,
            format!("of {}", image.architecture).into_bytes()
        );
    }
}

fn an_image_holds_the_binary_and_an_empty_tmp() {
    let directory = tempfile::tempdir().unwrap();
    for image in packed(directory.path()) {
        let list = Command::new("tar")
            .args(["--list", "--verbose", "--numeric-owner", "--utc", "--file"])
            .arg(&image.layer)
            .output()
            .unwrap();
        let list = String::from_utf8(list.stdout).unwrap();
        let list: Vec<String> = list
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            list,
            [
                "-r-xr-xr-x 0/0 8 1970-01-02 00:00 l7guard",
                "drwxrwxrwt 0/0 0 1970-01-02 00:00 tmp/"
            ]
        );
    }
}

fn it_runs_as_nobody_and_says_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    for image in packed(directory.path()) {
        let config = &image.config["config"];
        assert_eq!(config["User"], "65532:65532");
        assert_eq!(config["Entrypoint"], serde_json::json!(["/l7guard"]));
        let label = |name: &str| {
            let name = format!("org.opencontainers.image.{name}");
            assert_eq!(
                config["Labels"][&name],
                image.manifest["annotations"][&name]
            );
            config["Labels"][&name].as_str().unwrap().to_owned()
        };
        assert_eq!(label("title"), "l7guard");
        assert_eq!(label("version"), env!("CARGO_PKG_VERSION"));
        assert_eq!(label("licenses"), env!("CARGO_PKG_LICENSE"));
        assert_eq!(label("revision"), "0123abc");
        assert_eq!(label("source"), "https://git.example.com/l7guard");
        assert_eq!(label("created"), "1970-01-02T00:00:00Z");
        assert!(!label("description").is_empty());
    }
}

fn the_same_binaries_make_the_same_image() {
    let directory = tempfile::tempdir().unwrap();
    let index = || {
        packed(directory.path());
        fs::read(directory.path().join("image/index.json")).unwrap()
    };
    let first = index();
    assert_eq!(index(), first);
}

fn what_is_no_image_is_not_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("image/precious");
    fs::create_dir(directory.path().join("image")).unwrap();
    fs::write(&file, "").unwrap();
    let output = pack(directory.path(), "image", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(file.exists());
}

fn containerd_is_told_what_to_call_the_image() {
    let directory = tempfile::tempdir().unwrap();
    let name = |variables: &[(&str, &str)]| {
        assert!(pack(directory.path(), "image", variables).status.success());
        oci::read(&directory.path().join("image"));
        let index = fs::read(directory.path().join("image/index.json")).unwrap();
        let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
        index["manifests"][0]["annotations"]["io.containerd.image.name"].clone()
    };
    assert_eq!(name(&[]), serde_json::Value::Null);
    let wanted = concat!("localhost/l7guard:", env!("CARGO_PKG_VERSION"));
    assert_eq!(name(&[("NAME", "localhost/l7guard")]), wanted);
}

fn a_label_cannot_break_out_of_its_quotes() {
    let directory = tempfile::tempdir().unwrap();
    for variable in ["VERSION", "REVISION", "SOURCE", "NAME"] {
        let output = pack(directory.path(), "image", &[(variable, "a\",\"b\":\"")]);
        assert_eq!(output.status.code(), Some(2), "{variable}");
        assert!(!directory.path().join("image").exists());
    }
}
