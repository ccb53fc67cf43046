//! Reads an OCI image layout, and trusts none of its descriptors.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ring::digest::{SHA256, digest};
use serde_json::Value;

/// An image for one architecture.
pub(crate) struct Image {
    pub(crate) architecture: String,
    pub(crate) manifest: Value,
    pub(crate) config: Value,
    /// The one layer, compressed.
    pub(crate) layer: PathBuf,
}

/// Every image of a layout. All blobs are compared with their descriptors, and there is no other blob.
pub(crate) fn read(layout: &Path) -> Vec<Image> {
    let version = json(&layout.join("oci-layout"));
    assert_eq!(version["imageLayoutVersion"], "1.0.0");
    let mut seen = Vec::new();
    let mut blob = |descriptor: &Value| {
        let (path, bytes) = checked(layout, descriptor);
        seen.push(path.clone());
        (path, bytes)
    };
    let index = json(&layout.join("index.json"));
    let top = only(&index["manifests"]);
    assert_eq!(top["mediaType"], "application/vnd.oci.image.index.v1+json");
    let platforms: Value = serde_json::from_slice(&blob(top).1).unwrap();
    let mut images = Vec::new();
    for platform in platforms["manifests"].as_array().unwrap() {
        assert_eq!(platform["platform"]["os"], "linux");
        let manifest: Value = serde_json::from_slice(&blob(platform).1).unwrap();
        let config: Value = serde_json::from_slice(&blob(&manifest["config"]).1).unwrap();
        let (layer, _) = blob(only(&manifest["layers"]));
        let tar = Command::new("gzip")
            .args(["-dc"])
            .arg(&layer)
            .output()
            .unwrap()
            .stdout;
        assert_eq!(
            config["rootfs"]["diff_ids"],
            serde_json::json!([sha256(&tar)])
        );
        assert_eq!(config["architecture"], platform["platform"]["architecture"]);
        images.push(Image {
            architecture: config["architecture"].as_str().unwrap().to_owned(),
            manifest,
            config,
            layer,
        });
    }
    seen.sort();
    seen.dedup();
    let mut blobs: Vec<PathBuf> = fs::read_dir(layout.join("blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    blobs.sort();
    assert_eq!(seen, blobs);
    images
}

/// Unpacks the layer of an image, with owners and modes.
pub(crate) fn unpack(image: &Image, directory: &Path) {
    let status = Command::new("tar")
        .args([
            "--extract",
            "--gzip",
            "--numeric-owner",
            "--same-owner",
            "--same-permissions",
        ])
        .arg("--file")
        .arg(&image.layer)
        .arg("--directory")
        .arg(directory)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

fn only(list: &Value) -> &Value {
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    &list[0]
}

fn checked(layout: &Path, descriptor: &Value) -> (PathBuf, Vec<u8>) {
    let named = descriptor["digest"].as_str().unwrap();
    let path = layout.join("blobs").join(named.replace(':', "/"));
    let bytes = fs::read(&path).unwrap();
    assert_eq!(sha256(&bytes), named);
    assert_eq!(descriptor["size"], bytes.len());
    (path, bytes)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in digest(&SHA256, bytes).as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
