//! What a check of files costs that finds much: each finding with its changes, and those of all together.

use std::fmt::Write as _;
use std::sync::Arc;

use allocation_counter::measure;
use l7guard::world::ManifestWorld;
use l7guard_manifests::Source;
use l7guard_policy::configuration::{Configuration, Date};
use libtest_mimic::{Failed, Trial};

use crate::{FACTOR, compare};

/// More than get changes of their own, so that both sizes have as many of these.
const SIZE: usize = 150;

/// A gateway, and the class of an ALB.
const WORLD: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: alb}
spec: {controller: ingress.k8s.aws/alb}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}, annotations: {inject.istio.io/templates: gateway}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
";

pub(crate) fn trials() -> Vec<Trial> {
    [
        (
            "files: gateways of an Ingress",
            gateways_of_an_ingress as fn(usize) -> String,
        ),
        ("files: Ingresses of a gateway", ingresses_of_a_gateway),
        ("files: Ingresses of a group", ingresses_of_a_group),
    ]
    .into_iter()
    .map(|(name, manifests)| Trial::test(name, move || check(name, manifests)))
    .collect()
}

fn check(name: &str, manifests: fn(usize) -> String) -> Result<(), Failed> {
    let [small, large] = [SIZE, SIZE * FACTOR].map(|count| {
        let mut world = ManifestWorld::default();
        let text = format!("{WORLD}{}", manifests(count));
        let source = Source::new("world.yaml", text.into_bytes());
        world.add(&Arc::new(source), "edge");
        let today = Date::MIN;
        let mut found = 0;
        let allocated = measure(|| {
            found = world.judge(&Configuration::default(), today).findings.len();
        });
        assert_eq!(found, count);
        allocated
    });
    compare(name, "allocations", small.count_total, large.count_total)?;
    compare(
        name,
        "allocated bytes",
        small.bytes_total,
        large.bytes_total,
    )
}

fn service(name: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: edge}}\nspec: {{selector: {{istio: ingressgateway}}, ports: [{{port: 80}}]}}\n"
    )
}

fn ingress(name: &str, annotations: &str, services: impl Iterator<Item = String>) -> String {
    let mut ingress = format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: edge, annotations: {{{annotations}}}}}\nspec:\n  ingressClassName: alb\n  rules:\n  - http:\n      paths:\n"
    );
    for (number, service) in services.enumerate() {
        let _ = writeln!(
            ingress,
            "      - {{path: /{number}, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}"
        );
    }
    ingress
}

fn gateways_of_an_ingress(count: usize) -> String {
    let names = || (0..count).map(|number| format!("gateway-{number}"));
    let services: String = names().map(|name| service(&name)).collect();
    ingress("edge", "", names()) + &services
}

fn ingresses_of_a_gateway(count: usize) -> String {
    let ingresses = (0..count).map(|number| {
        let gateway = std::iter::once("gateway".to_owned());
        ingress(&format!("edge-{number}"), "", gateway)
    });
    ingresses.collect::<String>() + &service("gateway")
}

fn ingresses_of_a_group(count: usize) -> String {
    let group = "alb.ingress.kubernetes.io/group.name: shared";
    let ingresses = (0..count).map(|number| {
        let gateway = std::iter::once("gateway".to_owned());
        ingress(&format!("edge-{number}"), group, gateway)
    });
    ingresses.collect::<String>() + &service("gateway")
}
