//! Worlds in which the policy and the naive oracle once disagreed, as small as they get.
#![expect(
    clippy::needless_pass_by_value,
    reason = "fields are written where they are passed"
)]

use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::Kind;
use l7guard_policy::verdict::{Change, Verdict, review};
use serde_json::{Value, json};

use crate::{TODAY, inventory, naive, policy_answer, worlds};

/// What is found, one line each: `RULE confidence Kind namespace/name`, or `unresolved Kind namespace/name`.
fn judged_with(configuration: &Configuration, objects: &[Value]) -> Vec<String> {
    let answer = policy_answer(&inventory(objects), configuration);
    assert_eq!(answer, naive::judge(objects, configuration));
    let findings = answer.findings.iter().map(|found| {
        let (rule, confidence) = (found.rule.as_str(), found.confidence.as_str());
        format!("{rule} {confidence} {}", found.object)
    });
    let unresolved = answer.unresolved.iter();
    findings
        .chain(unresolved.map(|object| format!("unresolved {object}")))
        .collect()
}

fn judged(objects: &[Value]) -> Vec<String> {
    judged_with(&Configuration::default(), objects)
}

/// An object of namespace `shop`; annotations and labels are given together with the other fields.
fn object(kind: Kind, name: &str, fields: Value) -> Value {
    let mut object = json!({"apiVersion": kind.api_version(), "kind": kind.name()});
    object["metadata"] = json!({"name": name, "namespace": "shop"});
    let Value::Object(fields) = fields else {
        return object;
    };
    for (field, value) in fields {
        match field.as_str() {
            "annotations" | "labels" => object["metadata"][field] = value,
            _ => object[field] = value,
        }
    }
    object
}

/// An Ingress to Service `edge`.
fn ingress(class: Option<&str>, annotations: Value) -> Value {
    let backend = json!({"service": {"name": "edge", "port": {"number": 80}}});
    let spec = json!({"ingressClassName": class, "defaultBackend": backend});
    object(
        Kind::Ingress,
        "web",
        json!({"annotations": annotations, "spec": spec}),
    )
}

fn class(name: &str, controller: &str, is_default: bool) -> Value {
    let default = json!({"ingressclass.kubernetes.io/is-default-class": is_default.to_string()});
    let spec = json!({"controller": controller});
    object(
        Kind::IngressClass,
        name,
        json!({"annotations": default, "spec": spec}),
    )
}

/// Service `edge`, which selects what Istio's installers call an ingress gateway.
fn service(annotations: Value, spec: Value) -> Value {
    let mut service = object(
        Kind::Service,
        "edge",
        json!({"annotations": annotations, "spec": spec}),
    );
    if service["spec"]["type"] != json!("ExternalName") {
        service["spec"]["selector"] = json!({"istio": "ingressgateway"});
    }
    service
}

fn alias(host: &str) -> Value {
    service(
        json!({}),
        json!({"type": "ExternalName", "externalName": host}),
    )
}

fn gateway_service() -> Value {
    service(json!({}), json!({}))
}

fn workload(kind: Kind, containers: Value) -> Value {
    let labels = json!({"istio": "ingressgateway"});
    let template = json!({"metadata": {"labels": labels}, "spec": {"containers": containers}});
    object(kind, "edge", json!({"spec": {"template": template}}))
}

fn gateway(class: &str) -> Value {
    object(
        Kind::Gateway,
        "gw",
        json!({"spec": {"gatewayClassName": class}}),
    )
}

const AUTO_MODE: &str = "eks.amazonaws.com/alb";
const BAD_GROUP: &str = "Bad_Group";
const GROUP: &str = "alb.ingress.kubernetes.io/group.name";

#[test]
fn a_short_external_name_leads_to_the_service_that_istio_would_make_for_a_gateway() {
    let world = [
        ingress(Some("alb"), json!({})),
        alias("gw-istio.shop"),
        gateway("istio"),
    ];
    assert_eq!(judged(&world), ["L7G001 likely Ingress shop/web"]);
}

#[test]
fn auto_mode_reads_no_group_annotation_beside_a_foreign_class_annotation() {
    let annotations = json!({"kubernetes.io/ingress.class": "nginx", GROUP: BAD_GROUP});
    let world = [
        ingress(Some("auto"), annotations),
        class("auto", AUTO_MODE, false),
        gateway_service(),
    ];
    assert_eq!(judged(&world), ["L7G001 likely Ingress shop/web"]);
}

#[test]
fn auto_mode_reads_no_group_annotation_beside_its_own_default_class() {
    let world = [
        ingress(None, json!({GROUP: BAD_GROUP})),
        class("auto", AUTO_MODE, true),
        gateway_service(),
    ];
    assert_eq!(judged(&world), ["L7G001 likely Ingress shop/web"]);
}

#[test]
fn auto_mode_reads_no_group_annotation_where_two_classes_are_default() {
    let world = [
        ingress(None, json!({GROUP: BAD_GROUP})),
        class("auto", AUTO_MODE, true),
        class("nginx", "k8s.io/ingress-nginx", true),
        gateway_service(),
    ];
    assert_eq!(judged(&world), ["L7G001 likely Ingress shop/web"]);
}

#[test]
fn a_controller_that_manages_class_less_ingresses_leaves_those_of_a_default_class() {
    let mut configuration = Configuration::default();
    configuration.aws.manages_classless_ingresses = true;
    let mut world = vec![ingress(None, json!({})), gateway_service()];
    let found = judged_with(&configuration, &world);
    assert_eq!(found, ["L7G001 likely Ingress shop/web"]);
    world.push(class("nginx", "k8s.io/ingress-nginx", true));
    assert!(judged_with(&configuration, &world).is_empty());
}

#[test]
fn the_controller_builds_a_network_load_balancer_whatever_the_type_of_the_service() {
    let annotations = json!({
        "service.beta.kubernetes.io/aws-load-balancer-type": "nlb-ip",
        "service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "arn:aws:acm:eu-west-1:111122223333:certificate/x",
        "service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol": "http",
    });
    let world = [service(
        annotations,
        json!({"type": "ClusterIP", "ports": [{"port": 443}]}),
    )];
    let found = [
        "L7G102 likely Service shop/edge",
        "L7G104 likely Service shop/edge",
    ];
    assert_eq!(judged(&world), found);
}

#[test]
fn a_classic_load_balancer_has_nodes_as_targets_whatever_the_annotation_for_others_says() {
    let annotations = json!({
        "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
        "service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol": "http",
        "service.beta.kubernetes.io/aws-load-balancer-healthcheck-path": "/healthz/ready",
        "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port": "15021",
    });
    let world = [service(
        annotations,
        json!({"type": "LoadBalancer", "ports": [{"port": 15021}]}),
    )];
    assert_eq!(judged(&world), ["L7G104 likely Service shop/edge"]);
}

/// What is found of a certificate for these ports.
fn certificate(ssl_ports: &str, class: Option<&str>) -> Vec<String> {
    let annotations = json!({
        "service.beta.kubernetes.io/aws-load-balancer-ssl-cert": "arn:aws:acm:eu-west-1:111122223333:certificate/x",
        "service.beta.kubernetes.io/aws-load-balancer-ssl-ports": ssl_ports,
    });
    let ports = json!([{"name": "https", "port": 443}]);
    let spec = json!({"type": "LoadBalancer", "loadBalancerClass": class, "ports": ports});
    judged(&[service(annotations, spec)])
}

#[test]
fn every_port_is_a_star_to_the_cloud_provider_and_an_error_to_the_controller() {
    let found = ["L7G102 likely Service shop/edge"];
    assert_eq!(certificate("*", None), found);
    assert_eq!(certificate("https", Some("service.k8s.aws/nlb")), found);
    assert!(certificate("*", Some("service.k8s.aws/nlb")).is_empty());
}

#[test]
fn names_of_ports_with_a_certificate_are_compared_as_they_are_written() {
    assert!(certificate("HTTPS", None).is_empty());
    assert!(certificate("HTTPS", Some("service.k8s.aws/nlb")).is_empty());
}

#[test]
fn a_binding_that_its_labels_call_a_network_load_balancers_is_found_under_the_alb_that_names_it() {
    let mut ingress = ingress(
        Some("alb"),
        json!({"alb.ingress.kubernetes.io/actions.to": r#"{"type":"forward","targetGroupName":"tg"}"#}),
    );
    ingress["spec"]["defaultBackend"] =
        json!({"service": {"name": "to", "port": {"name": "use-annotation"}}});
    let labels =
        json!({"service.k8s.aws/stack-namespace": "shop", "service.k8s.aws/stack-name": "edge"});
    let spec = json!({"serviceRef": {"name": "edge", "port": 80}, "targetGroupName": "tg"});
    let binding = object(
        Kind::TargetGroupBinding,
        "tgb",
        json!({"labels": labels, "spec": spec}),
    );
    let world = [ingress, binding, gateway_service()];
    assert_eq!(judged(&world), ["L7G001 likely Ingress shop/web"]);
}

#[test]
fn a_circle_of_external_names_cannot_be_judged() {
    let world = [
        ingress(Some("alb"), json!({})),
        alias("edge.shop.svc.cluster.local"),
    ];
    assert_eq!(judged(&world), ["unresolved Ingress shop/web"]);
}

fn slice(targets: Value) -> Value {
    let labels = json!({"kubernetes.io/service-name": "edge"});
    object(
        Kind::EndpointSlice,
        "by-hand",
        json!({"labels": labels, "endpoints": targets}),
    )
}

#[test]
fn addresses_without_a_pod_cannot_be_judged_beside_an_ordinary_workload_either() {
    let world = [
        ingress(Some("alb"), json!({})),
        gateway_service(),
        workload(Kind::Deployment, json!([{"name": "app"}])),
        slice(json!([{"addresses": ["10.0.0.1"]}])),
    ];
    assert_eq!(judged(&world), ["unresolved Ingress shop/web"]);
}

#[test]
fn endpoints_made_by_hand_lead_behind_an_external_name() {
    let world = [
        ingress(Some("alb"), json!({})),
        class("alb", "ingress.k8s.aws/alb", false),
        alias("www.example.com"),
        slice(json!([{"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": "edge"}}])),
        object(
            Kind::Pod,
            "edge",
            json!({"spec": {"containers": [{"name": "istio-proxy", "args": ["proxy", "router"]}]}}),
        ),
    ];
    assert_eq!(judged(&world), ["L7G001 confirmed Ingress shop/web"]);
}

#[test]
fn the_service_of_an_east_west_class_is_no_ingress_gateways() {
    let east_west = object(
        Kind::GatewayClass,
        "ew",
        json!({"spec": {"controllerName": "istio.io/eastwest-controller"}}),
    );
    let mut ingress = ingress(Some("alb"), json!({}));
    ingress["spec"]["defaultBackend"]["service"]["name"] = json!("gw");
    let world = [ingress, gateway("ew"), east_west];
    assert!(judged(&world).is_empty());
}

#[test]
fn an_old_revision_of_a_visible_workload_is_not_in_sight_by_itself() {
    let mut revision = workload(Kind::ReplicaSet, json!([{"name": "app"}]));
    revision["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "edge", "controller": true}]);
    let mut owner = workload(Kind::Deployment, json!([{"name": "app"}]));
    owner["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let world = [
        ingress(Some("alb"), json!({})),
        gateway_service(),
        revision,
        owner,
    ];
    assert_eq!(judged(&world), ["L7G001 likely Ingress shop/web"]);
}

/// The verdict on an Istio Gateway that comes into a world, or is changed in it, where a Service called
/// `istio-ingressgateway` stands behind an ALB already.
fn istio_gateway_reviewed(old: Option<Value>, new: Value) -> Verdict {
    let mut ingress = ingress(Some("alb"), json!({}));
    ingress["spec"]["defaultBackend"]["service"]["name"] = json!("istio-ingressgateway");
    let spec = json!({"selector": {"app": "edge"}});
    let service = object(Kind::Service, "istio-ingressgateway", json!({"spec": spec}));
    let view = |selector: Value| {
        let gateway = object(
            Kind::IstioGateway,
            "edge",
            json!({"spec": {"selector": selector}}),
        );
        worlds::view(&gateway).expect("the policy reads Istio Gateways")
    };
    let change = Change {
        old: old.map(view),
        new: view(new),
    };
    let base = inventory(&[ingress, service]);
    review(&base, &Configuration::default(), &change, TODAY)
}

#[test]
fn an_update_that_comes_to_stand_on_a_path_that_was_there_adds_none() {
    let verdict = istio_gateway_reviewed(Some(json!({})), json!({"app": "edge"}));
    assert_eq!(verdict.findings.len(), 1);
    assert!(!verdict.is_denied());
}

#[test]
fn an_istio_gateway_has_part_in_paths_over_services_that_select_more_than_it_does() {
    let verdict = istio_gateway_reviewed(None, json!({"app": "edge", "tier": "front"}));
    assert_eq!(verdict.findings.len(), 1);
}
