//! What to write instead: manifests to paste, with the names of the objects at hand.

use crate::gateways::service::Reach;
use crate::labels::Labels;

/// The Service that a remedy is written for.
#[derive(Clone, Debug)]
pub struct GatewayServiceName {
    namespace: String,
    name: String,
}

impl GatewayServiceName {
    /// The Service with the gateway behind it.
    #[must_use]
    pub fn of_reach(reach: &Reach) -> Self {
        let key = reach.services.last().map(|hop| &hop.key);
        Self {
            namespace: key.map_or_else(|| "istio-system".into(), |key| key.namespace.to_string()),
            name: key.map_or_else(|| "istio-ingressgateway".into(), |key| key.name.to_string()),
        }
    }
}

/// A Service of type LoadBalancer that the AWS Load Balancer Controller turns into an NLB, with a health check that
/// agrees with the gateway's.
///
/// Without the controller the cloud provider makes an NLB for the annotation alone; a comment says so. The selector is
/// the one at hand, else the one of Istio's charts.
#[must_use]
pub fn network_load_balancer(service: &GatewayServiceName, selector: Option<&Labels>) -> String {
    let selector = match selector.filter(|labels| !labels.is_empty()) {
        None => "    istio: ingressgateway # the labels of your gateway's Pods\n".to_owned(),
        Some(labels) => {
            let lines = labels
                .iter()
                .map(|(key, value)| format!("    {key}: {value:?}\n"));
            lines.collect::<Vec<_>>().concat()
        }
    };
    format!(
        "apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
  annotations:
    service.beta.kubernetes.io/aws-load-balancer-nlb-target-type: ip
    service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing # or internal
    service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol: http
    service.beta.kubernetes.io/aws-load-balancer-healthcheck-port: \"15021\"
    service.beta.kubernetes.io/aws-load-balancer-healthcheck-path: /healthz/ready
    # Without the AWS Load Balancer Controller: drop loadBalancerClass and the lines above, and set
    # service.beta.kubernetes.io/aws-load-balancer-type: nlb
spec:
  type: LoadBalancer
  loadBalancerClass: service.k8s.aws/nlb
  selector:
{selector}  ports:
    - {{name: status-port, port: 15021, targetPort: 15021}}
    - {{name: http2, port: 80, targetPort: 8080}}
    - {{name: https, port: 443, targetPort: 8443}}
",
        name = service.name,
        namespace = service.namespace,
    )
}
