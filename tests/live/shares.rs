//! Huge reviews of one namespace while others are written: the huge ones may fail in their own time, nobody else does.

use futures_util::FutureExt;
use futures_util::future::join_all;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::gate::{HUGE, Passes};
use crate::scenery::{deployment, gateway_behind_front, ingress, namespace, object, service};
use crate::stage::Stage;
use crate::{Case, Named, boxed};

/// How many Services each huge Ingress routes to, unless `L7GUARD_HUGE` says otherwise.
const SERVICES: usize = 200;

/// How many huge Ingresses are written at the same time.
const INGRESSES: usize = 10;

/// How many others are written meanwhile.
const OTHERS: usize = 20;

pub(crate) fn cases() -> Vec<Case> {
    let cases: [Named; 1] = [(
        "ten Ingresses with very many Services each, whose reads are slow, delay no review of another namespace",
        huge_ingresses,
    )];
    cases.into_iter().map(boxed).collect()
}

fn services() -> usize {
    let asked = std::env::var("L7GUARD_HUGE").ok();
    asked
        .and_then(|count| count.parse().ok())
        .unwrap_or(SERVICES)
}

/// An Ingress that routes to all those Services, of which no workload is known.
fn huge_ingress(class: &str, number: usize) -> Value {
    let path = |number: usize| {
        let service = json!({"name": format!("web-{number}"), "port": {"number": 80}});
        json!({"path": format!("/{number}"), "pathType": "Prefix", "backend": {"service": service}})
    };
    let paths: Vec<Value> = (0..services()).map(path).collect();
    let spec = json!({"ingressClassName": class, "rules": [{"http": {"paths": paths}}]});
    let name = format!("huge-{number}");
    object("networking.k8s.io/v1", "Ingress", HUGE, &name, &spec)
}

fn huge_ingresses(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage.hand.create(&namespace(HUGE)).await?.accepted()?;
        stage.know(&gateway_behind_front(at)).await?;
        stage
            .know(&[deployment(at, "app", false), service(at, "app", "app")])
            .await?;
        for number in 0..services() {
            let name = format!("web-{number}");
            let mut service = service(HUGE, &name, &name);
            // The range of addresses is small here.
            service["spec"]["clusterIP"] = json!("None");
            stage.hand.create(&service).await?.accepted()?;
        }
        stage.gate.let_pass(Passes::NoPodsOfHuge);
        let huge: Vec<Value> = (0..INGRESSES)
            .map(|number| huge_ingress(at, number))
            .collect();
        let mut huge = Box::pin(join_all(
            huge.iter().map(|object| stage.hand.create(object)),
        ));
        let others = async {
            // They are on their way, and their reads are.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            for number in 0..OTHERS {
                let name = format!("other-{number}");
                let object = ingress(at, &name, Some(at), "app");
                stage.hand.create(&object).await?.accepted()?;
            }
            let to_gateway = ingress(at, "to-gateway", Some(at), "front");
            stage.hand.create(&to_gateway).await?.refused()
        };
        tokio::select! {
            biased;
            written = &mut huge => return Err(format!("they do not wait: {written:?}").into()),
            written = others => written.map(drop)?,
        }
        if huge.as_mut().now_or_never().is_some() {
            return Err("the huge ones were over before the others".into());
        }
        stage.gate.let_pass(Passes::Everything);
        huge.await;
        Ok(())
    })
}
