//! Writes back to back by several clients while the watches run as they do: no path is missed, no innocent refused.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::try_join_all;
use libtest_mimic::Failed;

use crate::scenery::{ALB, Hand, NGINX, Write, deployment, ingress, ingress_class, service};
use crate::stage::Stage;
use crate::{Case, Named, boxed};

/// How many write at the same time.
const CLIENTS: usize = 6;

/// How often, unless `L7GUARD_BURSTS` says otherwise.
const TIMES: usize = 1000;

pub(crate) fn cases() -> Vec<Case> {
    let cases: [Named; 2] = [
        (
            "Service and Ingress back to back, in either order, by several clients: none is missed and no innocent refused",
            back_to_back,
        ),
        (
            "bursts of class, workload, Service and Ingress by several clients: none is missed and no innocent refused",
            bursts,
        ),
    ];
    cases.into_iter().map(boxed).collect()
}

fn times() -> usize {
    let asked = std::env::var("L7GUARD_BURSTS").ok();
    asked.and_then(|times| times.parse().ok()).unwrap_or(TIMES)
}

fn back_to_back(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage
            .know(&[
                deployment(at, "edge", true),
                deployment(at, "web", false),
                ingress_class(at, ALB),
            ])
            .await?;
        let next = AtomicUsize::new(0);
        let clients = (0..CLIENTS).map(|_| async {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= times() {
                    return Ok::<_, Failed>(());
                }
                // Of four, one is an application's.
                let is_innocent = number % 4 == 3;
                let app = if is_innocent { "web" } else { "edge" };
                let name = format!("front-{number}");
                let mut writes = vec![
                    Write::Create(service(at, &name, app)),
                    Write::Create(ingress(at, &name, Some(at), &name)),
                ];
                if number.is_multiple_of(2) {
                    writes.reverse();
                }
                play(&stage.hand, &writes, is_innocent).await?;
            }
        });
        try_join_all(clients).await.map(drop)
    })
}

fn bursts(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        let next = AtomicUsize::new(0);
        let clients = (0..CLIENTS).map(|_| async {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= times() / 4 {
                    return Ok::<_, Failed>(());
                }
                let name = format!("{at}-{number}");
                let (is_nginx, is_web) = (number % 8 == 3, number % 8 == 6);
                let controller = if is_nginx { NGINX } else { ALB };
                let mut writes = vec![
                    Write::Create(ingress_class(&name, controller)),
                    Write::Create(service(at, &name, &name)),
                    Write::Create(ingress(at, &name, Some(&name), &name)),
                ];
                // The workload comes at any place but the last, of which nobody is asked.
                writes.rotate_left(number % 3);
                writes.insert(
                    number / 3 % 3,
                    Write::Create(deployment(at, &name, !is_web)),
                );
                play(&stage.hand, &writes, is_nginx || is_web).await?;
            }
        });
        try_join_all(clients).await.map(drop)
    })
}

/// Writes one after the other: the last is refused, unless all of it is innocent.
async fn play(hand: &Hand, writes: &[Write], is_innocent: bool) -> Result<(), Failed> {
    let (last, before) = writes.split_last().ok_or("no writes")?;
    for write in before {
        hand.write(write).await?.accepted()?;
    }
    let written = hand.write(last).await?;
    if is_innocent {
        written.accepted()
    } else {
        written.refused().map(drop)
    }
}
