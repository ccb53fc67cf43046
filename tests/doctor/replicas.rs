//! Lines about what each replica knows, has and is.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use control_plane::until;
use libtest_mimic::Failed;

use crate::Case;
use crate::replica::Replica;
use crate::stage::{SERVER_NAME, Stage};

pub(crate) const CASES: &[Case] = &[
    ("rights: a binding is missing", rights),
    (
        "rights: what judging does not need is missing",
        further_rights,
    ),
    ("inventory: a replica may not list anything", inventory),
    (
        "files-in-force: a configuration was refused",
        files_in_force,
    ),
    ("versions: a replica is of another version", versions),
    ("a replica that cannot be reached is unknown", unreachable),
    (
        "a replica watches its own installation by itself",
        own_installation,
    ),
];

fn rights(stage: &Stage) -> Result<(), Failed> {
    stage.kubectl(&["delete", "clusterrolebinding", "l7guard"])?;
    stage.expect(
        "rights",
        "bad",
        "ServiceAccount l7guard/l7guard lacks the right to get ingresses.networking.k8s.io",
    )
}

fn further_rights(stage: &Stage) -> Result<(), Failed> {
    stage.kubectl(&["delete", "clusterrolebinding", "l7guard-further"])?;
    let lost =
        "get validatingwebhookconfigurations.admissionregistration.k8s.io l7guard: it cannot watch";
    stage.expect("rights", "warning", lost)
}

fn inventory(stage: &Stage) -> Result<(), Failed> {
    let folder = stage.folder("spare");
    stage.authority.write(&folder, SERVER_NAME, 365)?;
    fs::write(
        folder.join("l7guard.yaml"),
        "apiVersion: l7guard/v1\nkind: Configuration\n",
    )?;
    let _spare = Replica::start(stage.spare, &folder, stage.nobody())?;
    stage
        .kubelet
        .place("b", 9090, SocketAddr::from((stage.spare, 9090)));
    stage.expect("inventory", "bad", "Pod b has not listed ")
}

fn files_in_force(stage: &Stage) -> Result<(), Failed> {
    fs::write(
        stage.file("b", "l7guard.yaml"),
        "apiVersion: l7guard/v1\nkind: Configuration\nmode: loud\n",
    )?;
    stage.expect(
        "files-in-force",
        "bad",
        "Pod b has refused what it last read of: configuration",
    )
}

fn versions(stage: &Stage) -> Result<(), Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    stage.kubelet.place("b", 9090, listener.local_addr()?);
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let body = "l7guard_build_info{version=\"9.9.9\"} 1\n";
            let _ = client.read(&mut [0; 4096]);
            let _ = write!(
                client,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    stage.expect("versions", "warning", "9.9.9 (b)")
}

fn unreachable(stage: &Stage) -> Result<(), Failed> {
    for port in [8443, 9090] {
        stage
            .kubelet
            .place("b", port, SocketAddr::from((stage.spare, 1)));
    }
    stage.expect("inventory", "unknown", "Pod b: port 9090: ")?;
    for port in [8443, 9090] {
        stage
            .kubelet
            .place("b", port, SocketAddr::from((stage.spare, 1)));
    }
    stage.expect("trust", "unknown", "nothing listens on port 8443 of Pod b")
}

fn own_installation(stage: &Stage) -> Result<(), Failed> {
    const MATCHES: [&str; 2] = [
        "l7guard_webhook_configuration_matches",
        "l7guard_ca_bundle_matches",
    ];
    let both = |configuration, ca_bundle| {
        let wanted = [configuration, ca_bundle];
        until("both metrics", || {
            let metrics = stage.metrics_of_the_first()?;
            let values = MATCHES.map(|name| {
                let line = metrics.lines().find(|line| line.starts_with(name))?;
                Some(line.rsplit(' ').next()? == "1")
            });
            Ok((values == wanted).then_some(()))
        })
    };
    both(Some(true), Some(true))?;
    let earlier = fs::read_to_string(stage.file("a", "log"))?.len();
    stage.change_webhook(|entry| entry["rules"][1]["resources"] = serde_json::json!(["pods"]))?;
    both(Some(false), Some(true))?;
    let other = crate::pki::Authority::new()?.bundle();
    stage.change_webhook(|entry| entry["clientConfig"]["caBundle"] = other.into())?;
    both(Some(true), Some(false))?;
    stage.kubectl(&["delete", "validatingwebhookconfiguration", "l7guard"])?;
    both(Some(false), None)?;
    stage.mend()?;
    both(Some(true), Some(true))?;
    let log = fs::read_to_string(stage.file("a", "log"))?.split_off(earlier);
    for part in [
        "the API server does not ask about CREATE services, UPDATE services",
        "no authority in caBundle has signed the certificate that is served",
        "there is no ValidatingWebhookConfiguration l7guard",
    ] {
        let count = log.lines().filter(|line| line.contains(part)).count();
        assert_eq!(count, 1, "{part}: {log}");
    }
    Ok(())
}
