//! The program out of an image for another architecture, run by qemu (Debian: qemu-user).

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::container::{VIOLATOR, image, text, write_and_wait};
use super::{Case, oci};

pub(crate) const CASES: &[Case] = &[
    (
        "emulated::it_is_a_static_binary_of_its_architecture",
        it_is_a_static_binary_of_its_architecture,
    ),
    (
        "emulated::check_judges_standard_input",
        check_judges_standard_input,
    ),
    ("emulated::demo_shows_a_refusal", demo_shows_a_refusal),
];

/// An image for another architecture, and the program that runs its binaries.
struct Foreign {
    image: oci::Image,
    machine: &'static str,
    emulator: PathBuf,
}

fn foreign() -> Option<Foreign> {
    let images = oci::read(&image()?).into_iter();
    let mut foreign = images.filter_map(|image| {
        let machine = match image.architecture.as_str() {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            _ => return None,
        };
        let names = [format!("qemu-{machine}"), format!("qemu-{machine}-static")];
        let path = std::env::var_os("PATH")?;
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let places = folders
            .iter()
            .flat_map(|folder| names.iter().map(|name| folder.join(name)));
        let emulator = places.into_iter().find(|place| place.is_file())?;
        (machine != std::env::consts::ARCH).then_some(Foreign {
            image,
            machine,
            emulator,
        })
    });
    foreign.next()
}

/// Whether there is such an image, and qemu for it.
pub(crate) fn is_possible() -> bool {
    foreign().is_some()
}

fn run(arguments: &[&str], input: &str) -> Output {
    let foreign = foreign().unwrap();
    let root = tempfile::tempdir().unwrap();
    oci::unpack(&foreign.image, root.path());
    let child = Command::new(&foreign.emulator)
        .arg(root.path().join("l7guard"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    write_and_wait(child, input)
}

/// Nothing in the image could be a loader or a library, and a fixed segment would ask for one.
fn it_is_a_static_binary_of_its_architecture() {
    let foreign = foreign().unwrap();
    let root = tempfile::tempdir().unwrap();
    oci::unpack(&foreign.image, root.path());
    let output = Command::new("readelf")
        .args(["--wide", "--file-header", "--program-headers", "--dynamic"])
        .arg(root.path().join("l7guard"))
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let said = text(&output.stdout).to_lowercase();
    let machine = foreign.machine.replace("x86_64", "x86-64");
    assert!(said.contains(&machine), "{said}");
    assert!(
        !said.contains("interp") && !said.contains("(needed)"),
        "{said}"
    );
}

fn check_judges_standard_input() {
    let output = run(&["check", "-"], VIOLATOR);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("error[L7G001]"));
}

fn demo_shows_a_refusal() {
    let output = run(&["demo"], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("L7G001"));
}
