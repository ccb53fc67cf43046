use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, timeout};

use super::*;

const RESTARTED: Rule = Rule {
    name: "restarted",
    returned: Then::Restart,
    panicked: Then::Restart,
};

const NEEDED: Rule = Rule {
    name: "needed",
    returned: Then::Finish,
    panicked: Then::Fail,
};

const DONE: Rule = Rule {
    name: "done",
    returned: Then::Nothing,
    panicked: Then::Fail,
};

fn supervisor() -> (Supervisor, Registry) {
    let registry = Registry::new();
    (Supervisor::new(&registry), registry)
}

/// Whether a failure of any task is counted. Those of each begin at 0.
fn has_failures(registry: &Registry) -> bool {
    let text = registry.encode().unwrap();
    let mut counts = text
        .lines()
        .filter(|line| line.starts_with("l7guard_task_failures_total{"));
    counts.any(|line| !line.ends_with(" 0"))
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_or_returns_is_counted_and_restarted_after_a_pause() {
    let (mut supervisor, registry) = supervisor();
    let (told, mut begins) = unbounded_channel();
    let begun = AtomicUsize::new(0);
    supervisor.spawn(&RESTARTED, move || {
        let (begun, told) = (begun.fetch_add(1, Ordering::Relaxed), told.clone());
        async move {
            told.send(Instant::now()).unwrap();
            match begun {
                0 => panic!("on purpose"),
                1 => {}
                _ => std::future::pending().await,
            }
        }
    });
    let first = Instant::now();
    timeout(10 * PAUSE, supervisor.run()).await.unwrap_err();
    let mut before = begins.recv().await.unwrap();
    assert_eq!(before, first);
    for _ in 0..2 {
        let next = begins.recv().await.unwrap();
        assert!((PAUSE..=2 * PAUSE).contains(&(next - before)));
        before = next;
    }
    assert!(begins.try_recv().is_err());
    let text = registry.encode().unwrap();
    for reason in ["panicked", "returned"] {
        let line =
            format!("l7guard_task_failures_total{{task=\"restarted\",reason=\"{reason}\"}} 1\n");
        assert!(text.contains(&line), "{text}");
    }
}

#[tokio::test]
async fn a_panic_while_a_task_is_made_is_one_of_the_task() {
    let (mut supervisor, _) = supervisor();
    #[expect(unreachable_code, reason = "the type of what is never made")]
    supervisor.spawn(&NEEDED, || {
        panic!("on purpose");
        std::future::ready(())
    });
    let failed = supervisor.run().await.unwrap_err();
    assert_eq!((failed.task, failed.reason), ("needed", Reason::Panicked));
}

#[tokio::test]
async fn a_task_that_is_needed_ends_the_process_well_or_with_an_error() {
    let (mut supervisor, registry) = supervisor();
    supervisor.spawn_once(&NEEDED, async {});
    supervisor.run().await.unwrap();
    assert!(!has_failures(&registry));
    supervisor.spawn_once(&NEEDED, async { panic!("on purpose") });
    let failed = supervisor.run().await.unwrap_err();
    assert_eq!(
        failed.to_string(),
        "the background task needed panicked, which is a bug in l7guard"
    );
    let line = "l7guard_task_failures_total{task=\"needed\",reason=\"panicked\"} 1\n";
    assert!(registry.encode().unwrap().contains(line));
}

#[tokio::test]
async fn what_cannot_be_made_anew_ends_the_process_where_it_was_to_be_restarted() {
    let (mut supervisor, _) = supervisor();
    supervisor.spawn_once(&RESTARTED, async {});
    assert_eq!(supervisor.run().await.unwrap_err().task, "restarted");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_has_done_its_work_stops_nothing() {
    let (mut supervisor, registry) = supervisor();
    supervisor.spawn(&DONE, || async {});
    timeout(PAUSE, supervisor.run()).await.unwrap_err();
    assert!(!has_failures(&registry));
}
