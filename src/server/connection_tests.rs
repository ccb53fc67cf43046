use axum::routing::post;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::OldestTls;
use super::super::test_client::{TestClient, TestConnection, says_close, tls};
use super::*;

const HANDSHAKE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_mins(2);

/// One end of an in-memory connection, whose other end is served. Time is paused: it moves only when both wait.
struct Served {
    client: TestClient,
    io: DuplexStream,
    server: JoinHandle<()>,
    phase: watch::Sender<Phase>,
    start: Instant,
}

impl Served {
    fn new(router: Router, oldest: OldestTls, spoken: &'static SupportedProtocolVersion) -> Self {
        let (tls, client) = tls(oldest, spoken);
        let phase = watch::Sender::new(Phase::Serving);
        let connections = Connections {
            tls: tls.into(),
            router,
            handshake: HANDSHAKE,
            idle: IDLE,
            phase: phase.subscribe(),
        };
        let (io, other) = duplex(64 * 1024);
        Self {
            client,
            io,
            server: tokio::spawn(connections.serve(other)),
            phase,
            start: Instant::now(),
        }
    }

    fn echoing() -> Self {
        Self::new(
            Router::new().route("/echo", post(|body: String| async { body })),
            OldestTls::Tls13,
            &TLS13,
        )
    }

    async fn connect(self) -> (TestConnection, JoinHandle<()>, watch::Sender<Phase>) {
        (
            self.client.over(self.io).await.unwrap(),
            self.server,
            self.phase,
        )
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_says_hello_is_dropped_after_the_handshake_time() {
    let mut served = Served::echoing();
    served.server.await.unwrap();
    assert_eq!(served.start.elapsed(), HANDSHAKE);
    assert_eq!(served.io.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_connection_silent_for_longer_than_go_keeps_it_still_answers() {
    let (mut connection, _server, _phase) = Served::echoing().connect().await;
    for silence in [95, 119] {
        assert_eq!(
            connection.post("/echo", "hello").await.unwrap().body(),
            "hello"
        );
        sleep(Duration::from_secs(silence)).await;
    }
    assert_eq!(
        connection.post("/echo", "again").await.unwrap().body(),
        "again"
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_silent_for_longer_than_the_idle_limit_is_closed() {
    let (mut connection, server, _phase) = Served::echoing().connect().await;
    connection.post("/echo", "hello").await.unwrap();
    let last = Instant::now();
    server.await.unwrap();
    assert_eq!(last.elapsed(), IDLE);
    connection.post("/echo", "too late").await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn answers_close_their_connection_only_while_the_server_drains() {
    let (mut connection, server, phase) = Served::echoing().connect().await;
    assert!(!says_close(&connection.post("/echo", "a").await.unwrap()));
    phase.send_replace(Phase::Draining);
    assert!(says_close(&connection.post("/echo", "b").await.unwrap()));
    server.await.unwrap();
    connection.post("/echo", "c").await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_outlives_the_drain_and_is_closed_at_once_when_closing() {
    let (mut connection, mut server, phase) = Served::echoing().connect().await;
    connection.post("/echo", "a").await.unwrap();
    phase.send_replace(Phase::Draining);
    timeout(Duration::from_mins(1), &mut server)
        .await
        .unwrap_err();
    phase.send_replace(Phase::Closing);
    let start = Instant::now();
    server.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_connection_dialled_just_before_closing_gets_its_first_request_answered() {
    let (mut connection, server, phase) = Served::echoing().connect().await;
    phase.send_replace(Phase::Closing);
    sleep(FIRST_REQUEST_GRACE / 2).await;
    assert_eq!(
        connection.post("/echo", "first").await.unwrap().body(),
        "first"
    );
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn connections_that_stay_silent_hold_closing_up_for_the_grace_only() {
    let shaking_hands = Served::echoing();
    let (_connected, connected_server, connected_phase) = Served::echoing().connect().await;
    let start = Instant::now();
    shaking_hands.phase.send_replace(Phase::Closing);
    connected_phase.send_replace(Phase::Closing);
    shaking_hands.server.await.unwrap();
    connected_server.await.unwrap();
    assert_eq!(start.elapsed(), FIRST_REQUEST_GRACE);
}

#[tokio::test(start_paused = true)]
async fn only_http_1_1_is_agreed_on_even_with_a_client_that_prefers_http_2() {
    let served = Served::echoing();
    let stream = served.client.shake_hands(served.io).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test(start_paused = true)]
async fn tls_1_2_is_refused_unless_it_is_asked_for() {
    for (oldest, agreed) in [(OldestTls::Tls13, false), (OldestTls::Tls12, true)] {
        let served = Served::new(Router::new(), oldest, &TLS12);
        assert_eq!(
            served.client.shake_hands(served.io).await.is_ok(),
            agreed,
            "{oldest:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn tls_1_3_is_spoken_whatever_the_oldest() {
    for oldest in [OldestTls::Tls13, OldestTls::Tls12] {
        let served = Served::new(Router::new(), oldest, &TLS13);
        served.client.shake_hands(served.io).await.unwrap();
    }
}
