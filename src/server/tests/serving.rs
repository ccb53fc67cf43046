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
async fn beyond_the_connection_limit_a_client_waits_until_another_leaves() {
    let settings = Settings {
        connections: 1,
        handshake: FOREVER,
        ..Settings::default()
    };
    let running = run(echo(), settings).await;
    let mut first = running.client.connect(running.address).await.unwrap();
    first.post("/echo", "in").await.unwrap();
    let (client, address) = (running.client.clone(), running.address);
    let mut second =
        tokio::spawn(async move { client.ask(address, request("/echo", "late")).await });
    for _ in 0..3 {
        // Each is a full round trip of the first client, so the server had its chances to take the second one.
        first.post("/echo", "still in").await.unwrap();
        assert!((&mut second).now_or_never().is_none());
    }
    drop(first);
    assert_eq!(second.await.unwrap().body(), "late");
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
