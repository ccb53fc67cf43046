//! Lines about what each replica knows, has and is.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use libtest_mimic::Failed;

use crate::Case;
use crate::replica::Replica;
use crate::stage::{SERVER_NAME, Stage};

pub(crate) const CASES: &[Case] = &[
    ("rights: a binding is missing", rights),
    ("inventory: a replica may not list anything", inventory),
    (
        "files-in-force: a configuration was refused",
        files_in_force,
    ),
    ("versions: a replica is of another version", versions),
    ("a replica that cannot be reached is unknown", unreachable),
];

fn rights(stage: &Stage) -> Result<(), Failed> {
    stage.kubectl(&["delete", "clusterrolebinding", "l7guard"])?;
    stage.expect(
        "rights",
        "bad",
        "ServiceAccount l7guard/l7guard lacks the right to get ingresses.networking.k8s.io",
    )
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
