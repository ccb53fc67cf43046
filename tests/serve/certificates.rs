use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::client::{Authority, Client, Signed};
use crate::process::{Serve, violator};
use crate::until;

const IN_FORCE: &str = "l7guard_reload_last_successful{file=\"certificate\"}";

fn serve(folder: tempfile::TempDir) -> Serve {
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let options = [
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    Serve::start(folder, &options)
}

/// As kubelet writes a volume: a folder of its own time, and `..data` linked to it in one step.
fn swap(volume: &Path, number: usize, signed: &Signed) {
    let folder = volume.join(format!("..{number}"));
    fs::create_dir(&folder).unwrap();
    signed.write(&folder);
    symlink(&folder, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
}

#[tokio::test]
async fn three_rotations_are_followed_and_connections_live_through_them() {
    let (authority, folder) = (Authority::new("a"), tempfile::tempdir().unwrap());
    for name in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(name), folder.path().join(name)).unwrap();
    }
    swap(folder.path(), 0, &authority.server());
    let serve = serve(folder);
    let client = Client::new(&authority, None);
    let mut old = client.connect(serve.address).await.unwrap();
    for number in 1..=3 {
        let next = authority.server();
        swap(serve.folder.path(), number, &next);
        serve.until_metric(
            "l7guard_reloads_total{file=\"certificate\",outcome=\"success\"}",
            f64::from(u8::try_from(number).unwrap()),
        );
        let shown = client.connect(serve.address).await.unwrap().shown;
        assert_eq!(shown, next.certificate.der().to_vec());
        assert_eq!(
            old.review(&violator()).await.unwrap()["response"]["allowed"],
            false
        );
    }
    assert_ne!(
        old.shown,
        client.connect(serve.address).await.unwrap().shown
    );
    assert!(
        serve
            .metric("l7guard_tls_certificate_expiry_timestamp_seconds")
            .unwrap()
            > 1e9
    );
}

#[tokio::test]
async fn a_key_of_another_certificate_keeps_the_last_good_pair_and_is_told_once() {
    let (authority, folder) = (Authority::new("a"), tempfile::tempdir().unwrap());
    let (good, other) = (authority.server(), authority.server());
    good.write(folder.path());
    let serve = serve(folder);
    serve.until_metric(IN_FORCE, 1.0);
    fs::write(
        serve.folder.path().join("tls.key"),
        other.key.serialize_pem(),
    )
    .unwrap();
    serve.until_metric(IN_FORCE, 0.0);
    let client = Client::new(&authority, None);
    let shown = client.connect(serve.address).await.unwrap().shown;
    assert_eq!(shown, good.certificate.der().to_vec());
    other.write(serve.folder.path());
    serve.until_metric(IN_FORCE, 1.0);
    let shown = client.connect(serve.address).await.unwrap().shown;
    assert_eq!(shown, other.certificate.der().to_vec());
    let log = serve.log();
    assert_eq!(log.matches("does not belong to").count(), 1, "{log}");
}

#[tokio::test]
async fn an_expired_certificate_makes_serve_not_ready_and_says_so() {
    let (authority, folder) = (Authority::new("a"), tempfile::tempdir().unwrap());
    let mut params = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    authority.sign(params).write(folder.path());
    let serve = serve(folder);
    let report = until("it is told", || {
        let (status, report) = serve.get("/readyz");
        (status == 503 && report.contains("expired")).then_some(report)
    });
    assert!(
        report.contains("[-] certificate: the certificate has expired\n"),
        "{report}"
    );
    assert_eq!(serve.get("/livez").0, 200);
}
