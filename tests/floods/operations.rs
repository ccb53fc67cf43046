//! Probes while the operations port is flooded.

use std::path::Path;
use std::time::Duration;

use control_plane::WebhookCertificate;
use libtest_mimic::{Failed, Trial};

use crate::attack::{Attack, Flood, From};
use crate::reviews::NAME;
use crate::server::Server;

const FLOODS: [Attack; 3] = [Attack::Tcp, Attack::SlowHeaders, Attack::ReviewThenSilence];

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |attack: Attack| {
        let name = format!(
            "{} on the operations port: probes are answered",
            attack.name()
        );
        Trial::test(name, move || probes_are_answered(attack))
    };
    FLOODS.into_iter().map(trial).collect()
}

fn probes_are_answered(attack: Attack) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let certificate = WebhookCertificate::write_into(folder.path(), NAME)?;
    let server = Server::l7guard("127.0.0.1:0", &certificate, &[]);
    let flood = Flood {
        attack,
        from: From::Same,
        clients: 500,
        rate: 500,
        duration: Duration::from_millis(1800),
        target: server.operations,
        name: None,
        authority: Path::new(""),
    };
    while !server.get("/readyz")?.starts_with("HTTP/1.1 200") {
        std::thread::sleep(Duration::from_millis(10));
    }
    let (mut flooding, mut answered) = (flood.start(), 0);
    while !flooding.is_over() {
        for path in ["/livez", "/readyz"] {
            let answer = server.get(path)?;
            assert!(
                answer.starts_with("HTTP/1.1 200"),
                "{answer:?} after {answered}"
            );
            answered += 1;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(answered > 4, "{answered} answers");
    assert!(
        server.log().contains("all connections are taken"),
        "{}",
        server.log()
    );
    Ok(())
}
