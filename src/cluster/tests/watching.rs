use l7guard_policy::identity::Kind;

use super::stand_in::{Reply, StandIn, page, refusal, service};
use super::until;

const BINDINGS: &str = "targetgroupbindings";

fn forbidden(what: &'static str) -> impl FnMut(&str) -> Option<Reply> + Send + 'static {
    move |asked| asked.contains(what).then(|| refusal(403, "Forbidden"))
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_could_not_be_listed_is_not_waited_for_once_it_is_served_no_more() {
    let cluster = StandIn::serving(&[Kind::TargetGroupBinding]).answering(forbidden(BINDINGS));
    let l7guard = cluster.watched();
    until("the right is missing", || {
        l7guard
            .readiness
            .report()
            .contains("not permitted to list targetgroupbindings")
    })
    .await;
    cluster.serve_no_more(Kind::TargetGroupBinding);
    until("ready", || l7guard.readiness.is_ready()).await;
}

#[tokio::test(start_paused = true)]
async fn metrics_say_nothing_of_a_kind_that_is_served_no_more() {
    let cluster = StandIn::serving(&[Kind::TargetGroupBinding]);
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    let of_binding = |metric: &str| {
        l7guard.says(&format!(
            "l7guard_inventory_{metric}{{kind=\"TargetGroupBinding\"}}"
        ))
    };
    for metric in ["objects", "synced", "last_event_timestamp_seconds"] {
        assert!(of_binding(metric), "{metric}");
    }
    cluster.serve_no_more(Kind::TargetGroupBinding);
    until("forgotten", || !of_binding("synced")).await;
    for metric in ["objects", "last_event_timestamp_seconds"] {
        assert!(!of_binding(metric), "{metric}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_moves_before_it_could_be_listed_is_still_waited_for() {
    let cluster = StandIn::serving(&[Kind::HttpRoute]).answering(forbidden("httproutes"));
    let l7guard = cluster.watched();
    until("tried", || cluster.requests("/v1/httproutes") > 0).await;
    cluster.serve_no_more(Kind::HttpRoute);
    cluster.serve(Kind::HttpRoute, "v1beta1");
    until("tried there", || {
        cluster.requests("/v1beta1/httproutes") > 0
    })
    .await;
    until("waited for", || {
        l7guard.readiness.report().contains("httproutes")
    })
    .await;
    assert!(!l7guard.readiness.is_ready());
    cluster.answers(|_| None);
    until("ready", || l7guard.readiness.is_ready()).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_panics_is_begun_anew_and_counted() {
    let mut is_first = true;
    let cluster = StandIn::serving(&[]).answering(move |asked| {
        let panics = asked.contains("/services?") && asked.contains("watch=true") && is_first;
        is_first &= !panics;
        panics.then_some(Reply::Panic)
    });
    let l7guard = cluster.watched();
    until("listed again", || cluster.requests("/services?&limit") == 2).await;
    until("watched again", || {
        cluster.requests("/services?&watch=true") == 2
    })
    .await;
    assert!(l7guard.says("l7guard_watch_restarts_total{kind=\"Service\",reason=\"panic\"} 1"));
    cluster.tell("services", "ADDED", &service("web"));
    until("known", || l7guard.knows("web")).await;
    assert!(l7guard.readiness.is_ready());
}

#[tokio::test(start_paused = true)]
async fn when_all_watches_fail_they_are_begun_anew_and_what_went_meanwhile_is_forgotten() {
    let cluster = StandIn::serving(&[Kind::TargetGroupBinding]);
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    let synced =
        |kind: &str| l7guard.says(&format!("l7guard_inventory_synced{{kind=\"{kind}\"}} 1"));
    until("listed", || synced("TargetGroupBinding")).await;
    cluster.serve_no_more(Kind::TargetGroupBinding);
    let mut is_first = true;
    cluster.answers(move |asked| {
        let panics = asked == "/apis" && is_first;
        is_first &= !panics;
        panics.then_some(Reply::Panic)
    });
    until("forgotten", || !synced("TargetGroupBinding")).await;
    until("listed again", || cluster.requests("/services?&limit") == 2).await;
    cluster.tell("services", "ADDED", &service("web"));
    until("known", || l7guard.knows("web")).await;
    assert!(l7guard.readiness.is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_list_that_expires_between_two_pages_is_begun_anew_and_leaves_no_ghosts() {
    let mut lists = 0;
    let cluster = StandIn::serving(&[]).answering(move |asked| {
        if !asked.contains("/services?") || asked.contains("watch=true") {
            return None;
        }
        if asked.contains("continue=") {
            return Some(refusal(410, "Expired"));
        }
        lists += 1;
        let reply = match lists {
            1 => page(&[service("ghost")], "more"),
            _ => page(&[service("web")], ""),
        };
        Some(Reply::Json(200, reply))
    });
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    assert!(l7guard.knows("web") && !l7guard.knows("ghost"));
    assert!(l7guard.says("l7guard_watch_restarts_total{kind=\"Service\",reason=\"expired\"} 1"));
}

#[tokio::test(start_paused = true)]
async fn what_a_watch_was_about_to_write_when_its_kind_went_comes_too_late() {
    let cluster = StandIn::serving(&[]);
    let l7guard = cluster.watched();
    until("ready", || l7guard.readiness.is_ready()).await;
    let state = l7guard.world.state();
    let resource = state.served_at(Kind::Service).unwrap();
    let object = |name: &str| {
        let raw = serde_json::from_value(service(name)).unwrap();
        state.facts(Kind::Service, &resource, &raw).unwrap()
    };
    let late = state.begin(Kind::Service, &resource, false);
    state.apply(late, object("web"));
    assert!(l7guard.knows("web"));
    state.forget(Kind::Service);
    state.apply(late, object("web"));
    state.reset(late, vec![object("web")]);
    state.heard(late);
    assert!(!l7guard.knows("web"));
    assert!(!l7guard.says("l7guard_inventory_last_event_timestamp_seconds{kind=\"Service\"}"));
    let again = state.begin(Kind::Service, &resource, false);
    state.apply(late, object("ghost"));
    state.apply(again, object("web"));
    assert!(l7guard.knows("web") && !l7guard.knows("ghost"));
}
