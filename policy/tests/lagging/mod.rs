//! Read your writes: an inventory that lags behind the cluster by one write misleads nobody, as what it says is confirmed
//! by reads of the cluster.

use std::sync::Arc;

use l7guard_policy::budget::Budget;
use l7guard_policy::configuration::{Configuration, Ratchet};
use l7guard_policy::confirmation::{
    LiveQuery, LiveResult, PodSelection, Review, SelectedPods, Step,
};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::{Inventory, Scope};
use l7guard_policy::objects::pod_metadata::{PodMetadata, PodShape};
use l7guard_policy::objects::workload::Workload;
use l7guard_policy::objects::{Facts, Object};
use l7guard_policy::rules::{Mode, Rule};
use l7guard_policy::verdict::{Change, Verdict, review};
use proptest::prelude::*;
use serde_json::Value;

use crate::worlds::{self, History, Manifest, key, view};
use crate::{TODAY, configured, histories_with_an_update, inventory};

/// The kinds that the webhook is asked about.
const JUDGED: [Kind; 11] = [
    Kind::Ingress,
    Kind::IngressClass,
    Kind::Service,
    Kind::Gateway,
    Kind::GatewayClass,
    Kind::ListenerSet,
    Kind::XListenerSet,
    Kind::HttpRoute,
    Kind::GrpcRoute,
    Kind::TargetGroupBinding,
    Kind::EksTargetGroupBinding,
];

/// What can stand behind a Service.
const BEHIND: [Kind; 8] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::Rollout,
    Kind::Pod,
    Kind::EndpointSlice,
    Kind::Endpoints,
];

proptest! {
    #![proptest_config(configured())]

    #[test]
    fn an_inventory_that_lags_misses_no_path_and_refuses_nobody_for_one_that_is_gone(
        (history, (Manifest(old), Manifest(new))) in histories_with_an_update(),
        lag in lags(),
        is_update in any::<bool>(),
        configuration in configurations(),
    ) {
        let Some(new) = view(&new).filter(|new| JUDGED.contains(&new.key.kind)) else {
            return Ok(());
        };
        let change = Change {
            old: view(&old).filter(|_| is_update),
            new,
        };
        let cluster = without_hidden_kinds(&history.world.0);
        let Some(lagging) = lagging(&history, &cluster, &lag) else {
            return Ok(());
        };
        let cluster = inventory(&cluster);
        let (verdict, review_of_it) = confirmed(&lagging, &cluster, &configuration, &change);
        let truth = review(&cluster, &configuration, &change, TODAY);
        prop_assert_eq!(verdict.is_denied(), truth.is_denied(), "{:?}\n{:?}\n{:?}", truth, verdict, review_of_it);
    }

    #[test]
    fn what_changes_nothing_that_a_rule_reads_asks_nothing(
        history in worlds::histories(),
        Manifest(object) in worlds::object().prop_map(Manifest),
        setting in worlds::setting(),
    ) {
        if let Some(new) = view(&object) {
            let change = Change { old: Some(new.clone()), new };
            let inventory = inventory(&history.world.0);
            let mut review = Review::new(&setting.configuration, &change, TODAY);
            let step = review.next(&Budget::unlimited(), &inventory, []);
            prop_assert!(matches!(step, Ok(Step::Done(_))), "{step:?}");
        }
    }
}

/// Endpoints are mirrored into EndpointSlices, which are what the inventory of a cluster holds, and what an `IstioOperator`
/// asks for stands there by itself. TCPRoutes and TLSRoutes are not read.
fn is_hidden(object: &Value) -> bool {
    let kind = key(object).kind;
    let not_read = matches!(kind, Kind::TcpRoute | Kind::TlsRoute);
    not_read || matches!(kind, Kind::Endpoints | Kind::IstioOperator)
}

fn without_hidden_kinds(objects: &[Value]) -> Vec<Value> {
    let read = objects.iter().filter(|object| !is_hidden(object));
    read.cloned().collect()
}

/// The writes that an inventory has not seen: one of any kind, and creations.
#[derive(Clone, Debug)]
struct Lag {
    last: prop::sample::Index,
    is_creation: bool,
    creations: Vec<prop::sample::Index>,
}

fn lags() -> impl Strategy<Value = Lag> {
    let index = any::<prop::sample::Index>;
    let creations = prop_oneof![Just(Vec::new()), prop::collection::vec(index(), 1..4),];
    (index(), any::<bool>(), creations).prop_map(|(last, is_creation, creations)| Lag {
        last,
        is_creation,
        creations,
    })
}

/// Also those in which everything denies, and in which an update is refused for what was there before.
pub(crate) fn configurations() -> impl Strategy<Value = Configuration> {
    let switches = (
        worlds::setting(),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.2),
    );
    switches.prop_map(|(setting, is_strict, is_without_ratchet)| {
        let mut configuration = setting.configuration;
        if is_strict {
            let rules = Rule::all().iter().map(|rule| (rule.code, Mode::Deny));
            configuration.modes.rules = rules.collect();
        }
        if is_without_ratchet {
            configuration.ratchet = Ratchet::Off;
        }
        configuration
    })
}

/// The inventory of a cluster whose last writes it has not seen: objects are missing, one may be in its earlier version or
/// still there. Pods and Namespaces are never in it. `None`: a write is one that only the audit finds, of a workload beside others.
fn lagging(history: &History, cluster: &[Value], lag: &Lag) -> Option<Inventory> {
    let candidates: Vec<(usize, &Value)> = history
        .world
        .0
        .iter()
        .chain(&history.passing.0)
        .enumerate()
        .filter(|(_, object)| !is_hidden(object))
        .collect();
    if candidates.is_empty() {
        return None;
    }
    let mut lagging = inventory(cluster);
    for creation in &lag.creations {
        let (_, object) = *creation.get(&candidates);
        if is_beside_others(cluster, &key(object)) {
            return None;
        }
        lagging.remove(&key(object));
    }
    let (at, object) = *lag.last.get(&candidates);
    let written = key(object);
    if is_beside_others(cluster, &written) {
        return None;
    }
    lagging.remove(&written);
    let stale = match history.before.0.get(at) {
        Some(_) if lag.is_creation => None,
        Some(before) => view(before),
        None => view(object),
    };
    if let Some(stale) = stale {
        lagging.apply(stale);
    }
    lagging.reset(Kind::Pod, []);
    lagging.reset(Kind::Namespace, []);
    Some(lagging)
}

fn is_beside_others(cluster: &[Value], written: &ObjectKey) -> bool {
    let stands_behind = |key: &ObjectKey| BEHIND.contains(&key.kind);
    stands_behind(written)
        && cluster.iter().map(key).any(|other| {
            stands_behind(&other) && other.namespace == written.namespace && other != *written
        })
}

/// The verdict after every query was answered from the cluster.
fn confirmed<'a>(
    inventory: &Inventory,
    cluster: &Inventory,
    configuration: &'a Configuration,
    change: &'a Change,
) -> (Verdict, Review<'a>) {
    let mut review = Review::new(configuration, change, TODAY);
    let mut answers = Vec::new();
    loop {
        match review.next(&Budget::unlimited(), inventory, answers) {
            Ok(Step::Done(verdict)) => return (verdict, review),
            Ok(Step::Read(open)) => {
                let answered = open.into_iter().map(|query| {
                    let answer = answer(cluster, &query);
                    (query, answer)
                });
                answers = answered.collect();
            }
            Err(error) => panic!("{error}: {review:?}"),
        }
    }
}

fn answer(cluster: &Inventory, query: &LiveQuery) -> LiveResult {
    if let LiveQuery::PodMetadata(selection) = query {
        let mut pods = SelectedPods::new();
        for pod in cluster.objects().filter(|object| is_of(object, selection)) {
            pods.add(metadata(pod));
        }
        return LiveResult::Pods(pods);
    }
    let is_asked_for = |object: &&Object| match query {
        LiveQuery::Object(key) | LiveQuery::Revision(key) => object.key == *key,
        LiveQuery::Objects(kind, Scope::Cluster) => object.key.kind == *kind,
        LiveQuery::Objects(kind, Scope::Namespace(namespace)) => {
            object.key.kind == *kind && object.key.namespace == *namespace
        }
        LiveQuery::Aliases => {
            matches!(&object.facts, Facts::Service(service) if service.external_name.is_some())
        }
        LiveQuery::Pods(selection) => is_of(object, selection),
        LiveQuery::PodMetadata(_) => false,
    };
    let found: Vec<Object> = cluster.objects().filter(is_asked_for).cloned().collect();
    found.into()
}

fn is_of(object: &Object, selection: &PodSelection) -> bool {
    object.key.kind == Kind::Pod
        && object.key.namespace == selection.namespace
        && matches!(&object.facts, Facts::Workload(pod) if selection.labels.selects(&pod.labels))
}

fn metadata(pod: &Object) -> PodMetadata {
    let Facts::Workload(workload) = &pod.facts else {
        panic!("no Pod: {pod:?}");
    };
    PodMetadata {
        name: Arc::clone(&pod.key.name),
        shape: PodShape {
            controller: workload.owner.as_deref().cloned(),
            revision: None,
            marks: Workload {
                labels: workload.labels.clone(),
                ..Workload::default()
            },
        },
    }
}
