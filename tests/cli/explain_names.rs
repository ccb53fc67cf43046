//! Which object `explain` is asked about: names of kinds, objects that are not there, names that several have.

use super::explain::{QUICKSTART, explain};
use super::run_with_input;

#[test]
fn the_names_that_kubectl_knows_are_known() {
    let world = "\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: a}
spec: {controllerName: a/b}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: a}
spec: {gatewayClassName: a}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a}
spec: {parentRefs: [{name: a}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: a}
spec: {parentRef: {name: a}}
---
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: a}
spec: {targetGroupARN: x, serviceRef: {name: a, port: 80}}
---
apiVersion: elbv2.k8s.aws/v1beta1
kind: IngressClassParams
metadata: {name: a}
spec: {}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: a}
spec: {controller: a/b}
---
apiVersion: v1
kind: Endpoints
metadata: {name: a}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: a}
addressType: IPv4
endpoints: []
---
apiVersion: v1
kind: Namespace
metadata: {name: a}
";
    for kind in [
        "gc",
        "gatewayclasses",
        "gtw",
        "gateways",
        "httproute",
        "httproutes",
        "HTTPRoute",
        "lset",
        "listenersets",
        "tgb",
        "targetgroupbinding",
        "targetgroupbindings.elbv2.k8s.aws",
        "ingressclass",
        "ingressclasses",
        "ingressclassparams",
        "ep",
        "endpoints",
        "ns",
        "namespaces",
    ] {
        let ended = run_with_input(&["explain", &format!("{kind}/a"), "-f", "-"], world);
        assert_eq!(ended.status, 0, "{kind}: {}", ended.stderr);
    }
}

#[test]
fn an_object_that_is_not_there_is_an_error_that_says_what_is() {
    for (subject, more, answer) in [
        (
            "ingress/egde",
            &QUICKSTART[..],
            "did you mean:\n  Ingress/edge -n istio-system\n",
        ),
        (
            "ingress/x",
            &QUICKSTART,
            "of that kind there is:\n  Ingress/edge -n istio-system\n",
        ),
        (
            "ingress/edge",
            &["-n", "shop", "-f", "examples/quickstart"],
            "no ingress/edge -n shop in these files; there is:\n  Ingress/edge -n istio-system\n",
        ),
        ("httproute/x", &QUICKSTART, "nothing of that kind is"),
        (
            "configmap/x",
            &QUICKSTART,
            "l7guard reads no kind \"configmap\"; it reads DaemonSet, ",
        ),
        ("ingress/edge", &[], "-f manifests/"),
    ] {
        let ended = explain(subject, more);
        assert_eq!(ended.status, 2, "{subject}");
        assert_eq!(ended.stdout, "", "{subject}");
        assert!(ended.stderr.contains(answer), "{subject}: {}", ended.stderr);
    }
}

#[test]
fn one_of_several_has_to_be_named() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: edge, namespace: NS}\nspec: {}\n---\n";
    let gateways = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: a}
spec: {selector: {istio: x}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: a}
spec: {gatewayClassName: istio}
";
    let text = [
        &ingress.replace("NS", "a"),
        &ingress.replace("NS", "b"),
        gateways,
    ]
    .concat();
    let ask = |subject: &str, more: &[&str]| {
        run_with_input(&[&["explain", subject, "-f", "-"], more].concat(), &text)
    };
    let several = ask("ingress/edge", &[]);
    assert_eq!(several.status, 2);
    assert!(
        several
            .stderr
            .contains("say which:\n  Ingress/edge -n a\n  Ingress/edge -n b\n"),
        "{}",
        several.stderr
    );
    assert_eq!(ask("ingress/edge", &["-n", "b"]).status, 0);
    let several = ask("gateway/web", &["-n", "a"]);
    assert!(
        several
            .stderr
            .contains("\n  Gateway.networking.istio.io/web -n a\n"),
        "{}",
        several.stderr
    );
    assert_eq!(ask("gateway.networking.istio.io/web", &[]).status, 0);
}
