//! The bill of materials that `images/sbom` writes, compared with `Cargo.lock`.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Case;

pub(crate) const CASES: &[Case] = &[(
    "sbom::it_lists_what_the_program_is_made_of_and_nothing_else",
    it_lists_what_the_program_is_made_of_and_nothing_else,
)];

/// Whether cargo-cyclonedx is installed.
pub(crate) fn is_possible() -> bool {
    let status = Command::new("cargo")
        .args(["cyclonedx", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// What the lock file holds, as `name@version`.
fn locked() -> BTreeSet<String> {
    let lock = fs::read_to_string("Cargo.lock").unwrap();
    let packages = lock.split("[[package]]").skip(1);
    let field = |package: &str, name: &str| {
        let (_, rest) = package.split_once(&format!("\n{name} = \"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    packages
        .map(|package| format!("{}@{}", field(package, "name"), field(package, "version")))
        .collect()
}

fn it_lists_what_the_program_is_made_of_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("l7guard.cdx.json");
    let output = Command::new("images/sbom").arg(&file).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.len() < 1 << 20, "{} bytes", bytes.len());
    let bill: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(bill["bomFormat"], "CycloneDX");
    assert_eq!(bill["specVersion"], "1.5");
    let program = &bill["metadata"]["component"];
    assert_eq!(program["name"], "l7guard");
    assert_eq!(program["version"], env!("CARGO_PKG_VERSION"));

    let locked = locked();
    let mut names = BTreeSet::new();
    for component in bill["components"].as_array().unwrap() {
        let text = |field: &str| component[field].as_str().unwrap_or_default();
        let name = format!("{}@{}", text("name"), text("version"));
        assert!(locked.contains(&name), "{name} is not in Cargo.lock");
        assert!(text("purl").starts_with("pkg:cargo/"), "{name}");
        let is_ours = text("name").starts_with("l7guard-") || text("name") == "regular-file";
        assert!(
            is_ours || component["licenses"].is_array(),
            "{name} has no licence"
        );
        names.insert(text("name").to_owned());
    }
    for needed in ["rustls", "kube", "tikv-jemallocator", "l7guard-policy"] {
        assert!(names.contains(needed), "{needed} is missing");
    }
    for development in ["libtest-mimic", "proptest", "insta", "control-plane"] {
        assert!(!names.contains(development), "{development} is not shipped");
    }
}
