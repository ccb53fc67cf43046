//! What a connection costs that has not sent a request. `docs/operations.md` gives these numbers.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use control_plane::WebhookCertificate;
use libtest_mimic::{Failed, Trial};

use crate::caller::Caller;
use crate::reviews::{self, NAME};
use crate::server::Server;
use crate::tls::Connector;

/// Many, so that what the allocator and the runtime take at once does not count. Below the 1,024 files that a process may open.
const CONNECTIONS: usize = 800;

/// Bytes of resident memory for a connection of which nothing has come.
const SILENT: usize = 8 * 1024;

/// Bytes for one in the middle of its handshake.
const HANDSHAKE: usize = 24 * 1024;

/// Bytes for one that is idle after a review.
const IDLE: usize = 64 * 1024;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test(
            "a connection before its first request takes little memory",
            little_memory,
        ),
        Trial::test("an idle connection takes little memory", little_when_idle),
    ]
}

fn little_memory() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let certificate = WebhookCertificate::write_into(folder.path(), NAME)?;
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, &certificate.authority)?;
    let hello = Connector::new(NAME, &authority).hello();
    for (sent, limit) in [(0, SILENT), (hello.len() - 1, HANDSHAKE)] {
        let server = Server::l7guard("127.0.0.1:0", &certificate, &["--max-connections", "1000"]);
        let before = server.resident();
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut client = TcpStream::connect(server.address)?;
            client.write_all(&hello[..sent])?;
            clients.push(client);
        }
        let began = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "it is small")]
        while server.metric("l7guard_connections ") < CONNECTIONS as f64 {
            assert!(
                began.elapsed() < Duration::from_secs(4),
                "not all are accepted"
            );
        }
        let each = (server.resident() - before) / CONNECTIONS;
        assert!(each <= limit, "{each} bytes after {sent} bytes of a hello");
    }
    Ok(())
}

fn little_when_idle() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let certificate = WebhookCertificate::write_into(folder.path(), NAME)?;
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, &certificate.authority)?;
    let server = Server::l7guard("127.0.0.1:0", &certificate, &["--max-connections", "1000"]);
    let connector = Connector::new(NAME, &authority);
    let runtime = tokio::runtime::Runtime::new()?;
    let before = server.resident();
    let callers = runtime.block_on(async {
        let mut callers = Vec::new();
        for _ in 0..CONNECTIONS / 4 {
            let mut caller =
                Caller::new(connector.clone(), server.address, Duration::from_secs(10));
            caller.is_allowed(&reviews::allowed()).await?;
            callers.push(caller);
        }
        Ok::<_, Failed>(callers)
    })?;
    let each = (server.resident() - before) / callers.len();
    assert!(each <= IDLE, "{each} bytes");
    Ok(())
}
