//! Which kinds of objects the findings of each rule are about, against a world in which every rule finds something.

use std::collections::BTreeSet;
use std::sync::Arc;

use l7guard_policy::configuration::Configuration;
use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::World;
use l7guard_policy::rules::{Rule, RuleCode};
use l7guard_policy::verdict;

use super::super::exemptions::in_every_group;
use super::today;
use crate::world::ManifestWorld;
use l7guard_manifests::Source;

const WORLD: &str = r#"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: edge
  namespace: istio-system
  annotations:
    alb.ingress.kubernetes.io/actions.group: '{"type": "forward", "targetGroupName": "elsewhere"}'
    alb.ingress.kubernetes.io/actions.broken: '{"type": "forward"'
spec:
  ingressClassName: alb
  rules:
    - http:
        paths:
          - {path: /a, pathType: Prefix, backend: {service: {name: istio-ingressgateway, port: {number: 80}}}}
          - {path: /b, pathType: Prefix, backend: {service: {name: group, port: {name: use-annotation}}}}
          - {path: /c, pathType: Prefix, backend: {service: {name: broken, port: {name: use-annotation}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: aws-alb}
spec: {controllerName: gateway.k8s.aws/alb}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: istio-system}
spec: {gatewayClassName: aws-alb, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: istio-system}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: istio-ingressgateway, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: web, namespace: istio-system}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: istio-ingressgateway, port: 80}]}]}
---
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: http, namespace: istio-system}
spec: {serviceRef: {name: istio-ingressgateway, port: 80}, targetGroupName: one, targetGroupProtocol: HTTP}
---
apiVersion: eks.amazonaws.com/v1
kind: TargetGroupBinding
metadata: {name: http, namespace: istio-system}
spec: {serviceRef: {name: istio-ingressgateway, port: 80}, targetGroupName: two, targetGroupProtocol: HTTP}
---
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {name: unknown, namespace: istio-system}
spec: {serviceRef: {name: istio-ingressgateway, port: 80}, targetGroupName: three}
---
apiVersion: v1
kind: Service
metadata:
  name: istio-ingressgateway
  namespace: istio-system
  annotations: {service.beta.kubernetes.io/aws-load-balancer-type: alb}
spec:
  type: LoadBalancer
  selector: {istio: ingressgateway}
  ports: [{name: http2, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata:
  name: classic
  namespace: istio-system
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-backend-protocol: http
    service.beta.kubernetes.io/aws-load-balancer-ssl-cert: arn:aws:acm:eu-central-1:111122223333:certificate/example
    service.beta.kubernetes.io/aws-load-balancer-ssl-ports: "443"
spec:
  type: LoadBalancer
  selector: {istio: ingressgateway}
  ports: [{name: https, port: 443, targetPort: 8443}]
---
apiVersion: v1
kind: Service
metadata:
  name: network
  namespace: istio-system
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol: http
    service.beta.kubernetes.io/aws-load-balancer-healthcheck-port: "8080"
    service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
spec:
  type: LoadBalancer
  loadBalancerClass: service.k8s.aws/nlb
  selector: {istio: ingressgateway}
  ports: [{name: http2, port: 80, targetPort: 8080}]
"#;

#[test]
fn findings_are_about_the_kinds_that_an_exemption_may_name_with_their_rule() {
    let mut world = ManifestWorld::default();
    let source = Source::new("world.yaml", WORLD.as_bytes().to_vec());
    world.add(&Arc::new(source), "default");
    assert_eq!(world.errors, []);
    let configuration = Configuration::default();
    let world = World::new(&world.inventory);
    let findings = verdict::evaluate(&world, &configuration, today()).findings;
    let found: BTreeSet<(RuleCode, Kind)> = findings
        .iter()
        .map(|judged| (judged.finding.rule, judged.finding.object.kind))
        .collect();
    for rule in Rule::all() {
        let about = found.iter().filter(|(code, _)| *code == rule.code);
        let about: Vec<Kind> = about.map(|(_, kind)| *kind).collect();
        assert!(!about.is_empty(), "{}", rule.code);
        let nameable: Vec<Kind> = rule
            .kinds
            .iter()
            .flat_map(|kind| in_every_group(*kind))
            .collect();
        for kind in about {
            assert!(nameable.contains(&kind), "{} {kind}", rule.code);
        }
    }
}
