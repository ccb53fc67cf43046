use std::fs;

use crate::client::{Authority, Client};
use crate::process::{Serve, violator};

fn serve(server: &Authority, clients: &Authority, names: &[&str]) -> Serve {
    let folder = tempfile::tempdir().unwrap();
    server.server().write(folder.path());
    fs::write(folder.path().join("ca.crt"), clients.pem()).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key, authority) = (path("tls.crt"), path("tls.key"), path("ca.crt"));
    let files = [
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
        "--client-ca",
        &authority,
    ];
    let names = names.iter().flat_map(|name| ["--client-name", name]);
    let options: Vec<&str> = files.into_iter().chain(names).collect();
    Serve::start(folder, &options)
}

#[tokio::test]
async fn only_a_client_with_a_certificate_of_the_authority_and_an_allowed_name_is_answered() {
    let (server, clients, strangers) = (
        Authority::new("server"),
        Authority::new("clients"),
        Authority::new("strangers"),
    );
    let serve = serve(&server, &clients, &["kube-apiserver", "other"]);
    let with_dns_name = rcgen::CertificateParams::new(["other".to_owned()]).unwrap();
    for good in [
        clients.client("kube-apiserver"),
        clients.sign(with_dns_name),
    ] {
        let client = Client::new(&server, Some(&good));
        assert!(!serve.allows_violator(&client).await);
    }
    let wrong_name = clients.client("somebody");
    let wrong_authority = strangers.client("kube-apiserver");
    for bad in [None, Some(&wrong_name), Some(&wrong_authority)] {
        let client = Client::new(&server, bad);
        client.review(serve.address, &violator()).await.unwrap_err();
    }
    serve.until_metric(
        "l7guard_tls_handshake_failures_total{reason=\"client_certificate\"}",
        3.0,
    );
    let log = serve.log();
    assert_eq!(log.matches("WARN").count(), 3, "{log}");
}

#[tokio::test]
async fn a_changed_authority_of_clients_is_followed() {
    let (server, before, after) = (
        Authority::new("server"),
        Authority::new("before"),
        Authority::new("after"),
    );
    let serve = serve(&server, &before, &[]);
    let (old, new) = (before.client("a"), after.client("a"));
    let (old, new) = (
        Client::new(&server, Some(&old)),
        Client::new(&server, Some(&new)),
    );
    assert!(!serve.allows_violator(&old).await);
    new.review(serve.address, &violator()).await.unwrap_err();
    fs::write(serve.folder.path().join("ca.crt"), after.pem()).unwrap();
    serve.until_metric(
        "l7guard_reloads_total{file=\"client_ca\",outcome=\"success\"}",
        1.0,
    );
    assert!(!serve.allows_violator(&new).await);
    old.review(serve.address, &violator()).await.unwrap_err();
    fs::write(serve.folder.path().join("ca.crt"), "nothing").unwrap();
    serve.until_metric("l7guard_reload_last_successful{file=\"client_ca\"}", 0.0);
    assert!(!serve.allows_violator(&new).await);
}
