//! The gateway of a finding, and the Services that lead to the same Pods.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::manifests::{Identity, Manifests, elements, fields, label, text};
use crate::report::Finding;

/// Labels that controllers put on Pods of one revision: a Service that selects by one loses its Pods at the next rollout.
pub(crate) const OF_CONTROLLERS: [&str; 6] = [
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
];

type Labels = BTreeMap<String, String>;

/// Where a finding's path ends.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    /// Its Service, as the path names it.
    pub(crate) service: Option<Identity>,
    pub(crate) namespace: Option<String>,
    /// The Service's selector without labels of controllers.
    selector: Option<Labels>,
    /// The labels of the Pods of each workload that is in sight.
    pods: Vec<Labels>,
    /// Whether Service and workload are in sight.
    pub(crate) is_in_sight: bool,
}

impl Gateway {
    pub(crate) fn of(finding: &Finding, world: &Manifests) -> Self {
        let service = finding
            .gateway_service()
            .or_else(|| (finding.object.kind == "Service").then(|| finding.object.clone()));
        let object = service.as_ref().and_then(|service| world.get(service));
        let pods: Vec<Labels> = finding
            .gateways()
            .filter_map(|hop| {
                let mut objects = world.of_kind(&hop.kind);
                let workload = objects.find(|object| {
                    text(&object["metadata"]["namespace"]) == hop.namespace
                        && text(&object["metadata"]["name"]) == hop.name
                })?;
                pod_labels(workload)
            })
            .collect();
        Self {
            // A Service that is missing is made where the gateway is.
            namespace: service
                .as_ref()
                .filter(|_| object.is_some())
                .map(|service| service.namespace.clone()),
            selector: object.map(|object| desired(&object["spec"]["selector"])),
            is_in_sight: object.is_some_and(|object| object["spec"]["type"] != "ExternalName")
                && !pods.is_empty(),
            pods,
            service,
        }
    }

    /// Whether a Service leads to this gateway's Pods.
    pub(crate) fn is_served_by(&self, service: &Value) -> bool {
        let identity = Identity::of(service);
        if self.service.as_ref() == Some(&identity) {
            return true;
        }
        if self
            .namespace
            .as_ref()
            .is_some_and(|namespace| *namespace != identity.namespace)
        {
            return false;
        }
        let selector = labels(&service["spec"]["selector"]);
        if selector.is_empty() {
            return false;
        }
        let is_same = self.selector.as_ref() == Some(&desired(&service["spec"]["selector"]));
        let selects_all = !self.pods.is_empty()
            && self.pods.iter().all(|pod| {
                selector
                    .iter()
                    .all(|(key, value)| pod.get(key) == Some(value))
            });
        // One that is missing may turn out to be of another namespace.
        let is_unknown = self.selector.is_none()
            && self.pods.is_empty()
            && self
                .service
                .as_ref()
                .is_none_or(|service| service.name == identity.name);
        is_same || selects_all || is_unknown
    }

    /// Whether it is meant for the cluster alone: Knative's local gateway, by either of its names or by its label.
    pub(crate) fn is_local(&self, world: &Manifests) -> bool {
        let Some(service) = &self.service else {
            return false;
        };
        let translates_no_ports = world.get(service).is_some_and(|service| {
            label(
                service,
                "experimental.istio.io/disable-gateway-port-translation",
            )
            .is_some()
        });
        let names = ["knative-local-gateway", "cluster-local-gateway"];
        translates_no_ports || names.contains(&service.name.as_str())
    }

    /// Whether its Service has this port, as far as can be told.
    pub(crate) fn has_port(&self, port: u64, world: &Manifests) -> bool {
        let service = self.service.as_ref().and_then(|service| world.get(service));
        service.is_none_or(|service| {
            elements(&service["spec"]["ports"])
                .iter()
                .any(|other| other["port"] == port)
        })
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.service {
            Some(service) => service.fmt(formatter),
            None => formatter.write_str("a gateway without a Service"),
        }
    }
}

fn labels(value: &Value) -> Labels {
    let pairs = fields(value);
    pairs
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// A selector without labels of controllers.
fn desired(selector: &Value) -> Labels {
    let mut labels = labels(selector);
    labels.retain(|key, _| !OF_CONTROLLERS.contains(&key.as_str()));
    labels
}

fn pod_labels(workload: &Value) -> Option<Labels> {
    match text(&workload["kind"]) {
        "Pod" => Some(labels(&workload["metadata"]["labels"])),
        "Gateway" => {
            let name = text(&workload["metadata"]["name"]).to_owned();
            let key = "gateway.networking.k8s.io/gateway-name".to_owned();
            Some(Labels::from([(key, name)]))
        }
        _ => {
            let template = workload.pointer("/spec/template/metadata/labels")?;
            Some(labels(template))
        }
    }
}
