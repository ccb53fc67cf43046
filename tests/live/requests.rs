//! The forms in which a write can come.

use libtest_mimic::Failed;
use serde_json::json;

use crate::scenery::{ALB, Write, deployment, ingress, ingress_class, service};
use crate::stage::{EXEMPT, Stage, done};
use crate::{Case, Named, boxed};

pub(crate) fn cases() -> Vec<Case> {
    let cases: [Named; 4] = [
        (
            "an Ingress whose name is generated is refused by the name that it would get",
            generated_name,
        ),
        (
            "a server-side apply is refused like any other write",
            server_side_apply,
        ),
        (
            "an update that changes nothing that a rule reads is let through while the cluster cannot be read",
            nothing_new,
        ),
        (
            "the audit log tells of exemption, age of the inventory and live reads, of a deletion too",
            audited,
        ),
    ];
    cases.into_iter().map(boxed).collect()
}

/// An ALB's class, a gateway, its Service and an application's.
async fn know_both_ends(stage: &Stage, at: &str) -> Result<(), Failed> {
    let objects = [
        deployment(at, "edge", true),
        deployment(at, "web", false),
        ingress_class(at, ALB),
        service(at, "front", "edge"),
        service(at, "shop", "web"),
    ];
    stage.know(&objects).await
}

fn generated_name(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        know_both_ends(stage, at).await?;
        let mut generated = ingress(at, "", Some(at), "front");
        generated["metadata"] = json!({"namespace": at, "generateName": "web-"});
        let created = stage
            .cluster
            .run_kubectl_with(&["create", "--filename", "-"], &generated.to_string())?;
        let message = created.stderr;
        let named = format!("Ingress {at}/web-");
        let name = message.split(&named).nth(1).unwrap_or_default();
        let suffix: String = name
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        assert_eq!(suffix.len(), 5, "{message}");
        assert!(message.contains("denied the request"), "{message}");
        Ok(())
    })
}

fn server_side_apply(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        know_both_ends(stage, at).await?;
        let apply = |service: &str| {
            let manifest = ingress(at, "web", Some(at), service).to_string();
            stage
                .cluster
                .run_kubectl_with(&["apply", "--server-side", "--filename", "-"], &manifest)
        };
        done(&apply("shop")?)?;
        let refused = apply("front")?;
        assert!(
            refused.stderr.contains("denied the request"),
            "{}",
            refused.stderr
        );
        Ok(())
    })
}

fn nothing_new(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        know_both_ends(stage, at).await?;
        let shop = ingress(at, "web", Some(at), "shop");
        stage.know(std::slice::from_ref(&shop)).await?;
        stage.gate.let_pass(crate::gate::Passes::Nothing);
        let mut labelled = shop;
        labelled["metadata"]["labels"] = json!({"team": "shop"});
        stage.hand.write(&Write::Patch(labelled)).await?.accepted()
    })
}

fn audited(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        know_both_ends(stage, at).await?;
        let exempt = ingress(at, EXEMPT, Some(at), "front");
        stage.hand.create(&exempt).await?.accepted()?;
        stage.hand.write(&Write::Delete(exempt)).await?.accepted()?;
        let annotation = |verb: &str, key: &str| {
            let event = stage.cluster.audit_event_where(|event| {
                let object = &event["objectRef"];
                event["verb"] == verb && object["namespace"] == at && object["name"] == EXEMPT
            })?;
            let value = event["annotations"][format!("l7guard.l7guard.svc/{key}")].as_str();
            Ok::<_, Failed>(value.unwrap_or_default().to_owned())
        };
        assert!(annotation("create", "exemption")?.starts_with("by-name (until "));
        for (verb, is_read) in [("create", true), ("delete", false)] {
            assert_eq!(annotation(verb, "decision")?, "allow");
            assert_eq!(annotation(verb, "mode")?, "none");
            let seconds: u64 = annotation(verb, "inventory-age-seconds")?.parse()?;
            assert!(seconds < 3600, "{seconds}");
            let reads: usize = annotation(verb, "live-reads")?.parse()?;
            assert_eq!(reads > 0, is_read, "{verb}: {reads}");
        }
        Ok(())
    })
}
