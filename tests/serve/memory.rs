//! Memory while bodies of every sort flood the server, and afterwards.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;

use crate::client::{Authority, Client};
use crate::memory_limit::{MemoryLimit, resident};
use crate::process::{Serve, violator};

/// What `docs/operations.md` says is to be set as limit beside what the inventory takes, which is next to nothing here.
const LIMIT: usize = 576 * 1024 * 1024;

/// How long the flood lasts.
const FLOOD: Duration = Duration::from_secs(8);

/// When memory has to have come down after it.
const AFTERWARDS: Duration = Duration::from_secs(30);

/// The largest review: an update of an object of 3 MiB, all of which a rule reads.
fn huge() -> Value {
    let mut review = violator();
    let paths: Vec<Value> = (0..24_000)
        .map(|number| {
            let service = json!({"name": format!("service-{number}"), "port": {"number": 80}});
            json!({"path": format!("/{number}"), "pathType": "Prefix", "backend": {"service": service}})
        })
        .collect();
    let request = &mut review["request"];
    request["object"]["spec"]["rules"] = json!([{"http": {"paths": paths}}]);
    request["oldObject"] = request["object"].clone();
    request["operation"] = json!("UPDATE");
    request["object"]["spec"]["rules"][0]["host"] = json!("changed.example");
    review
}

/// An address of this machine of its own for each number.
fn address(number: usize) -> IpAddr {
    let [_, _, high, low] = u32::try_from(number + 2).unwrap().to_be_bytes();
    IpAddr::from([127, 0, high, low])
}

/// Sends the same review again and again, on a new connection after each failure.
async fn send_for_ever(client: Arc<Client>, to: SocketAddr, from: IpAddr, body: Arc<Vec<u8>>) {
    loop {
        if let Ok(mut connection) = client.connect_from(to, from).await {
            while let Ok((200, _)) = connection.send(&body).await {}
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends half of a review and then a byte now and then.
async fn drip(client: Arc<Client>, to: SocketAddr, from: IpAddr, body: Arc<Vec<u8>>) {
    let head = format!(
        "POST /validate?timeout=30s HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    loop {
        if let Ok(mut stream) = client.stream_from(to, from).await {
            let half = body.len() / 2;
            let sent = async {
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&body[..half]).await?;
                for byte in &body[half..] {
                    stream.write_all(&[*byte]).await?;
                    stream.flush().await?;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Ok::<_, std::io::Error>(())
            };
            let _ = sent.await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_bodies_stays_below_the_documented_limit_and_memory_comes_down_again() {
    let (authority, folder) = (Authority::new("a"), tempfile::tempdir().unwrap());
    authority.server().write(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("tls.crt"), path("tls.key"));
    let serve = Serve::start(folder, &["--tls-cert", &certificate, "--tls-key", &key]);
    let client = Arc::new(Client::new(&authority, None));
    let limit = MemoryLimit::set(serve.id(), LIMIT);
    for _ in 0..20 {
        assert!(!serve.allows_violator(&client).await);
    }
    let before = resident(serve.id());
    let huge = Arc::new(serde_json::to_vec(&huge()).unwrap());
    assert!(huge.len() > 4 * 1024 * 1024, "{}", huge.len());
    let small = Arc::new(huge[..60 * 1024].to_vec());
    let to = serve.address;
    let mut flood = JoinSet::new();
    for number in 0..24 {
        let (client, huge) = (Arc::clone(&client), Arc::clone(&huge));
        flood.spawn(send_for_ever(client, to, address(number), huge));
    }
    for number in 24..150 {
        let client = Arc::clone(&client);
        let body = if number % 3 == 0 { &huge } else { &small };
        flood.spawn(drip(client, to, address(number), Arc::clone(body)));
    }
    let (began, mut answered) = (Instant::now(), 0);
    while began.elapsed() < FLOOD {
        let answer = client.review(to, &violator()).await.unwrap();
        assert_eq!(answer["response"]["allowed"], false);
        answered += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    flood.shutdown().await;
    let peak = limit.peak(serve.id());
    tokio::time::sleep(AFTERWARDS).await;
    let after = resident(serve.id());
    let mib = |bytes: usize| bytes / 1024 / 1024;
    let told = format!(
        "{answered} small reviews; MiB before {}, peak {}, after {}",
        mib(before),
        mib(peak),
        mib(after)
    );
    let shed = serve.metric("l7guard_admission_shed_total{reason=\"overload\"}");
    assert!(shed > Some(0.0), "it was no flood: {told}");
    assert!(peak < LIMIT, "{told}");
    assert!(after <= before * 3 / 2, "{told}");
    eprintln!("{told}");
}
