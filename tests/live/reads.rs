//! What live reads meet in a cluster: references that lead nowhere, objects that cannot be read, kinds that move.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::gate::{Passes, until};
use crate::scenery::{
    ALB, Write, binding_without_protocol, deployment, forward_to_service, forward_to_target_group,
    gateway_behind_front, in_cluster, ingress, ingress_by_action, ingress_class, service,
    target_group,
};
use crate::stage::{Stage, done};
use crate::{Case, Named, boxed};

pub(crate) fn cases() -> Vec<Case> {
    let cases: [Named; 4] = [
        (
            "a reference that no object can be called by leads nowhere, and not to another place of the API",
            odd_references,
        ),
        (
            "an object that cannot be read hinders no review of another one",
            unreadable_on_the_way,
        ),
        (
            "objects of a kind that moved to another version a moment ago are found there",
            moved_kind,
        ),
        (
            "a class that dozens of Ingresses use is refused by a few reads and in a message that ends",
            class_of_many,
        ),
    ];
    cases.into_iter().map(boxed).collect()
}

fn odd_references(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage.know(&gateway_behind_front(at)).await?;
        for (number, odd) in [
            "front/status",
            "../services/front",
            "front?watch=true",
            "a b",
            "..",
            "%66ront",
        ]
        .iter()
        .enumerate()
        {
            let name = format!("web-{number}");
            let odd = ingress_by_action(at, &name, at, &forward_to_service(odd));
            stage.hand.create(&odd).await?.accepted()?;
        }
        Ok(())
    })
}

fn unreadable_on_the_way(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        let mut class = ingress_class(at, ALB);
        class["spec"]["parameters"] =
            json!({"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": at});
        let spec = json!({"group": "a text where an object belongs"});
        let broken = in_cluster("elbv2.k8s.aws/v1beta1", "IngressClassParams", at, &spec);
        done(&stage.cluster.apply(&broken.to_string())?)?;
        stage
            .know(&[
                deployment(at, "edge", true),
                deployment(at, "web", false),
                service(at, "front", "edge"),
                service(at, "shop", "web"),
                class,
            ])
            .await?;
        let to = |service: &str| ingress(at, service, Some(at), service);
        stage.hand.create(&to("shop")).await?.accepted()?;
        stage.hand.create(&to("front")).await?.refused().map(drop)
    })
}

fn class_of_many(stage: &Stage) -> Result<(), Failed> {
    const MANY: usize = 40;
    stage.play(async |stage, at| {
        stage
            .know(&[deployment(at, "edge", true), service(at, "front", "edge")])
            .await?;
        for number in 0..MANY {
            let ingress = ingress(at, &format!("web-{number}"), Some(at), "front");
            stage.hand.create(&ingress).await?.accepted()?;
        }
        let class = Write::Create(ingress_class(at, ALB));
        let message = stage.hand.write(&class).await?.refused()?;
        assert!(message.contains("And 20 more findings."), "{message}");
        let event = stage.cluster.audit_event_where(|event| {
            let object = &event["objectRef"];
            let is_created = event["verb"] == "create" && object["name"] == at;
            is_created && object["resource"] == "ingressclasses"
        })?;
        let reads = &event["annotations"]["l7guard.l7guard.svc/live-reads"];
        let reads: usize = reads.as_str().unwrap_or_default().parse()?;
        assert!(reads < 20, "{reads} reads");
        Ok(())
    })
}

const BINDINGS: &str = "targetgroupbindings.elbv2.k8s.aws";

fn moved_kind(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage.know(&gateway_behind_front(at)).await?;
        stage.gate.let_pass(Passes::NoWatchEvents);
        serve_bindings(stage, "v1alpha1", "v1beta1").await?;
        let arn = target_group(at);
        let mut binding = binding_without_protocol(at, "web", &arn);
        binding["apiVersion"] = json!("elbv2.k8s.aws/v1alpha1");
        stage.hand.create(&binding).await?.accepted()?;
        let action = forward_to_target_group(&arn);
        let ingress = Write::Create(ingress_by_action(at, "web", at, &action));
        let written = stage.hand.write(&ingress).await?;
        serve_bindings(stage, "v1beta1", "v1alpha1").await?;
        written.refused().map(drop)
    })
}

/// Has TargetGroupBindings served in one version and not in the other, and waits until they are.
async fn serve_bindings(stage: &Stage, version: &str, not: &str) -> Result<(), Failed> {
    let crd: Value = stage.cluster.get_json(&["crd", BINDINGS])?;
    let versions = &crd["spec"]["versions"];
    let mut second = versions[0].clone();
    let mut first = second.clone();
    (first["name"], first["served"], first["storage"]) =
        (json!("v1beta1"), json!(version == "v1beta1"), json!(true));
    (second["name"], second["served"], second["storage"]) = (
        json!("v1alpha1"),
        json!(version == "v1alpha1"),
        json!(false),
    );
    let patch = json!({"spec": {"versions": [first, second]}}).to_string();
    let command = ["patch", "crd", BINDINGS, "--type=merge", "--patch", &patch];
    done(&stage.cluster.run_kubectl(&command)?)?;
    let is_served = |version: &str| {
        let resource = format!("/apis/elbv2.k8s.aws/{version}/targetgroupbindings");
        let asked = stage.cluster.run_kubectl(&["get", "--raw", &resource]);
        asked.is_ok_and(|outcome| outcome.status.success())
    };
    until("the CRD is served anew", || {
        is_served(version) && !is_served(not)
    })
    .await
}
