//! Worlds whose remedy is easily wrong, and what is right for each.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::Outcome;
use crate::apply::apply;
use crate::change::{Action, Change};
use crate::fixtures::root;
use crate::load_balancer::{LoadBalancer, Mutator, Port};
use crate::manifests::{Identity, Manifests, annotation, fields, text};
use crate::placeholders::is_placeholder;
use crate::verify::Judged;

/// A file, and what is right for it beside what is right for all.
type Row = (&'static str, fn(&Repaired) -> Outcome);

const ROWS: [Row; 14] = [
    ("R1-generated-service", generated_service),
    ("R2-internal-front", internal_front),
    ("R3-auto-mode", auto_mode),
    ("R4-nothing-but-the-front", nothing_but_the_front),
    ("R5-tls-at-the-nlb", tls_at_the_nlb),
    ("R6-restricted-health-check", restricted_health_check),
    ("R7-another-namespace", another_namespace),
    ("R8-an-nlb-is-there", an_nlb_is_there),
    ("R9-private-gateway", private_gateway),
    ("R10-stable-and-canary", stable_and_canary),
    ("R11-the-status-port", the_status_port),
    ("R12-certificate-of-the-alb", certificate_of_the_alb),
    ("R13-members-of-others", members_of_others),
    ("R14-public-beside-auto-mode", public_beside_auto_mode),
];

pub(crate) fn trials() -> Vec<Trial> {
    let rows = ROWS.into_iter();
    rows.map(|(name, right)| Trial::test(format!("rows/{name}"), move || row(name, right)))
        .collect()
}

/// A world, its one list for all findings, and what comes of it.
struct Repaired {
    before: Manifests,
    after: Manifests,
    changes: Vec<Change>,
    remedies: String,
}

fn row(name: &str, right: fn(&Repaired) -> Outcome) -> Outcome {
    let file = root().join("remedies").join(format!("{name}.yaml"));
    let world = Manifests::read(&[Path::new(&file)], "default")?;
    let judged = Judged::new(world, Vec::new())?;
    if judged.report.findings.is_empty() {
        return Err("nothing is found".into());
    }
    let faults = judged.faults()?;
    if !faults.0.is_empty() {
        return Err(faults.to_string().into());
    }
    let changes = judged.report.changes.clone()?;
    let remedies = judged
        .report
        .findings
        .iter()
        .map(|finding| &*finding.remedy);
    right(&Repaired {
        after: apply(&judged.world, &changes).world,
        remedies: remedies.collect(),
        before: judged.world,
        changes,
    })
}

impl Repaired {
    /// The one load balancer of the world after that was none before.
    fn made(&self) -> Result<(Value, LoadBalancer), Failed> {
        let is_old = |service: &Value| {
            let old = self.before.get(&Identity::of(service));
            old.is_some_and(|old| LoadBalancer::of(old, Mutator::Absent).is_some())
        };
        let made: Vec<(Value, LoadBalancer)> = self
            .after
            .services()
            .filter(|service| !is_old(service))
            .filter_map(|service| {
                Some((service.clone(), LoadBalancer::of(service, Mutator::Absent)?))
            })
            .collect();
        <[_; 1]>::try_from(made)
            .map(|[made]| made)
            .map_err(|made| format!("not one load balancer is made: {made:?}").into())
    }

    fn service(&self, namespace: &str, name: &str) -> Result<&Value, Failed> {
        let service = self.after.get(&Identity::service(namespace, name));
        service.ok_or_else(|| format!("Service {namespace}/{name} is gone").into())
    }

    /// Nothing but this object goes, and every other is as it was.
    fn only_goes(&self, kind: &str, namespace: &str, name: &str) -> Outcome {
        let version = "networking.k8s.io/v1";
        let mut left = self.before.clone();
        left.remove(&Identity::new(version, kind, namespace, name));
        same(&self.after, &left)
    }

    fn reasons(&self) -> String {
        let changes = self.changes.iter();
        let reasons: Vec<&str> = changes.map(|change| &*change.why).collect();
        reasons.join("\n")
    }
}

fn same<T: PartialEq + std::fmt::Debug>(seen: &T, wanted: &T) -> Outcome {
    if seen == wanted {
        Ok(())
    } else {
        Err(format!("wanted {wanted:?}\nseen   {seen:?}").into())
    }
}

fn contains(text: &str, part: &str) -> Outcome {
    if text.contains(part) {
        Ok(())
    } else {
        Err(format!("{part:?} is not in {text:?}").into())
    }
}

fn target_of(balancer: &LoadBalancer, port: u64) -> Option<&Value> {
    balancer.port(port).map(|Port { target, .. }| target)
}

fn generated_service(repaired: &Repaired) -> Outcome {
    let touches_service = repaired
        .changes
        .iter()
        .any(|change| change.action != Action::Values && change.target.kind == "Service");
    same(&touches_service, &false)?;
    let gateway = Identity::new("gateway.networking.k8s.io/v1", "Gateway", "store", "mesh");
    let gateway = repaired.after.get(&gateway).ok_or("the Gateway is gone")?;
    let annotations = &gateway["spec"]["infrastructure"]["annotations"];
    same(&fields(annotations).next().is_some(), &true)?;
    let (service, balancer) = repaired.made()?;
    same(
        &Identity::of(&service),
        &Identity::service("store", "mesh-istio"),
    )?;
    same(&balancer.exposure.is_internet_facing, &true)
}

fn internal_front(repaired: &Repaired) -> Outcome {
    let (_, balancer) = repaired.made()?;
    same(&balancer.exposure.is_internet_facing, &false)?;
    let ranges = balancer.exposure.ranges.clone().unwrap_or_default();
    same(
        &ranges.into_iter().collect::<Vec<_>>(),
        &vec!["10.20.0.0/16".to_owned()],
    )?;
    same(&target_of(&balancer, 443), &Some(&json!(8443)))
}

fn auto_mode(repaired: &Repaired) -> Outcome {
    let (service, balancer) = repaired.made()?;
    same(
        &service["spec"]["loadBalancerClass"],
        &json!("eks.amazonaws.com/nlb"),
    )?;
    same(&balancer.exposure.is_internet_facing, &false)
}

fn nothing_but_the_front(repaired: &Repaired) -> Outcome {
    let (service, balancer) = repaired.made()?;
    same(&text(&service["metadata"]["namespace"]), &"istio-ingress")?;
    same(&balancer.exposure.is_internet_facing, &true)?;
    let is_guessed =
        fields(&service["spec"]["selector"]).any(|(_, value)| !is_placeholder(text(value)));
    same(&is_guessed, &false)
}

fn tls_at_the_nlb(repaired: &Repaired) -> Outcome {
    let service = repaired.service("istio-system", "istio-ingressgateway")?;
    let balancer = LoadBalancer::of(service, Mutator::Absent).ok_or("no load balancer")?;
    same(&target_of(&balancer, 443), &Some(&json!(8443)))?;
    let certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/b";
    contains(&repaired.reasons(), certificate)?;
    contains(&repaired.remedies, certificate)?;
    contains(&repaired.remedies, "credentialName")
}

fn restricted_health_check(repaired: &Repaired) -> Outcome {
    let without_check = |world: &Manifests| {
        let identity = Identity::service("edge", "public");
        let mut service = world.get(&identity).cloned().unwrap_or_default();
        if let Some(annotations) = service["metadata"]["annotations"].as_object_mut() {
            annotations.retain(|key, _| !key.contains("healthcheck"));
        }
        service
    };
    same(
        &without_check(&repaired.after),
        &without_check(&repaired.before),
    )
}

fn another_namespace(repaired: &Repaired) -> Outcome {
    let (service, _) = repaired.made()?;
    same(&text(&service["metadata"]["namespace"]), &"istio-system")?;
    let wanted = json!({"app": "istio-ingressgateway", "istio": "ingressgateway"});
    same(&service["spec"]["selector"], &wanted)
}

fn an_nlb_is_there(repaired: &Repaired) -> Outcome {
    repaired.only_goes("Ingress", "edge", "second")?;
    contains(&repaired.reasons(), "public")
}

fn private_gateway(repaired: &Repaired) -> Outcome {
    repaired.only_goes("Ingress", "store", "greeter")
}

fn stable_and_canary(repaired: &Repaired) -> Outcome {
    let (service, _) = repaired.made()?;
    same(&service["spec"]["selector"], &json!({"app": "public"}))
}

/// Advice and changes say the same.
fn the_status_port(repaired: &Repaired) -> Outcome {
    let service = repaired.service("istio-system", "istio-ingressgateway")?;
    let port = annotation(
        service,
        "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port",
    );
    same(&(port == Some("15021")), &false)?;
    let advised = "healthcheck-port: \"15021\"";
    same(&repaired.remedies.contains(advised), &false)?;
    contains(&repaired.remedies, "healthcheck-port")
}

fn certificate_of_the_alb(repaired: &Repaired) -> Outcome {
    for text in [&repaired.reasons(), &repaired.remedies] {
        contains(text, "arn:aws:acm:eu-west-1:111122223333:certificate/c")?;
        contains(text, "credentialName")?;
    }
    Ok(())
}

/// Nothing of the public ALBs of others, with whom the front shares the name of a group alone.
fn members_of_others(repaired: &Repaired) -> Outcome {
    let (_, balancer) = repaired.made()?;
    same(&balancer.exposure.is_internet_facing, &false)?;
    same(&balancer.exposure.security_groups.len(), &0)?;
    same(&balancer.exposure.subnets.len(), &0)?;
    contains(&repaired.reasons(), "Ingress edge/not-in-sight")
}

/// An Ingress of EKS Auto Mode, which reads no group from annotations, does not take back what the front says.
fn public_beside_auto_mode(repaired: &Repaired) -> Outcome {
    let (_, balancer) = repaired.made()?;
    same(&balancer.exposure.is_internet_facing, &true)?;
    let groups = balancer.exposure.security_groups.iter().cloned();
    same(&groups.collect::<Vec<_>>(), &vec!["sg-shared".to_owned()])
}
