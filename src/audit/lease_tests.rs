use std::sync::{Arc, Mutex};

use kube::client::Body;
use serde_json::{Value, json};
use tokio::time::advance;

use super::super::leadership::Leadership;
use super::*;
use crate::metrics::Registry;

/// An API server with one Lease.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    lease: Value,
    /// Whether it says that the Lease was renewed in an hour.
    is_ahead: bool,
    patches: usize,
    is_down: bool,
}

impl Server {
    fn client(&self) -> Client {
        let state = Arc::clone(&self.0);
        let service = service_fn(move |request: hyper::Request<Body>| {
            let state = Arc::clone(&state);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect_bytes().await?;
                let is_down = state.lock().unwrap().is_down;
                if is_down {
                    std::future::pending::<()>().await;
                }
                let lease = state.lock().unwrap().answer(&head.method, &body);
                let answer = Body::from(serde_json::to_vec(&lease).unwrap_or_default());
                Ok::<_, BoxError>(hyper::Response::new(answer))
            }
        });
        Client::new(service, "guard")
    }
}

impl State {
    fn answer(&mut self, method: &Method, body: &[u8]) -> Value {
        if self.lease.is_null() {
            self.lease = json!({"metadata": {"name": "guard"}, "spec": {}});
        }
        if method == Method::PATCH {
            self.patches += 1;
            let patch: Value = serde_json::from_slice(body).unwrap();
            for (field, value) in patch["spec"].as_object().unwrap() {
                self.lease["spec"][field] = value.clone();
            }
        }
        let mut lease = self.lease.clone();
        if self.is_ahead && lease["spec"]["renewTime"].is_string() {
            let renewed = std::time::SystemTime::now() + Duration::from_hours(1);
            let renewed = k8s_openapi::jiff::Timestamp::try_from(renewed).unwrap();
            lease["spec"]["renewTime"] = json!(renewed.to_string());
        }
        lease
    }
}

/// A replica that asks for the Lease.
fn candidate(server: &Server) -> (Leadership, tokio::task::JoinHandle<()>) {
    let leading = Leading::new();
    let leadership = leading.leadership();
    let (client, candidate) = (
        server.client(),
        Candidate {
            namespace: "guard".to_owned(),
            name: "guard".to_owned(),
            replica: "one".to_owned(),
        },
    );
    let metrics = AuditMetrics::register(&Registry::new());
    let task = tokio::spawn(async move {
        keep(
            client,
            candidate,
            &leading,
            &metrics,
            std::future::pending(),
        )
        .await;
    });
    (leadership, task)
}

async fn until(leadership: &Leadership, leads: bool) -> Duration {
    let began = Instant::now();
    while leadership.holds() != leads {
        sleep(Duration::from_millis(100)).await;
        assert!(began.elapsed() < Duration::from_mins(2), "it never does");
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_does_not_make_a_replica_lead_longer_than_its_lease() {
    let server = Server::default();
    server.0.lock().unwrap().is_ahead = true;
    let (leadership, task) = candidate(&server);
    until(&leadership, true).await;
    advance(Duration::from_secs(DURATION + 1)).await;
    assert!(!leadership.holds());
    let patches = server.0.lock().unwrap().patches;
    assert!(patches > 0);
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_is_cut_off_stops_before_its_lease_ends_and_leads_again_afterwards() {
    let server = Server::default();
    let (leadership, task) = candidate(&server);
    until(&leadership, true).await;
    server.0.lock().unwrap().is_down = true;
    let took = until(&leadership, false).await;
    assert!(took < Duration::from_secs(DURATION), "{took:?}");
    server.0.lock().unwrap().is_down = false;
    until(&leadership, true).await;
    task.abort();
}
