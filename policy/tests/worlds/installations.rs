//! Several objects that belong together, as charts and manifests in the wild have them: random objects alone seldom
//! meet in all that a path needs.

use l7guard_policy::identity::Kind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Metadata;
use super::pools::{SERVICES, namespace, one_of};

/// A gateway's workload and a Service that selects it, in one of several flavours, both otherwise random.
pub(super) fn installation() -> BoxedStrategy<Vec<Value>> {
    prop_oneof![
        3 => gateway_with_service(),
        1 => alb_gateway(),
        1 => front_with_binding(),
    ]
    .boxed()
}

fn gateway_with_service() -> BoxedStrategy<Vec<Value>> {
    let proof = prop::sample::select(vec![
        json!({"metadata": {"labels": {"istio": "ingressgateway"}},
            "spec": {"containers": [{"name": "istio-proxy", "args": ["proxy", "router"]}]}}),
        json!({"metadata": {"labels": {"istio": "ingressgateway"}, "annotations": {"inject.istio.io/templates": "gateway"}},
            "spec": {"containers": [{"name": "istio-proxy", "image": "auto"}]}}),
        json!({"metadata": {"labels": {"istio": "ingressgateway"}},
            "spec": {"containers": [{"name": "istio-proxy", "image": "auto"}]}}),
    ]);
    (
        namespace(),
        one_of(SERVICES),
        proof,
        super::of_kind(Kind::Service),
    )
        .prop_map(|(namespace, name, template, service)| {
            let named = Metadata::new(Some(namespace), name);
            let deployment =
                named.object(Kind::Deployment, json!({"spec": {"template": template}}));
            let mut service = super::renamed(service, &deployment);
            if service["spec"]["type"] != json!("ExternalName") {
                service["spec"]["selector"] = json!({"istio": "ingressgateway"});
            }
            vec![deployment, service]
        })
        .boxed()
}

fn alb_gateway() -> BoxedStrategy<Vec<Value>> {
    (
        super::of_kind(Kind::Gateway),
        super::of_kind(Kind::HttpRoute),
    )
        .prop_map(|(mut gateway, mut route)| {
            gateway["spec"]["gatewayClassName"] = json!("alb");
            route["spec"]["parentRefs"] = json!([{
                "name": gateway["metadata"]["name"], "namespace": gateway["metadata"]["namespace"],
            }]);
            let class = Metadata::new(None, "alb").object(
                Kind::GatewayClass,
                json!({"spec": {"controllerName": "gateway.k8s.aws/alb"}}),
            );
            vec![class, gateway, route]
        })
        .boxed()
}

/// An Ingress, and a binding that the controller made for one of its Services.
fn front_with_binding() -> BoxedStrategy<Vec<Value>> {
    (
        super::of_kind(Kind::Ingress),
        super::of_kind(Kind::TargetGroupBinding),
        one_of(SERVICES),
    )
        .prop_map(|(mut ingress, mut binding, service)| {
            ingress["spec"]["ingressClassName"] = json!("alb");
            ingress["spec"]["defaultBackend"] =
                json!({"service": {"name": service, "port": {"number": 80}}});
            binding["metadata"]["namespace"] = ingress["metadata"]["namespace"].clone();
            binding["metadata"]["labels"] = json!({
                "ingress.k8s.aws/stack-namespace": ingress["metadata"]["namespace"],
                "ingress.k8s.aws/stack-name": ingress["metadata"]["name"],
            });
            binding["spec"]["serviceRef"]["name"] = json!(service);
            vec![ingress, binding]
        })
        .boxed()
}
