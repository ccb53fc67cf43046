use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use l7guard_policy::confirmation::{Answer, Question};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Scope;
use serde_json::json;

use super::stand_in::{Reply, StandIn, Watching, page, refusal, service};
use super::until;
use crate::cluster::live_read::OF_ALL;
use crate::cluster::time_limit::LIMIT;
use crate::known_world::{KnownWorld, ReadFailure};

async fn ready(cluster: &StandIn) -> Watching {
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    l7guard
}

async fn ask(l7guard: &Watching, question: Question) -> Result<Vec<Answer>, ReadFailure> {
    l7guard.world.answer(BTreeSet::from([question])).await
}

fn services() -> Question {
    Question::Objects(Kind::Service, Scope::Cluster)
}

/// Pages of Services, one on each; the number of the page is the token of the next.
fn endless(last: usize) -> impl FnMut(&str) -> Option<Reply> + Send + 'static {
    move |asked| {
        let (_, token) = asked.split_once("continue=").unwrap_or(("", "0"));
        let number: usize = token.parse().ok()?;
        let next = if number == last {
            String::new()
        } else {
            (number + 1).to_string()
        };
        let items = [service(&format!("web-{number}"))];
        (asked.contains("/services?")).then(|| Reply::Json(200, page(&items, &next)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_any_length_is_read_to_its_end() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    cluster.answers(endless(499));
    let answers = ask(&l7guard, services()).await.unwrap();
    assert_eq!(answers[0].1.len(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_expires_half_way_is_read_once_more_from_the_beginning() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    let mut pages = endless(3);
    let mut is_first = true;
    cluster.answers(move |asked| {
        let expired = is_first && asked.contains("continue=2");
        is_first &= !expired;
        if expired {
            Some(refusal(410, "Expired"))
        } else {
            pages(asked)
        }
    });
    let answers = ask(&l7guard, services()).await.unwrap();
    assert_eq!(answers[0].1.len(), 4, "each once");
    cluster.answers(move |_| Some(refusal(410, "Expired")));
    let error = ask(&l7guard, services()).await.unwrap_err().to_string();
    assert!(
        error.contains("Service objects") && error.contains("Expired"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn reviews_take_turns_in_reading_and_none_is_forgotten() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    cluster.answers(|asked| {
        asked
            .contains("/namespaces/shop/")
            .then_some(Reply::Silence)
    });
    let (world, done) = (l7guard.world.clone(), Arc::new(AtomicUsize::new(0)));
    for number in 0..OF_ALL + 8 {
        let (world, done) = (world.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let key = ObjectKey::new(Kind::Service, "shop", format!("web-{number}"));
            let answered = world.answer(BTreeSet::from([Question::Object(key)])).await;
            assert!(answered.is_err());
            done.fetch_add(1, Ordering::Relaxed);
        });
    }
    tokio::time::sleep(LIMIT / 2).await;
    assert_eq!(cluster.requests("/namespaces/shop/"), OF_ALL);
    until("all were read", || {
        done.load(Ordering::Relaxed) == OF_ALL + 8
    })
    .await;
    assert_eq!(cluster.requests("/namespaces/shop/"), OF_ALL + 8);
}

#[tokio::test(start_paused = true)]
async fn a_kind_whose_crd_was_installed_a_moment_ago_is_read_in_whatever_version_it_is_served() {
    const GROUP: &str = "/apis/gateway.networking.k8s.io";
    let class = Question::Object(ObjectKey::new(Kind::GatewayClass, "", "alb"));
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    let none = || {
        Some(refusal(
            404,
            "the server could not find the requested resource",
        ))
    };
    cluster.answers(move |asked| {
        if asked.starts_with(GROUP) {
            none()
        } else {
            None
        }
    });
    let answers = ask(&l7guard, class.clone()).await.unwrap();
    assert!(answers[0].1.is_empty(), "the group is not served at all");
    assert_eq!(cluster.requests(GROUP), 2, "and that is all that was asked");
    for named in ["v1beta1", "v1"] {
        cluster.answers(move |asked| {
            let group = json!({"name": "gateway.networking.k8s.io", "versions": [
                {"groupVersion": format!("gateway.networking.k8s.io/{named}"), "version": named},
            ]});
            let object = json!({
                "apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "GatewayClass",
                "metadata": {"name": "alb", "resourceVersion": "2"},
                "spec": {"controllerName": "gateway.k8s.aws/alb"},
            });
            match asked {
                GROUP => Some(Reply::Json(200, group)),
                asked if asked.contains("/v1beta1/gatewayclasses/alb") => {
                    Some(Reply::Json(200, object))
                }
                asked if asked.starts_with(GROUP) => none(),
                _ => None,
            }
        });
        let answers = ask(&l7guard, class.clone()).await.unwrap();
        assert_eq!(answers[0].1.len(), 1, "the group names {named}");
    }
    cluster.answers(move |asked| match asked {
        GROUP => Some(refusal(503, "ServiceUnavailable")),
        asked if asked.starts_with(GROUP) => none(),
        _ => None,
    });
    let error = ask(&l7guard, class).await.unwrap_err().to_string();
    assert!(error.contains("GatewayClass"), "{error}");
}
