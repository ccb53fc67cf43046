//! Services of gateways: by whom a load balancer is built, and what is wrong with it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Place;
use super::exposed::{Exposed, annotate, exposed};
use super::values::{object, one_of};

/// By whom a load balancer is built for a Service, if at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    ClusterIp,
    NodePort,
    InTree,
    InTreeNetwork,
    ControllerByType,
    InstancesByType,
    ControllerByOldType,
    ControllerByClass,
    AutoMode,
    Alb,
}

/// What is wrong with a load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    Http,
    Certificate,
    CertificateOnEveryPort,
    HttpWithCertificate,
    HealthPath,
    HealthPort,
    HealthLiteral,
}

/// The ports of a gateway's Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ports {
    Chart,
    Plain,
    PlainTwice,
    Named,
    Unnamed,
}

#[derive(Clone, Debug)]
pub(super) struct Shape {
    asked: Asked,
    defect: Defect,
    ports: Ports,
    exposed: Exposed,
}

pub(super) fn shape() -> BoxedStrategy<Shape> {
    let asked = one_of(&[
        Asked::ClusterIp,
        Asked::ClusterIp,
        Asked::NodePort,
        Asked::InTree,
        Asked::InTree,
        Asked::InTreeNetwork,
        Asked::ControllerByType,
        Asked::InstancesByType,
        Asked::ControllerByOldType,
        Asked::ControllerByClass,
        Asked::AutoMode,
        Asked::Alb,
    ]);
    let defect = one_of(&[
        Defect::None,
        Defect::None,
        Defect::Http,
        Defect::Http,
        Defect::Certificate,
        Defect::CertificateOnEveryPort,
        Defect::HttpWithCertificate,
        Defect::HealthPath,
        Defect::HealthPort,
        Defect::HealthLiteral,
    ]);
    let ports = one_of(&[
        Ports::Chart,
        Ports::Chart,
        Ports::Plain,
        Ports::PlainTwice,
        Ports::Named,
        Ports::Unnamed,
    ]);
    (asked, defect, ports, exposed())
        .prop_map(|(asked, defect, ports, exposed)| Shape {
            asked,
            defect,
            ports,
            exposed,
        })
        .boxed()
}

impl Shape {
    /// The Service of a gateway with these labels.
    pub(super) fn service(&self, place: Place, name: &str, selector: &Value) -> Value {
        let spec = json!({"selector": selector, "ports": self.ports()});
        let mut service = object("v1", "Service", place.namespace, name, &spec);
        let is_balanced = !matches!(self.asked, Asked::ClusterIp | Asked::NodePort);
        if is_balanced {
            service["spec"]["type"] = json!("LoadBalancer");
            self.exposed.write(&mut service);
            self.ask(&mut service);
            self.spoil(&mut service);
        } else if self.asked == Asked::NodePort {
            service["spec"]["type"] = json!("NodePort");
        }
        service
    }

    fn ports(&self) -> Value {
        let status = json!({"name": "status-port", "port": 15021, "targetPort": 15021});
        let http = json!({"name": "http2", "port": 80, "targetPort": 8080});
        let https = json!({"name": "https", "port": 443, "targetPort": 8443});
        match self.ports {
            Ports::Chart => json!([status, http, https]),
            Ports::Plain => json!([http]),
            Ports::PlainTwice => {
                json!([status, http, {"name": "https", "port": 443, "targetPort": 8080}])
            }
            Ports::Named => json!([
                {"name": "http2", "port": 80, "targetPort": "http2", "protocol": "TCP"},
                {"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"},
            ]),
            Ports::Unnamed => json!([{"port": 80}]),
        }
    }

    fn ask(&self, service: &mut Value) {
        match self.asked {
            Asked::ClusterIp | Asked::NodePort | Asked::InTree => {}
            Asked::InTreeNetwork => annotate(service, "type", "nlb"),
            Asked::ControllerByType => {
                annotate(service, "type", "external");
                annotate(service, "nlb-target-type", "ip");
            }
            Asked::InstancesByType => {
                annotate(service, "type", "external");
                annotate(service, "nlb-target-type", "instance");
            }
            Asked::ControllerByOldType => annotate(service, "type", "nlb-ip"),
            Asked::ControllerByClass => {
                service["spec"]["loadBalancerClass"] = json!("service.k8s.aws/nlb");
                annotate(service, "nlb-target-type", "ip");
            }
            Asked::AutoMode => {
                service["spec"]["loadBalancerClass"] = json!("eks.amazonaws.com/nlb");
            }
            Asked::Alb => annotate(service, "type", "alb"),
        }
    }

    fn spoil(&self, service: &mut Value) {
        let certificate = "arn:aws:acm:eu-west-1:111122223333:certificate/nlb";
        let pairs: &[(&str, &str)] = match self.defect {
            Defect::None => &[],
            Defect::Http => &[("backend-protocol", "http")],
            Defect::Certificate => &[("ssl-cert", certificate), ("ssl-ports", "443")],
            Defect::CertificateOnEveryPort => &[("ssl-cert", certificate)],
            Defect::HttpWithCertificate => &[
                ("ssl-cert", certificate),
                ("ssl-ports", "https"),
                ("backend-protocol", "http"),
            ],
            Defect::HealthPath => &[("healthcheck-protocol", "http"), ("healthcheck-path", "/")],
            Defect::HealthPort => &[
                ("healthcheck-protocol", "HTTP"),
                ("healthcheck-port", "8080"),
                ("healthcheck-path", "/healthz/ready"),
            ],
            Defect::HealthLiteral => &[("healthcheck-port", "15021")],
        };
        for (name, value) in pairs {
            annotate(service, name, value);
        }
    }
}
