//! What is logged of watches that fail: once, and when it changes.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use l7guard_policy::identity::Kind;
use tokio::time::sleep;
use tracing_subscriber::fmt::MakeWriter;

use super::stand_in::{StandIn, refusal};
use super::until;

/// Lines of the log at `info` and above.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn with(&self, part: &str) -> usize {
        let bytes = self.0.lock().unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.lines().filter(|line| line.contains(part)).count()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_said_once_a_kind_and_when_it_changes() {
    let lines = Lines::default();
    let log = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_env_filter("l7guard=info")
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(log);
    let cluster = StandIn::serving(&[Kind::TargetGroupBinding])
        .answering(|asked| asked.contains("limit").then(|| refusal(403, "Forbidden")));
    let l7guard = cluster.watched();
    sleep(Duration::from_mins(5)).await;
    assert!(
        cluster.requests("/services?&limit") > 5,
        "it goes on trying"
    );
    for kind in ["services", "targetgroupbindings.elbv2.k8s.aws"] {
        let told = lines.with(&format!("not permitted to list {kind}:"));
        assert_eq!(told, 1, "{kind}");
    }
    // Each kind has a line of its own in the report, too.
    let report = l7guard.readiness.report();
    let kinds = report
        .lines()
        .filter(|line| line.contains("not permitted to list"));
    assert!(kinds.count() > 2, "{report}");
    cluster.answers(|asked| asked.contains("limit").then(|| refusal(500, "Broken")));
    sleep(Duration::from_mins(5)).await;
    assert_eq!(
        lines.with("the API server answered 500 to list services"),
        1
    );
    cluster.answers(|_| None);
    until("ready", || l7guard.readiness.is_ready()).await;
    assert_eq!(lines.with("listed again kind=\"Service\""), 1);
}
