//! A cluster that answers live reads, and the copy of it that is known.

use serde_json::{Value, json};

use super::super::selected_pods::SelectedPods;
use super::super::tests::{deployment, gateway_class, named, object, service};
use super::super::{LiveQuery, LiveResult, PodSelection, Review, Step};
use super::manifests::{APPLICATION, owned_by, pod, replica_set, with_uid};
use crate::budget::Budget;
use crate::configuration::{Configuration, Date};
use crate::identity::Kind;
use crate::inventory::{Inventory, Scope};
use crate::objects::{Facts, Object, pod_metadata};
use crate::verdict::{Change, Verdict};

/// A cluster, and the copy of it that is known.
pub(super) struct Cluster {
    pub(super) known: Inventory,
    pub(super) there: Vec<Value>,
    pub(super) configuration: Configuration,
}

/// A verdict and the queries that led to it.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) asked: Vec<LiveQuery>,
}

impl Cluster {
    /// The application `web` behind Service `web`, ends of paths of every kind, and these.
    pub(super) fn with(more: &[Value]) -> Self {
        let alb = json!({"controller": "ingress.k8s.aws/alb"});
        let gateway = json!({"gatewayClassName": "aws"});
        let mut there = vec![
            named("networking.k8s.io/v1", "IngressClass", "alb", &alb),
            gateway_class("aws", "gateway.k8s.aws/alb"),
            named("gateway.networking.k8s.io/v1", "Gateway", "aws", &gateway),
            with_uid(deployment("web", APPLICATION), 1),
            service("web", "web"),
            replica_set("web-1", 2, APPLICATION),
            owned_by(pod("web-1-a", APPLICATION), "ReplicaSet", "web-1", 2),
        ];
        there.extend(more.iter().cloned());
        let mut known = Inventory::new();
        for object in there.iter().map(object) {
            if !matches!(object.key.kind, Kind::Pod | Kind::ReplicaSet) {
                known.apply(object);
            }
        }
        Self {
            known,
            there,
            configuration: Configuration::default(),
        }
    }

    pub(super) fn judged(&self, old: Option<&Value>, new: &Value) -> Judged {
        let configuration = &self.configuration;
        let change = Change {
            old: old.map(object),
            new: object(new),
        };
        let mut review = Review::new(configuration, &change, Date::MIN);
        let (mut answers, mut asked) = (Vec::new(), Vec::new());
        loop {
            match review.next(&Budget::unlimited(), &self.known, answers) {
                Ok(Step::Done(verdict)) => return Judged { verdict, asked },
                Ok(Step::Read(open)) => {
                    asked.extend(open.iter().cloned());
                    let answered = open.into_iter().map(|query| {
                        let answer = self.answer(&query);
                        (query, answer)
                    });
                    answers = answered.collect();
                }
                Err(error) => panic!("{error}: {asked:?}"),
            }
        }
    }

    pub(super) fn is_refused(&self, new: &Value) -> bool {
        self.judged(None, new).verdict.is_denied()
    }

    pub(super) fn answer(&self, query: &LiveQuery) -> LiveResult {
        let objects = self.there.iter().map(object);
        let is_of = |object: &Object, pods: &PodSelection| {
            object.key.kind == Kind::Pod
                && matches!(&object.facts, Facts::Workload(pod) if pods.labels.selects(&pod.labels))
        };
        if let LiveQuery::PodMetadata(selection) = query {
            let mut pods = SelectedPods::new();
            for json in &self.there {
                if is_of(&object(json), selection) {
                    pods.add(pod_metadata::read(&json.to_string()).unwrap());
                }
            }
            return LiveResult::Pods(pods);
        }
        let answers = |object: &Object| match query {
            LiveQuery::Object(key) | LiveQuery::Revision(key) => object.key == *key,
            LiveQuery::Objects(kind, Scope::Cluster | Scope::Namespace(_)) => {
                object.key.kind == *kind
            }
            LiveQuery::Pods(pods) => is_of(object, pods),
            LiveQuery::PodMetadata(_) | LiveQuery::Aliases => false,
        };
        let found: Vec<Object> = objects.filter(answers).collect();
        found.into()
    }
}

impl Judged {
    pub(super) fn count(&self, is_meant: impl Fn(&LiveQuery) -> bool) -> usize {
        self.asked.iter().filter(|asked| is_meant(asked)).count()
    }

    pub(super) fn pods_by_name(&self) -> usize {
        self.count(|asked| matches!(asked, LiveQuery::Object(key) if key.kind == Kind::Pod))
    }

    pub(super) fn lists_of_pods(&self) -> usize {
        self.count(|asked| matches!(asked, LiveQuery::Pods(_)))
    }

    pub(super) fn lists_of_metadata(&self) -> usize {
        self.count(|asked| matches!(asked, LiveQuery::PodMetadata(_)))
    }

    pub(super) fn revisions(&self) -> usize {
        self.count(|asked| matches!(asked, LiveQuery::Revision(_)))
    }
}
