use axum::routing::post;
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::OldestTls;
use super::super::registry::Registry;
use super::super::table::FirstRequestTime;
use super::super::test_client::{TestClient, TestConnection, says_close, tls};
use super::*;

const HANDSHAKE: Duration = Duration::from_secs(5);
const HEADERS: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_mins(2);
const AGE: Duration = Duration::from_mins(10);

/// One end of an in-memory connection, whose other end is served. Time is paused: it moves only when both wait.
struct Served {
    client: TestClient,
    io: DuplexStream,
    server: JoinHandle<()>,
    /// Bytes of its task while nothing has come.
    half_open: usize,
    phase: watch::Sender<Phase>,
    /// With one place, which this connection has.
    registry: Registry,
    start: Instant,
}

impl Served {
    fn new(router: Router, oldest: OldestTls, spoken: &'static SupportedProtocolVersion) -> Self {
        let (tls, client) = tls(oldest, spoken);
        let phase = watch::Sender::new(Phase::Serving);
        let connections = Connections {
            tls: Some(tls.into()),
            router,
            handshake: HANDSHAKE,
            handshake_permits: HandshakePermits::new(),
            limits: Limits {
                headers: HEADERS,
                answer: ANSWER,
            },
            idle: IDLE,
            age: AGE,
            phase: phase.subscribe(),
            address: None,
            metrics: None,
        };
        let (io, other) = duplex(64 * 1024);
        let registry = Registry::new(1, FirstRequestTime::TLS, None);
        let place = registry.take([127, 0, 0, 1].into());
        let serving = connections.serve(other, place);
        let half_open = size_of_val(&serving);
        Self {
            client,
            io,
            server: tokio::spawn(serving),
            half_open,
            phase,
            registry,
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
async fn headers_that_trickle_in_are_given_their_time_only() {
    let served = Served::echoing();
    let mut stream = served.client.shake_hands(served.io).await.unwrap();
    sleep(IDLE / 2).await;
    let begun = Instant::now();
    let trickle = async {
        for byte in b"POST /echo HTTP/1.1\r\nhost: a\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = trickle => {}
        ended = served.server => ended.unwrap(),
    }
    assert_eq!(begun.elapsed(), HEADERS);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_takes_longer_than_headers_may_is_awaited() {
    let router = Router::new().route(
        "/slow",
        post(|| async {
            sleep(3 * HEADERS).await;
            "done"
        }),
    );
    let (mut connection, _server, _phase) = Served::new(router, OldestTls::Tls13, &TLS13)
        .connect()
        .await;
    for _ in 0..2 {
        assert_eq!(connection.post("/slow", "").await.unwrap().body(), "done");
        sleep(3 * HEADERS).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_age_is_told_to_leave_with_an_answer_and_is_never_cut() {
    let (mut connection, server, _phase) = Served::echoing().connect().await;
    let start = Instant::now();
    loop {
        let answer = connection.post("/echo", "still here").await.unwrap();
        assert_eq!(answer.body(), "still here");
        if says_close(&answer) {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    let age = start.elapsed();
    assert!(
        age >= AGE.mul_f64(0.79) && age <= AGE.mul_f64(1.21),
        "{age:?}"
    );
    server.await.unwrap();
}

#[test]
fn connections_of_one_moment_do_not_age_together() {
    let ages: std::collections::HashSet<Duration> = (0..10).map(|_| jittered(AGE)).collect();
    assert!(ages.len() > 1, "{ages:?}");
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

#[tokio::test(start_paused = true)]
async fn a_connection_before_its_first_request_makes_room_after_its_time() {
    let half_open = Served::echoing();
    half_open.registry.room().await;
    half_open.server.await.unwrap();
    let silent = Served::echoing();
    let _stream = silent.client.shake_hands(silent.io).await.unwrap();
    silent.registry.room().await;
    silent.server.await.unwrap();
    assert!(silent.start.elapsed() < 3 * FirstRequestTime::TLS.0);
}

#[tokio::test(start_paused = true)]
async fn headers_or_a_first_body_that_are_not_whole_keep_no_place() {
    for begun in [
        "POST /echo HTTP/1.1\r\n",
        "POST /echo HTTP/1.1\r\ncontent-length: 2\r\n\r\nh",
    ] {
        let served = Served::echoing();
        let mut stream = served.client.shake_hands(served.io).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
        served.registry.room().await;
        served.server.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_in_a_review_keeps_its_place_until_its_answer_is_taken() {
    let router = Router::new().route(
        "/slow",
        post(|| async {
            sleep(HEADERS).await;
            "done"
        }),
    );
    let served = Served::new(router, OldestTls::Tls13, &TLS13);
    let (registry, start) = (served.registry.clone(), served.start);
    let (mut connection, ended, _phase) = served.connect().await;
    let asked = tokio::spawn(async move { connection.post("/slow", "").await });
    sleep(Duration::from_secs(1)).await;
    assert!(!registry.make_room());
    registry.room().await;
    assert_eq!(start.elapsed(), HEADERS);
    assert_eq!(asked.await.unwrap().unwrap().body(), "done");
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_that_crosses_the_eviction_of_its_connection_is_answered() {
    let served = Served::echoing();
    let registry = served.registry.clone();
    let (mut connection, ended, _phase) = served.connect().await;
    connection.post("/echo", "first").await.unwrap();
    let crossing = connection.post("/echo", "crossing");
    let evicting = async { assert!(registry.make_room()) };
    let ((), answer) = tokio::join!(evicting, crossing);
    let answer = answer.unwrap();
    assert_eq!(answer.body(), "crossing");
    assert!(says_close(&answer));
    ended.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_evicted_connection_that_only_begins_a_request_is_dropped() {
    let served = Served::echoing();
    let mut stream = served.client.shake_hands(served.io).await.unwrap();
    let whole = b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(whole).await.unwrap();
    assert_ne!(stream.read(&mut [0; 1024]).await.unwrap(), 0);
    assert!(served.registry.make_room());
    stream.write_all(b"POST").await.unwrap();
    stream.flush().await.unwrap();
    let begun = Instant::now();
    served.server.await.unwrap();
    assert_eq!(begun.elapsed(), EVICTION_GRACE);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_read_ends_its_connection() {
    let router = Router::new().route("/long", post(|| async { vec![b'a'; 1024 * 1024] }));
    let served = Served::new(router, OldestTls::Tls13, &TLS13);
    let mut stream = served.client.shake_hands(served.io).await.unwrap();
    let whole = b"POST /long HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(whole).await.unwrap();
    stream.flush().await.unwrap();
    served.server.await.unwrap();
    assert_eq!(served.start.elapsed(), ANSWER);
}

#[tokio::test(start_paused = true)]
async fn a_connection_of_which_nothing_has_come_takes_little_memory() {
    let served = Served::echoing();
    assert!(served.half_open <= 4096, "{} bytes", served.half_open);
}
