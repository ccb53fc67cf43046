use axum::routing::get;
use futures_util::FutureExt;

use super::*;

#[tokio::test]
async fn two_requests_go_over_one_connection() {
    let running = run(echo(), Settings::default()).await;
    let mut connection = running.client.connect(running.address).await.unwrap();
    for body in ["one", "two"] {
        let answer = connection.post("/echo", body).await.unwrap();
        assert_eq!(answer.body(), body);
        assert!(!says_close(&answer));
    }
}

#[tokio::test]
async fn the_development_certificate_is_good_for_the_address_and_the_service_name() {
    let running = run(echo(), Settings::default()).await;
    for name in ["127.0.0.1", "::1", "localhost", "webhook.l7guard.svc"] {
        let client = running.client.named(name);
        let answer = client.ask(running.address, request("/echo", name)).await;
        assert_eq!(answer.body(), name);
    }
    let elsewhere = running.client.named("other.l7guard.svc");
    assert!(elsewhere.connect(running.address).await.is_err());
    let (_, distrusting) = tls(OldestTls::Tls13, &TLS13);
    assert!(distrusting.connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_busy_port_is_named_with_what_to_do() {
    let running = run(echo(), Settings::default()).await;
    let (tls, _) = tls(OldestTls::Tls13, &TLS13);
    let error = Server::bind(running.address, tls, echo(), Settings::default())
        .await
        .err()
        .unwrap();
    assert!(matches!(error, BindError::Busy { address } if address == running.address));
    let text = error.to_string();
    assert!(
        text.contains(&running.address.to_string()) && text.contains("another port"),
        "{text}"
    );
}

#[tokio::test]
async fn an_address_of_another_machine_is_named() {
    let foreign = SocketAddr::from(([192, 0, 2, 1], 8443));
    let error = Server::bind(
        foreign,
        tls(OldestTls::Tls13, &TLS13).0,
        echo(),
        Settings::default(),
    )
    .await
    .err()
    .unwrap();
    assert!(
        matches!(error, BindError::NoSuchAddress { address } if address == foreign),
        "{error}"
    );
}

#[tokio::test]
async fn clients_that_never_say_hello_do_not_keep_others_waiting() {
    let running = run(
        echo(),
        Settings {
            handshake: FOREVER,
            ..Settings::default()
        },
    )
    .await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(running.address).await.unwrap());
    }
    assert_eq!(
        running
            .client
            .ask(running.address, request("/echo", "hello"))
            .await
            .body(),
        "hello"
    );
}

#[tokio::test]
async fn beyond_the_connection_limit_a_client_waits_for_as_long_as_all_are_in_reviews() {
    let settings = Settings {
        connections: 1,
        handshake: FOREVER,
        ..Settings::default()
    };
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let running = run(waiting(&begun, &release), settings).await;
    let mut first = running.client.connect(running.address).await.unwrap();
    let first = tokio::spawn(async move { first.post("/wait", "").await });
    begun.notified().await;
    let (client, address) = (running.client.clone(), running.address);
    let mut second =
        tokio::spawn(async move { client.ask(address, request("/echo", "late")).await });
    let other = run(echo(), Settings::default()).await;
    for _ in 0..3 {
        // Whole round trips on the same runtime: the full server had its chances to take the second client.
        other.client.ask(other.address, request("/echo", "")).await;
        assert!((&mut second).now_or_never().is_none());
    }
    release.notify_one();
    let answer = first.await.unwrap().unwrap();
    assert!(!says_close(&answer));
    assert_eq!(second.await.unwrap().body(), "late");
}

#[tokio::test]
async fn plain_http_is_served_where_it_is_asked_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::bind_plain(loopback(), echo(), Settings::default())
        .await
        .unwrap();
    let (address, (_handle, stop)) = (server.local_addr(), stop());
    tokio::spawn(server.run(stop));
    let mut client = TcpStream::connect(address).await.unwrap();
    let asked =
        b"POST /echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";
    client.write_all(asked).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hi"),
        "{answer}"
    );
}

#[tokio::test]
async fn connections_and_failed_handshakes_are_counted() {
    use tokio::io::AsyncReadExt;
    let (tls, client) = tls(OldestTls::Tls13, &TLS13);
    let metrics = Registry::new();
    let server = Server::bind(loopback(), tls, echo(), Settings::default())
        .await
        .unwrap()
        .counted(&metrics);
    let (address, (_handle, stop)) = (server.local_addr(), stop());
    tokio::spawn(server.run(stop));
    let mut connection = client.connect(address).await.unwrap();
    connection.post("/echo", "in").await.unwrap();
    let (_, distrusting) = super::tls(OldestTls::Tls13, &TLS13);
    let mut stranger = distrusting
        .shake_hands(TcpStream::connect(address).await.unwrap())
        .await;
    if let Ok(stream) = &mut stranger {
        let _ = stream.read(&mut [0; 1]).await;
    }
    drop(stranger);
    let failed = "l7guard_tls_handshake_failures_total{";
    let counted = timeout(FOREVER, async {
        while !metrics.encode().unwrap().contains(failed) {
            tokio::task::yield_now().await;
        }
    });
    counted.await.unwrap();
    let text = metrics.encode().unwrap();
    assert!(
        text.contains("{reason=\"server_certificate\"} 1\n"),
        "{text}"
    );
    assert!(
        text.contains("l7guard_connections_accepted_total 2\n"),
        "{text}"
    );
    assert!(text.contains("l7guard_connections_limit 512\n"), "{text}");
}

#[tokio::test]
async fn a_connection_leaves_no_task_behind() {
    let running = run(echo(), Settings::default()).await;
    let before = Handle::current().metrics().num_alive_tasks();
    for _ in 0..5 {
        running
            .client
            .ask(running.address, request("/echo", "hello"))
            .await;
    }
    until_tasks(before).await;
    running.handle.stop();
    running.handle.stop();
    running.server.await.unwrap();
    until_tasks(before - 1).await;
}

#[tokio::test]
async fn a_server_that_is_dropped_takes_its_connections_along() {
    let running = run(echo(), Settings::default()).await;
    let mut connection = running.client.connect(running.address).await.unwrap();
    connection.post("/echo", "hello").await.unwrap();
    running.server.abort();
    assert!(running.server.await.unwrap_err().is_cancelled());
    connection.post("/echo", "gone").await.unwrap_err();
}

#[tokio::test]
async fn a_panicking_handler_ends_its_connection_and_not_the_server() {
    async fn broken() -> &'static str {
        panic!("on purpose")
    }
    let running = run(echo().route("/broken", get(broken)), Settings::default()).await;
    let mut connection = running.client.connect(running.address).await.unwrap();
    let broken = axum::http::Request::get("/broken")
        .body(axum::body::Body::empty())
        .unwrap();
    connection.ask(broken).await.unwrap_err();
    assert_eq!(
        running
            .client
            .ask(running.address, request("/echo", "alive"))
            .await
            .body(),
        "alive"
    );
}
