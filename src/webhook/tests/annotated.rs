//! What the API server is told for its audit log.

use std::collections::{BTreeMap, BTreeSet};

use l7guard_policy::configuration::{Configuration, Date, Exemption, Matcher};
use l7guard_policy::confirmation::{LiveQuery, LiveRead};
use l7guard_policy::inventory::{Inventory, Scope, World};
use l7guard_policy::objects;
use l7guard_policy::rules::RuleCode;

use super::judged::{ingress, inventory, request};
use super::*;
use crate::judge::PolicyJudge;
use crate::judge::{ClusterView, ReadFailure};
use crate::live::Live;
use crate::shares::ReadAllowance;

/// A copy of a cluster that is told everything at once.
struct Copy(Inventory);

impl ClusterView for Copy {
    fn with_inventory<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&self.0)
    }

    fn age(&self) -> Option<Duration> {
        Some(Duration::from_secs(7))
    }

    async fn read(
        &self,
        queries: BTreeSet<LiveQuery>,
        _allowance: &ReadAllowance,
    ) -> Result<Vec<LiveRead>, ReadFailure> {
        let world = World::new(&self.0);
        let answer = |query: LiveQuery| {
            let answers = |object: &&objects::Object| match &query {
                LiveQuery::Object(key) => object.key == *key,
                LiveQuery::Objects(kind, Scope::Cluster) => object.key.kind == *kind,
                LiveQuery::Objects(kind, Scope::Namespace(namespace)) => {
                    object.key.kind == *kind && object.key.namespace == *namespace
                }
                LiveQuery::Pods(_)
                | LiveQuery::PodMetadata(_)
                | LiveQuery::Revision(_)
                | LiveQuery::Aliases => false,
            };
            let found: Vec<_> = world.objects().filter(answers).cloned().collect();
            (query, found.into())
        };
        Ok(queries.into_iter().map(answer).collect())
    }
}

#[tokio::test]
async fn every_answer_of_a_copy_says_decision_mode_and_age() {
    let judge = PolicyJudge::new(Copy(inventory()), Live::new(Configuration::default()));
    for (operation, members, decision, mode, reads) in [
        (
            "CREATE",
            json!({"object": ingress("edge")}),
            "deny",
            "deny",
            true,
        ),
        (
            "CREATE",
            json!({"object": ingress("web")}),
            "allow",
            "none",
            true,
        ),
        (
            "UPDATE",
            json!({"object": ingress("edge"), "oldObject": ingress("edge")}),
            "warn",
            "deny",
            false,
        ),
        (
            "DELETE",
            json!({"oldObject": ingress("edge")}),
            "allow",
            "none",
            false,
        ),
    ] {
        let review = request(operation, &members);
        let mut review = Review::decode(review.as_bytes()).unwrap();
        let answer = judge
            .judge(&mut review, Instant::now())
            .await
            .into_answer()
            .unwrap();
        let annotations = answer.audit_annotations;
        assert_eq!(annotations["decision"], decision, "{annotations:?}");
        assert_eq!(annotations["mode"], mode, "{annotations:?}");
        assert_eq!(annotations["inventory-age-seconds"], "7");
        assert_eq!(annotations["live-reads"] != "0", reads, "{annotations:?}");
        assert_eq!(annotations.contains_key("rules"), mode != "none");
        assert_eq!(annotations.contains_key("evidence"), mode != "none");
    }
}

/// The annotations of a creation under a configuration.
async fn annotated(configuration: Configuration, object: &Value) -> BTreeMap<String, String> {
    let judge = PolicyJudge::new(Live::new(inventory()), Live::new(configuration));
    let review = request("CREATE", &json!({"object": object}));
    let mut review = Review::decode(review.as_bytes()).unwrap();
    let answer = judge
        .judge(&mut review, Instant::now())
        .await
        .into_answer()
        .unwrap();
    answer.audit_annotations
}

#[tokio::test]
async fn every_exemption_that_covers_something_is_named() {
    let exemption = |name: &str, rule| Exemption {
        name: name.into(),
        reason: "migration".into(),
        owner: "platform".into(),
        ticket: None,
        expires: Date::MAX,
        covers: Matcher {
            rules: vec![rule],
            ..Matcher::default()
        },
    };
    let configuration = Configuration {
        exemptions: vec![
            exemption("gateways", RuleCode::L7G001),
            exemption("groups", RuleCode::L7G105),
        ],
        ..Configuration::default()
    };
    let mut ingress = ingress("edge");
    ingress["metadata"]["annotations"] = json!({"alb.ingress.kubernetes.io/actions.group":
        json!({"type": "forward", "targetGroupARN": "arn:aws:x:targetgroup/web/1"}).to_string()});
    let path = json!({"path": "/", "backend": {"service": {"name": "group", "port": {"name": "use-annotation"}}}});
    ingress["spec"]["rules"] = json!([{"http": {"paths": [path]}}]);
    let annotations = annotated(configuration, &ingress).await;
    let until = Date::MAX.to_string();
    assert_eq!(
        annotations["exemption"],
        format!("gateways (until {until}), groups (until {until})")
    );
    assert_eq!(annotations["mode"], "none");
    assert!(!annotations.contains_key("inventory-age-seconds"));
}

#[tokio::test]
async fn all_that_cannot_be_told_is_named_in_a_line_that_ends() {
    let mut ingress = ingress("nowhere");
    let to = |service: &str| json!({"path": "/", "backend": {"service": {"name": service, "port": {"number": 80}}}});
    ingress["spec"]["rules"] = json!([{"http": {"paths": [to("elsewhere")]}}]);
    let annotations = annotated(Configuration::default(), &ingress).await;
    for service in ["shop/nowhere", "shop/elsewhere"] {
        assert!(
            annotations["unresolved"].contains(service),
            "{annotations:?}"
        );
    }
    let many = (0..100).map(|number| to(&format!("service-{number}")));
    ingress["spec"]["rules"] = json!([{"http": {"paths": many.collect::<Vec<_>>()}}]);
    let annotations = annotated(Configuration::default(), &ingress).await;
    assert_eq!(annotations["unresolved"].chars().count(), 1000);
}
