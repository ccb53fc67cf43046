//! The short form: callers that ask the webhook itself, beside each flood.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use control_plane::WebhookCertificate;
use libtest_mimic::{Failed, Trial};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::attack::{Attack, Flood, From};
use crate::caller::{Caller, Lost};
use crate::reviews::{self, NAME};
use crate::server::Server;
use crate::tls::Connector;

/// Fewer places than attackers, so that a short flood fills them too.
const CONNECTIONS: &str = "192";
const CLIENTS: usize = 300;
/// New connections a second: few enough for a server without optimisation.
const RATE: u32 = 120;
/// When a flood ends at the latest: long enough to take all connections on a busy machine.
const FLOOD: Duration = Duration::from_mins(2);
/// When a flood ends that keeps the callers out. Any other ends as soon as they have got in often enough.
const EFFECT: Duration = Duration::from_secs(15);

/// As many as write in the long form.
const CALLERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(5);
/// How many pairs of reviews go over a connection before its caller dials another: new connections have to get in too.
const REVIEWS: usize = 10;
/// How many connections the callers have to dial and use while everything is taken.
const DIALLED: usize = 3 * CALLERS;

pub(crate) fn trials() -> Vec<Trial> {
    let floods = From::BOTH
        .into_iter()
        .flat_map(|from| Attack::ALL.map(|attack| (attack, from)));
    let trial = |(attack, from): (Attack, From)| {
        let name = format!("{} {}: no review is lost", attack.name(), from.name());
        Trial::test(name, move || nothing_is_lost(attack, from))
    };
    floods.map(trial).collect()
}

/// `timeoutSeconds`: where a flood holds connections a short one, where it computes the default.
fn timeout(attack: Attack) -> Duration {
    Duration::from_secs(if attack.computes() { 10 } else { 3 })
}

#[derive(Default)]
struct Counts {
    right: AtomicUsize,
    wrong: AtomicUsize,
    /// Connections that were dialled and used.
    dialled: AtomicUsize,
    lost: Mutex<Vec<Lost>>,
    stop: AtomicBool,
}

fn nothing_is_lost(attack: Attack, from: From) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let certificate = WebhookCertificate::write_into(folder.path(), NAME)?;
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, &certificate.authority)?;
    let options = ["--max-connections", CONNECTIONS];
    let server = Server::l7guard("127.0.0.1:0", &certificate, &options);
    let flood = Flood {
        attack,
        from,
        clients: CLIENTS,
        rate: RATE,
        duration: FLOOD,
        target: server.address,
        name: Some(NAME),
        authority: &authority,
    };
    let counts = Arc::new(Counts::default());
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let connector = Connector::new(NAME, &authority);
            let caller = Caller::new(connector, server.address, timeout(attack));
            callers.spawn(call(caller, Arc::clone(&counts)));
        }
        let flooding = flood.start();
        until_it_takes_effect(attack, &server).await;
        until_dialled(&counts).await;
        drop(flooding);
        if attack.computes() {
            // What such a flood costs is a matter of the machine; after it everything is as before.
            counts.lost.lock().unwrap().clear();
            sleep(PAUSE * 20).await;
        }
        counts.stop.store(true, Ordering::Relaxed);
        callers.join_all().await;
    });
    let lost = counts.lost.lock().unwrap();
    assert!(
        lost.is_empty(),
        "{} lost, the first: {}",
        lost.len(),
        lost[0]
    );
    assert_eq!(counts.wrong.load(Ordering::Relaxed), 0, "wrong verdicts");
    assert!(counts.right.load(Ordering::Relaxed) > 0);
    if takes_places(attack) {
        let warnings = server.log().matches("all connections are taken").count();
        assert_eq!(warnings, 1, "{}", server.log());
    }
    Ok(())
}

/// Whether all connections are taken by it.
fn takes_places(attack: Attack) -> bool {
    !attack.computes()
}

/// Waits until all connections are taken, by a flood that takes them.
async fn until_it_takes_effect(attack: Attack, server: &Server) {
    let began = Instant::now();
    while takes_places(attack) && !server.log().contains("all connections are taken") {
        sleep(Duration::from_millis(50)).await;
        assert!(began.elapsed() < FLOOD, "the flood takes too little");
    }
}

/// Waits until callers have dialled often enough, or for a while.
async fn until_dialled(counts: &Counts) {
    let (began, before) = (Instant::now(), counts.dialled.load(Ordering::Relaxed));
    while counts.dialled.load(Ordering::Relaxed) < before + DIALLED && began.elapsed() < EFFECT {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Asks until told to stop.
async fn call(mut caller: Caller, counts: Arc<Counts>) {
    let questions = [(reviews::allowed(), true), (reviews::refused(), false)];
    let mut sent = 0;
    while !counts.stop.load(Ordering::Relaxed) {
        for (review, allowed) in &questions {
            match caller.is_allowed(review).await {
                Ok(answer) if answer == *allowed => counts.right.fetch_add(1, Ordering::Relaxed),
                Ok(_) => counts.wrong.fetch_add(1, Ordering::Relaxed),
                Err(lost) => {
                    counts.lost.lock().unwrap().push(lost);
                    0
                }
            };
            sleep(PAUSE).await;
        }
        sent += 1;
        if sent % REVIEWS == 0 {
            caller.leave();
            counts.dialled.fetch_add(1, Ordering::Relaxed);
        }
    }
}
