//! The program out of an image, run as a container runs it: the image's files alone, read-only but for /tmp, as user 65532,
//! without capabilities and new privileges.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use control_plane::WebhookCertificate;

use super::{Case, oci};

pub(crate) const CASES: &[Case] = &[
    (
        "container::the_binary_needs_no_library",
        the_binary_needs_no_library,
    ),
    (
        "container::check_judges_standard_input",
        check_judges_standard_input,
    ),
    ("container::demo_shows_a_refusal", demo_shows_a_refusal),
    ("container::names_are_resolved", names_are_resolved),
];

/// An ALB in front of a gateway.
pub(super) const VIOLATOR: &str = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: edge, namespace: istio-system}
spec:
  ingressClassName: alb
  defaultBackend: {service: {name: istio-ingressgateway, port: {number: 80}}}
";

pub(super) fn image() -> Option<PathBuf> {
    let path = std::env::var_os("L7GUARD_IMAGE")?;
    Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path))
}

/// Whether there is an image, and this user may change root and mount.
pub(crate) fn is_possible() -> bool {
    let may_mount = || {
        let status = Command::new("unshare")
            .args(["--mount", "chroot", "--userspec=65532:65532", "/", "true"])
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    };
    image().is_some() && may_mount()
}

/// The image for this machine.
fn native() -> oci::Image {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let images = oci::read(&image().unwrap());
    let native = images
        .into_iter()
        .find(|image| image.architecture == architecture);
    native.unwrap()
}

/// Runs the image's entry point.
fn run(arguments: &[&str], input: &str) -> Output {
    run_with(&[], arguments, input)
}

/// Runs it with files that the runtime adds.
fn run_with(files: &[(&str, &str)], arguments: &[&str], input: &str) -> Output {
    let image = native();
    let root = tempfile::tempdir().unwrap();
    // A temporary directory is its owner's alone, and the program runs as another user.
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    oci::unpack(&image, root.path());
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let entry = image.config["config"]["Entrypoint"][0].as_str().unwrap();
    let user = image.config["config"]["User"].as_str().unwrap();
    // Changing to a user that is not root drops all capabilities.
    let script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && mount -t tmpfs tmpfs \"$0/tmp\" \
                  && exec chroot --userspec=\"$1\" --groups= \"$0\" \"${@:2}\"";
    let child = Command::new("setpriv")
        .args(["--no-new-privs", "unshare", "--mount", "bash", "-c", script])
        .arg(root.path())
        .arg(user)
        .arg(entry)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    write_and_wait(child, input)
}

/// Writes standard input and waits for the end.
pub(super) fn write_and_wait(mut child: Child, input: &str) -> Output {
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// No other file is in the image, so that a loader that is asked for would be missing.
fn the_binary_needs_no_library() {
    let output = run(&["--version"], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        format!("l7guard {}\n", env!("CARGO_PKG_VERSION"))
    );
}

fn check_judges_standard_input() {
    let output = run(&["check", "-"], VIOLATOR);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("error[L7G001]"),
        "{}",
        text(&output.stdout)
    );
}

/// A server with TLS, a client, a certificate, files below /tmp.
fn demo_shows_a_refusal() {
    let output = run(&["demo"], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).contains("L7G001"),
        "{}",
        text(&output.stdout)
    );
}

/// The C library is linked statically, and has to find names all the same: the runtime gives a container its hosts.
fn names_are_resolved() {
    let kubeconfig = "\
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: \"https://api.cluster.example:1\", certificate-authority: /ca.crt}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: t}}]
";
    // There are no authorities of the system in the image.
    let folder = tempfile::tempdir().unwrap();
    let certificate = WebhookCertificate::write_into(folder.path(), "api.cluster.example").unwrap();
    let files = [
        ("ca.crt", certificate.authority.as_str()),
        ("etc/hosts", "127.0.0.1 api.cluster.example\n"),
        ("kubeconfig", kubeconfig),
    ];
    let output = run_with(&files, &["audit", "--kubeconfig", "/kubeconfig"], "");
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("refused"), "{said}");
}
