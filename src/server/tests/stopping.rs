use std::io;

use super::*;

#[tokio::test]
async fn a_keep_alive_client_loses_nothing_in_any_phase() {
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let settings = Settings {
        drain: Duration::from_millis(300),
        close: FOREVER,
        ..Settings::default()
    };
    let running = run(waiting(&begun, &release), settings).await;
    let mut waiter = running.client.connect(running.address).await.unwrap();
    let waiter = tokio::spawn(async move { waiter.post("/wait", "").await });
    begun.notified().await;

    // Serving: every answer keeps the connection.
    let mut connection = running.client.connect(running.address).await.unwrap();
    for _ in 0..20 {
        assert!(!says_close(
            &connection.post("/echo", "serving").await.unwrap()
        ));
    }
    // Draining: every answer closes its connection, a new one is there each time, until nothing is accepted any more.
    running.handle.stop();
    let mut drained = 0;
    loop {
        let answer = connection.post("/echo", "draining").await.unwrap();
        drained += usize::from(says_close(&answer));
        if says_close(&answer) {
            match running.client.connect(running.address).await {
                Ok(next) => connection = next,
                Err(refused) => {
                    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
                    break;
                }
            }
        }
    }
    assert!(drained > 1, "{drained} answers said close");
    // Closing: what is in flight is awaited.
    assert!(!running.server.is_finished());
    release.notify_one();
    let last = waiter.await.unwrap().unwrap();
    assert_eq!(last.body(), "done");
    assert!(says_close(&last));
    assert_eq!(running.server.await.unwrap(), Stopped::Drained);
}

#[tokio::test]
async fn a_connection_that_the_system_has_accepted_is_served_even_when_closing_begins() {
    let (tls, client) = tls(OldestTls::Tls13, &TLS13);
    let server = Server::bind(loopback(), tls, echo(), draining_for(Duration::ZERO))
        .await
        .unwrap();
    let (handle, stop) = stop();
    let socket = TcpStream::connect(server.local_addr()).await.unwrap();
    handle.stop();
    let server = tokio::spawn(server.run(stop));
    let mut connection = client.over(socket).await.unwrap();
    assert_eq!(
        connection.post("/echo", "made it").await.unwrap().body(),
        "made it"
    );
    assert_eq!(server.await.unwrap(), Stopped::Drained);
}

#[tokio::test]
async fn a_second_stop_cuts_what_is_in_flight() {
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let running = run(waiting(&begun, &release), draining_for(FOREVER)).await;
    let mut connection = running.client.connect(running.address).await.unwrap();
    let asking = tokio::spawn(async move { connection.post("/wait", "").await });
    begun.notified().await;
    running.handle.stop();
    running.handle.stop();
    assert_eq!(
        running.server.await.unwrap(),
        Stopped::Aborted { connections: 1 }
    );
    asking.await.unwrap().unwrap_err();
}

#[tokio::test]
async fn a_request_that_outlasts_the_close_time_is_cut() {
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let settings = Settings {
        drain: Duration::ZERO,
        close: Duration::from_millis(1),
        ..Settings::default()
    };
    let running = run(waiting(&begun, &release), settings).await;
    let mut connection = running.client.connect(running.address).await.unwrap();
    let asking = tokio::spawn(async move { connection.post("/wait", "").await });
    begun.notified().await;
    running.handle.stop();
    assert_eq!(
        running.server.await.unwrap(),
        Stopped::CutAfterTimeout { connections: 1 }
    );
    asking.await.unwrap().unwrap_err();
}
