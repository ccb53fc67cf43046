use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use l7guard_policy::confirmation::{LiveQuery, LiveRead, PodSelection};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Scope;
use l7guard_policy::labels::Labels;
use serde_json::json;

use super::stand_in::{Reply, StandIn, Watching, page, refusal, service};
use super::until;
use crate::cluster::read_shares::OF_ALL;
use crate::cluster::request_timeout::LIMIT;
use crate::judge::{ClusterView, ReadFailure};
use crate::shares::{ReadAllowance, Sender};

async fn ready(cluster: &StandIn) -> Watching {
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    l7guard
}

async fn ask(l7guard: &Watching, query: LiveQuery) -> Result<Vec<LiveRead>, ReadFailure> {
    let allowance = allowance("shop");
    let queries = BTreeSet::from([query]);
    l7guard.world.read(queries, &allowance).await
}

/// Of a review of an Ingress of this namespace.
fn allowance(namespace: &str) -> ReadAllowance {
    ReadAllowance::new(Sender::default().flow_of(Some(namespace), "Ingress", ""))
}

fn services() -> LiveQuery {
    LiveQuery::Objects(Kind::Service, Scope::Cluster)
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
    assert_eq!(answers[0].1.objects().len(), 500);
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
    assert_eq!(answers[0].1.objects().len(), 4, "each once");
    cluster.answers(move |_| Some(refusal(410, "Expired")));
    let error = ask(&l7guard, services()).await.unwrap_err().to_string();
    assert!(
        error.contains("Service objects") && error.contains("Expired"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_of_huge_objects_is_read_in_smaller_pages() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    // Twenty objects of a mebibyte each are too many for one answer.
    cluster.answers(|asked| {
        let (_, query) = asked.split_once("/services?")?;
        let value = |key: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .clone()
                .find(|pair| pair.0 == key)
                .and_then(|pair| pair.1.parse().ok())
        };
        let (first, limit): (usize, usize) = (value("continue").unwrap_or(0), value("limit")?);
        let end = (first + limit).min(20);
        let items: Vec<_> = (first..end)
            .map(|number| {
                let mut service = service(&format!("web-{number}"));
                service["metadata"]["annotations"] = json!({"pad": "x".repeat(1024 * 1024)});
                service
            })
            .collect();
        let next = if end < 20 {
            end.to_string()
        } else {
            String::new()
        };
        Some(Reply::Json(200, page(&items, &next)))
    });
    let answers = ask(&l7guard, services()).await.unwrap();
    assert_eq!(answers[0].1.objects().len(), 20);
    assert_eq!(cluster.requests("limit=15"), 1);
}

#[tokio::test(start_paused = true)]
async fn reviews_take_turns_in_reading_and_none_is_forgotten() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    cluster.answers(silent);
    let done = Arc::new(AtomicUsize::new(0));
    for number in 0..OF_ALL {
        read_in_vain(&l7guard, "shop", 1, number, &done);
    }
    tokio::time::sleep(LIMIT / 2).await;
    // Half of it is for one sender, and half of that for one namespace.
    assert_eq!(cluster.requests("/namespaces/shop/"), OF_ALL / 4);
    until("all were read", || done.load(Ordering::Relaxed) == OF_ALL).await;
    assert_eq!(cluster.requests("/namespaces/shop/"), OF_ALL);
}

#[tokio::test(start_paused = true)]
async fn huge_reviews_of_one_namespace_do_not_delay_the_reads_of_others_nor_its_own_small_ones() {
    let cluster = StandIn::serving(&[]);
    let l7guard = ready(&cluster).await;
    cluster.answers(|asked| {
        let is_huge = asked.contains("/pods") && asked.contains("/shop/");
        is_huge.then_some(Reply::Silence)
    });
    let huge_done = Arc::new(AtomicUsize::new(0));
    for number in 0..10 {
        read_in_vain(&l7guard, "shop", 5_000, number, &huge_done);
    }
    tokio::time::sleep(LIMIT / 4).await;
    let asked = cluster.requests("/shop/pods");
    assert!((1..=OF_ALL / 4).contains(&asked), "{asked}");
    for namespace in ["blog", "news"] {
        let key = ObjectKey::new(Kind::Service, namespace, "web");
        let queries = BTreeSet::from([LiveQuery::Object(key)]);
        let allowance = allowance(namespace);
        let read = l7guard.world.read(queries, &allowance);
        tokio::time::timeout(LIMIT / 100, read)
            .await
            .unwrap()
            .unwrap();
    }
    assert_eq!(huge_done.load(Ordering::Relaxed), 0);
    // Of the same namespace a small one waits for a turn to end, and is the next then.
    let read = ask(&l7guard, services_of("shop"));
    tokio::time::timeout(LIMIT, read).await.unwrap().unwrap();
    assert!(cluster.requests("/shop/pods") <= OF_ALL / 2);
}

fn services_of(namespace: &str) -> LiveQuery {
    LiveQuery::Objects(Kind::Service, Scope::Namespace(namespace.into()))
}

/// What the API server never answers.
fn silent(asked: &str) -> Option<Reply> {
    asked
        .contains("/namespaces/shop/")
        .then_some(Reply::Silence)
}

/// A review that asks for the Pods of so many Services, and fails.
fn read_in_vain(
    l7guard: &Watching,
    namespace: &'static str,
    services: usize,
    number: usize,
    done: &Arc<AtomicUsize>,
) {
    let (world, done) = (l7guard.world.clone(), Arc::clone(done));
    tokio::spawn(async move {
        let pods = |service| {
            let app = format!("app-{number}-{service}");
            LiveQuery::Pods(PodSelection {
                namespace: namespace.into(),
                labels: Labels::new([("app", app)]),
            })
        };
        let queries = (0..services).map(pods).collect();
        let answered = world.read(queries, &allowance(namespace)).await;
        assert!(answered.is_err());
        done.fetch_add(1, Ordering::Relaxed);
    });
}

#[tokio::test(start_paused = true)]
async fn a_kind_whose_crd_was_installed_a_moment_ago_is_read_in_whatever_version_it_is_served() {
    const GROUP: &str = "/apis/gateway.networking.k8s.io";
    let class = LiveQuery::Object(ObjectKey::new(Kind::GatewayClass, "", "alb"));
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
    assert!(
        answers[0].1.objects().is_empty(),
        "the group is not served at all"
    );
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
        assert_eq!(answers[0].1.objects().len(), 1, "the group names {named}");
    }
    cluster.answers(move |asked| match asked {
        GROUP => Some(refusal(503, "ServiceUnavailable")),
        asked if asked.starts_with(GROUP) => none(),
        _ => None,
    });
    let error = ask(&l7guard, class).await.unwrap_err().to_string();
    assert!(error.contains("GatewayClass"), "{error}");
}
