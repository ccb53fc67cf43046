//! CRDs that come, go, and come back in another version.

use l7guard_policy::identity::Kind;
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::gate::{Passes, until};
use crate::scenery::{
    binding_without_protocol, forward_to_target_group, gateway_behind_front, ingress_by_action,
    target_group,
};
use crate::stage::{Stage, done, key, metric_of};
use crate::{Case, Named, boxed};

/// EKS Auto Mode's binding: no other trial needs it, so it can come late and go.
const LATE: &str = "targetgroupbindings.eks.amazonaws.com";

fn late_crd_in(version: &str) -> String {
    format!(
        r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {LATE}}}
spec:
  group: eks.amazonaws.com
  scope: Namespaced
  names: {{kind: TargetGroupBinding, plural: targetgroupbindings, singular: targetgroupbinding}}
  versions:
    - {{name: {version}, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}}}
"
    )
}

pub(crate) fn cases() -> Vec<Case> {
    let cases: [Named; 3] = [
        (
            "objects of a CRD that was installed a moment ago are found in the only version that it serves",
            crd_of_a_moment_ago,
        ),
        (
            "objects whose CRD is deleted leave the world, and come back with it in another version",
            crd_goes_and_comes_back,
        ),
        ("a kind whose CRD is installed later is watched", late_crd),
    ];
    cases.into_iter().map(boxed).collect()
}

/// Installs the late CRD, serving this version alone.
fn install_late(stage: &Stage, version: &str) -> Result<(), Failed> {
    done(&stage.cluster.apply(&late_crd_in(version))?)?;
    let wait = [
        "wait",
        "--for=condition=Established",
        &format!("crd/{LATE}"),
    ];
    done(&stage.cluster.run_kubectl(&wait)?)
}

fn remove_late(stage: &Stage) -> Result<(), Failed> {
    done(
        &stage
            .cluster
            .run_kubectl(&["delete", "crd", LATE, "--ignore-not-found"])?,
    )
}

fn late_binding(at: &str, version: &str) -> Value {
    let mut late = binding_without_protocol(at, "late", &target_group(at));
    late["apiVersion"] = json!(format!("eks.amazonaws.com/{version}"));
    late
}

fn crd_of_a_moment_ago(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage.know(&gateway_behind_front(at)).await?;
        stage.gate.let_pass(Passes::NoNews);
        install_late(stage, "v1beta1")?;
        stage
            .hand
            .create(&late_binding(at, "v1beta1"))
            .await?
            .accepted()?;
        let action = forward_to_target_group(&target_group(at));
        let written = stage
            .hand
            .create(&ingress_by_action(at, "web", at, &action))
            .await?;
        remove_late(stage)?;
        written.refused().map(drop)
    })
}

fn crd_goes_and_comes_back(stage: &Stage) -> Result<(), Failed> {
    let synced = || {
        metric_of(
            &stage.metrics,
            "inventory_synced",
            Kind::EksTargetGroupBinding,
        )
    };
    stage.play(async |stage, at| {
        install_late(stage, "v1beta1")?;
        let late = late_binding(at, "v1beta1");
        stage.know(std::slice::from_ref(&late)).await?;
        assert_eq!(synced(), Some(1));
        remove_late(stage)?;
        let key = key(&late)?;
        until("it left the world", || !stage.knows(&key)).await?;
        until("nothing is said of it", || synced().is_none()).await?;
        assert!(stage.readiness.is_ready(), "{}", stage.readiness.report());
        install_late(stage, "v1")?;
        stage.know(&[late_binding(at, "v1")]).await?;
        assert!(stage.readiness.is_ready(), "{}", stage.readiness.report());
        assert_eq!(synced(), Some(1));
        remove_late(stage)?;
        until("it left the world again", || !stage.knows(&key)).await
    })
}

fn late_crd(stage: &Stage) -> Result<(), Failed> {
    install_late(stage, "v1")?;
    stage.play(async |stage, at| stage.know(&[late_binding(at, "v1")]).await)
}
