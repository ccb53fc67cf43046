use kube::{Client, Config};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::stand_in::{Reply, StandIn};
use super::until;
use crate::cluster::ClusterWorld;
use crate::cluster::request_timeout::LIMIT;
use crate::metrics::Registry;
use crate::operations::Readiness;

#[tokio::test(start_paused = true)]
async fn a_request_that_is_never_answered_is_given_up_and_made_again() {
    for silent in ["/api", "/services?&limit", "/services?&watch=true"] {
        let mut is_first = true;
        let cluster = StandIn::serving(&[]).answering(move |asked| {
            let is_meant = asked == silent || silent.contains('?') && asked.contains(silent);
            let is_silent = is_first && is_meant;
            is_first &= !is_silent;
            is_silent.then_some(Reply::Silence)
        });
        let began = Instant::now();
        let l7guard = cluster.watched();
        until(silent, || {
            l7guard.readiness.is_ready() && cluster.requests("/services?&watch=true") > 0
        })
        .await;
        let watches = usize::from(silent.contains("watch"));
        until(silent, || {
            cluster.requests("/services?&watch=true") > watches
        })
        .await;
        let counted = "l7guard_watch_restarts_total{kind=\"Service\",reason=\"timeout\"} 1";
        assert_eq!(l7guard.says(counted), silent.contains('?'), "{silent}");
        assert!(began.elapsed() >= LIMIT, "{silent}");
        assert!(began.elapsed() < 3 * LIMIT, "{silent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_says_nothing_is_asked_again_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut config = Config::new(url.parse().unwrap());
    config.default_retry = false;
    let readiness = Readiness::new();
    let client = Client::try_from(config).unwrap();
    let world = ClusterWorld::new(client, &Registry::new(), &readiness);
    let mut watching = JoinSet::new();
    watching.spawn(world.keep_watching());
    let (mut asked, began) = (Vec::new(), Instant::now());
    for _ in 0..3 {
        asked.push(listener.accept().await.unwrap());
        until("it is said", || {
            readiness
                .report()
                .contains("did not answer within 30 seconds")
        })
        .await;
    }
    assert!(began.elapsed() < 4 * LIMIT);
    assert!(!readiness.can_judge());
}
