//! Several objects that belong together, as charts and manifests in the wild have them: random objects alone seldom
//! meet in all that a path needs.

use l7guard_policy::identity::Kind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Metadata;
use super::pools::{PODS, SERVICES, namespace, one_of};

/// A gateway's workload and a Service that selects it, in one of several flavours, both otherwise random.
pub(super) fn installation() -> BoxedStrategy<Vec<Value>> {
    prop_oneof![
        3 => gateway_with_service(),
        1 => alb_gateway(),
        2 => front_with_binding(),
        1 => service_by_hand(),
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

/// A Service without selector, and a slice that leads it to a router's Pod.
fn service_by_hand() -> BoxedStrategy<Vec<Value>> {
    (
        namespace(),
        one_of(SERVICES),
        one_of(PODS),
        super::of_kind(Kind::EndpointSlice),
    )
        .prop_map(|(namespace, name, pod, slice)| {
            let service = Metadata::new(Some(namespace), name).object(Kind::Service, json!({"spec": {}}));
            let pod = Metadata::new(Some(namespace), pod).object(
                Kind::Pod,
                json!({"spec": {"containers": [{"name": "istio-proxy", "args": ["proxy", "router"]}]}}),
            );
            let slice_name = json!({"metadata": {"namespace": namespace, "name": slice["metadata"]["name"]}});
            let mut slice = super::renamed(slice, &slice_name);
            slice["metadata"]["labels"] = json!({"kubernetes.io/service-name": name});
            slice["endpoints"] = json!([
                {"addresses": ["10.0.0.1"], "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"]}},
            ]);
            vec![service, pod, slice]
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

/// An Ingress, and a binding: one that the controller made for its Service, or one of a target group that it names.
fn front_with_binding() -> BoxedStrategy<Vec<Value>> {
    (
        super::of_kind(Kind::Ingress),
        super::of_kind(Kind::TargetGroupBinding),
        one_of(SERVICES),
        any::<bool>(),
    )
        .prop_map(|(mut ingress, mut binding, service, is_made_for_it)| {
            ingress["spec"]["ingressClassName"] = json!("alb");
            if is_made_for_it {
                ingress["spec"]["defaultBackend"] =
                    json!({"service": {"name": service, "port": {"number": 80}}});
                binding["metadata"]["namespace"] = ingress["metadata"]["namespace"].clone();
                binding["metadata"]["labels"] = json!({
                    "ingress.k8s.aws/stack-namespace": ingress["metadata"]["namespace"],
                    "ingress.k8s.aws/stack-name": ingress["metadata"]["name"],
                });
                binding["spec"]["serviceRef"]["name"] = json!(service);
            } else {
                let action = json!({
                    "type": "forward",
                    "targetGroupARN": binding["spec"]["targetGroupARN"],
                    "targetGroupName": binding["spec"]["targetGroupName"],
                });
                ingress["metadata"]["annotations"]["alb.ingress.kubernetes.io/actions.forward"] =
                    json!(action.to_string());
                ingress["spec"]["defaultBackend"] =
                    json!({"service": {"name": "forward", "port": {"name": "use-annotation"}}});
            }
            vec![ingress, binding]
        })
        .boxed()
}
