//! A review in a world, on the webhook's way: from the bytes of an AdmissionReview to the bytes of the answer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use l7guard::admission::{Review, ReviewedObject};
use l7guard::judge::PolicyJudge;
use l7guard::judge::{ClusterView, ReadFailure};
use l7guard::live::Live;
use l7guard::shares::ReadAllowance;
use l7guard_policy::budget::Budget;
use l7guard_policy::configuration::{Configuration, Date};
use l7guard_policy::confirmation::{
    self, LiveQuery, LiveRead, LiveResult, PodSelection, ReviewError, SelectedPods, Step,
};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::{Inventory, Scope};
use l7guard_policy::objects::pod_metadata::{PodMetadata, PodShape};
use l7guard_policy::objects::workload::Workload;
use l7guard_policy::objects::{self, Facts, Naming, Object, Source};
use l7guard_policy::verdict::Change;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

/// A review, and the world in which it is judged.
pub(crate) struct Scene {
    body: Vec<u8>,
    world: Arc<Copy>,
}

impl Scene {
    /// The creation of `object` among `others`. An object without a namespace is in `shop`.
    pub(crate) fn creation(object: &Value, others: impl IntoIterator<Item = Value>) -> Self {
        Self::of(
            &json!({"operation": "CREATE", "object": object}),
            object,
            others,
        )
    }

    /// The update of `old` to `object`.
    pub(crate) fn update(
        object: &Value,
        old: &Value,
        others: impl IntoIterator<Item = Value>,
    ) -> Self {
        let members = json!({"operation": "UPDATE", "object": object, "oldObject": old});
        Self::of(&members, object, others)
    }

    fn of(members: &Value, object: &Value, others: impl IntoIterator<Item = Value>) -> Self {
        Self {
            body: body(members, object),
            world: Self::world(others),
        }
    }

    /// The creation of `object` in a world.
    pub(crate) fn creation_in(object: &Value, world: Arc<Copy>) -> Self {
        let members = json!({"operation": "CREATE", "object": object});
        Self {
            body: body(&members, object),
            world,
        }
    }

    /// The world of these objects.
    pub(crate) fn world(objects: impl IntoIterator<Item = Value>) -> Arc<Copy> {
        let mut inventory = Inventory::new();
        for object in objects {
            inventory.apply(read(&object));
        }
        Arc::new(Copy::of(inventory))
    }

    /// What is needed to judge it.
    pub(crate) fn prepared(self) -> Prepared {
        let runtime = Builder::new_current_thread().enable_time().build();
        let world = self.world;
        let configuration = Live::new(Configuration::default());
        Prepared {
            runtime: runtime.unwrap(),
            judge: PolicyJudge::new(Shared(Arc::clone(&world)), configuration),
            world,
            body: self.body,
        }
    }
}

/// A review of `object` with these members, in the order in which an API server writes them: what is done to which kind
/// stands before the objects.
fn body(members: &Value, object: &Value) -> Vec<u8> {
    let api_version = object["apiVersion"].as_str().unwrap();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = json!({"group": group, "version": version, "kind": object["kind"]});
    let (name, operation) = (&object["metadata"]["name"], &members["operation"]);
    let mut objects = String::new();
    for member in ["object", "oldObject"] {
        if let Some(value) = members.get(member) {
            let _ = write!(objects, r#","{member}":{value}"#);
        }
    }
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u","kind":{kind},"name":{name},"namespace":"shop","operation":{operation}{objects}}}}}"#
    )
    .into_bytes()
}

fn read(manifest: &Value) -> Object {
    let naming = Naming {
        api_version: manifest["apiVersion"].as_str().unwrap(),
        kind: manifest["kind"].as_str().unwrap(),
        default_namespace: "shop",
        default_name: "",
    };
    objects::read(naming, Source::Value(manifest))
        .unwrap()
        .unwrap()
}

/// A review that only has to be judged.
pub(crate) struct Prepared {
    runtime: Runtime,
    judge: PolicyJudge<Shared>,
    world: Arc<Copy>,
    body: Vec<u8>,
}

impl Prepared {
    /// Judges it; gives the length of the answer. This is what is measured, and where `valgrind` counts.
    #[inline(never)]
    pub(crate) fn judge(&self) -> usize {
        use l7guard::judge::Judge as _;

        let deadline = Instant::now() + Duration::from_mins(10);
        let mut review = Review::decode(&self.body).unwrap();
        let answer = self
            .runtime
            .block_on(self.judge.judge(&mut review, deadline));
        answer
            .into_answer()
            .unwrap()
            .to_json(&review.uid)
            .unwrap()
            .len()
    }
}

impl Prepared {
    /// The steps that it takes, all rounds of live reads together; `None`: more than one review may.
    pub(crate) fn steps(&self) -> Option<u64> {
        self.judge_within(&Budget::of(Budget::REVIEW)).ok()
    }

    fn judge_within(&self, budget: &Budget) -> Result<u64, ReviewError> {
        let review = Review::decode(&self.body).unwrap();
        let object = |taken: Option<ReviewedObject<'_>>| match taken {
            Some(ReviewedObject::Read(object)) => object,
            // It cannot be read: only the object as it was may be so.
            Some(ReviewedObject::Raw(_)) | None => None,
        };
        let mut review = review;
        if let Some(ReviewedObject::Raw(raw)) = review.object {
            review.object = Some(ReviewedObject::Read(Some(read(
                &serde_json::from_str(raw.get()).unwrap(),
            ))));
        }
        let change = Change {
            new: object(review.object).unwrap(),
            old: object(review.old_object),
        };
        let (inventory, configuration) = (&self.world.inventory, Configuration::default());
        let mut review = confirmation::Review::new(&configuration, &change, Date::MIN);
        let mut answers = Vec::new();
        while let Step::Read(open) = review.next(budget, inventory, answers)? {
            let answered = open.into_iter().map(|query| {
                let found = self.world.found(&query);
                (query, found)
            });
            answers = answered.collect();
        }
        Ok(budget.taken())
    }
}

/// A copy of a cluster that is asked for live reads, and answers each with what it holds.
pub(crate) struct Copy {
    inventory: Inventory,
    /// In the order of kind, namespace and name, so that a list costs what it holds.
    objects: BTreeMap<ObjectKey, Object>,
}

impl Copy {
    fn of(inventory: Inventory) -> Self {
        let objects = inventory.objects();
        Self {
            objects: objects
                .map(|object| (object.key.clone(), object.clone()))
                .collect(),
            inventory,
        }
    }

    fn list(&self, kind: Kind, scope: &Scope) -> Vec<Object> {
        let namespace = match scope {
            Scope::Cluster => "",
            Scope::Namespace(namespace) => namespace,
        };
        let first = ObjectKey {
            kind,
            namespace: namespace.into(),
            name: "".into(),
            instance: 0,
        };
        let from_there = self.objects.range(first..);
        let listed = from_there.take_while(|(key, _)| {
            key.kind == kind && (namespace.is_empty() || *key.namespace == *namespace)
        });
        listed.map(|(_, object)| object.clone()).collect()
    }

    fn found(&self, query: &LiveQuery) -> LiveResult {
        let objects = match query {
            LiveQuery::Object(key) | LiveQuery::Revision(key) => {
                self.objects.get(key).cloned().into_iter().collect()
            }
            LiveQuery::Objects(kind, scope) => self.list(*kind, scope),
            LiveQuery::Pods(selection) => self.pods(selection),
            LiveQuery::PodMetadata(selection) => {
                let mut pods = SelectedPods::new();
                for pod in self.pods(selection) {
                    pods.add(metadata(&pod));
                }
                return LiveResult::Pods(pods);
            }
            LiveQuery::Aliases => {
                let mut services = self.list(Kind::Service, &Scope::Cluster);
                services.retain(|service| {
                    matches!(&service.facts, Facts::Service(facts) if facts.external_name.is_some())
                });
                services
            }
        };
        objects.into()
    }

    fn pods(&self, selection: &PodSelection) -> Vec<Object> {
        let mut pods = self.list(Kind::Pod, &Scope::Namespace(selection.namespace.clone()));
        pods.retain(|pod| {
            matches!(&pod.facts, Facts::Workload(pod) if selection.labels.selects(&pod.labels))
        });
        pods
    }
}

fn metadata(pod: &Object) -> PodMetadata {
    let (controller, labels) = match &pod.facts {
        Facts::Workload(workload) => (workload.owner.as_deref().cloned(), workload.labels.clone()),
        _ => <_>::default(),
    };
    PodMetadata {
        name: Arc::clone(&pod.key.name),
        shape: PodShape {
            controller,
            revision: None,
            marks: Workload {
                labels,
                ..Workload::default()
            },
        },
    }
}

struct Shared(Arc<Copy>);

impl ClusterView for Shared {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&self.0.inventory)
    }

    fn age(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    async fn read(
        &self,
        queries: BTreeSet<LiveQuery>,
        _: &ReadAllowance,
    ) -> Result<Vec<LiveRead>, ReadFailure> {
        let answers = queries.into_iter().map(|query| {
            let found = self.0.found(&query);
            (query, found)
        });
        Ok(answers.collect())
    }
}
