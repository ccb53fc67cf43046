use std::sync::OnceLock;

use super::*;

/// The id at the end of the reason of a 500.
fn id(reason: &str) -> &str {
    let id = reason
        .split("(id ")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    assert!(
        id.len() == 16 && id.chars().all(|c| c.is_ascii_hexdigit()),
        "{reason}"
    );
    id
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_500_and_names_the_field() {
    let webhook = Webhook::start().await;
    let (_, reason) = webhook
        .refuses(json_request("/validate", review("mistyped")), 500)
        .await;
    assert!(
        reason.contains("/spec/rules/0/host: expected a string, found a number"),
        "{reason}"
    );
    id(&reason);
}

#[tokio::test]
async fn a_failed_judge_is_500_with_an_id_and_without_the_cause() {
    let webhook = Webhook::start().await;
    let (_, one) = webhook
        .refuses(json_request("/validate", review("broken")), 500)
        .await;
    let (_, two) = webhook
        .refuses(json_request("/validate", review("broken")), 500)
        .await;
    assert!(!one.contains("secret"), "{one}");
    assert_ne!(id(&one), id(&two));
}

/// What is logged.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// What every test of this process logs. A subscriber of one thread would race with the other tests: whether
    /// anybody listens to a line is remembered for the whole process.
    pub(super) fn of_process() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        let log = LOG.get_or_init(|| {
            let log = Log::default();
            crate::logging::for_tests(&log);
            log
        });
        log.clone()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_the_cause_and_the_object_under_the_id() {
    let log = Log::of_process();
    let webhook = Webhook::start().await;
    for (name, cause) in [
        ("broken", "the secret of the house"),
        ("panics", "on purpose"),
        ("mistyped", "/spec/rules/0/host"),
    ] {
        let (_, reason) = webhook
            .refuses(json_request("/validate", review(name)), 500)
            .await;
        let log = log.text();
        let line = log.lines().find(|line| line.contains(id(&reason))).unwrap();
        assert!(line.contains("ERROR") && line.contains(cause), "{line}");
        assert!(
            line.contains(&format!("u-{name}")) && line.contains("Ingress"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_judge_that_panics_is_500_and_the_next_review_on_that_connection_is_answered() {
    let webhook = Webhook::start().await;
    let mut connection = webhook.connect().await;
    let answer = connection
        .post("/validate", review("panics"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 500);
    let reason = String::from_utf8(answer.body().to_vec()).unwrap();
    assert!(!reason.contains("on purpose"), "{reason}");
    id(&reason);
    assert_eq!(
        connection
            .post("/validate", review("fine"))
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_judge_that_is_not_ready_in_time_is_500() {
    let webhook = Webhook::start().await;
    let (_, reason) = webhook
        .refuses(json_request("/validate?timeout=20ms", review("late")), 500)
        .await;
    id(&reason);
}
