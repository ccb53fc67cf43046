//! TargetGroupBinding of both AWS controllers: which Service a target group gets its targets from.

use std::sync::Arc;

use serde::Deserialize;

use super::metadata::Metadata;
use super::reading::{DecodeError, Mapping};
use super::text::shared;
use crate::labels::Labels;

/// Prefixes of the labels by which the AWS Load Balancer Controller tracks what it made.
///
/// Source: AWS Load Balancer Controller `pkg/deploy/tracking/provider.go`.
const TRACKING_PREFIXES: &[&str] = &[
    "ingress.k8s.aws/",
    "service.k8s.aws/",
    "gateway.k8s.aws.alb/",
    "gateway.k8s.aws.nlb/",
];

/// Labels that name the Gateway of a Network Load Balancer for which the controller made a binding.
const NETWORK_GATEWAY_STACK_NAMESPACE: &str = "gateway.k8s.aws.nlb/stack-namespace";
const NETWORK_GATEWAY_STACK_NAME: &str = "gateway.k8s.aws.nlb/stack-name";

/// What the rules read of a TargetGroupBinding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroupBinding {
    /// `spec.serviceRef.name`, of the binding's own namespace.
    pub service: Arc<str>,
    /// `spec.targetGroupProtocol`.
    pub protocol: Protocol,
    /// The target group: its ARN where there is one (it beats the name), else its name.
    pub target_group: Option<TargetGroup>,
    /// Tracking labels of the controller. Anybody can write them: they prove nothing by themselves.
    pub tracking: Labels,
}

impl TargetGroupBinding {
    /// Namespace and name of the Network Load Balancer's Gateway that the tracking labels name.
    #[must_use]
    pub fn network_gateway(&self) -> Option<(&str, &str)> {
        let namespace = self.tracking.get(NETWORK_GATEWAY_STACK_NAMESPACE)?;
        Some((namespace, self.tracking.get(NETWORK_GATEWAY_STACK_NAME)?))
    }
}

/// A target group's protocol, as far as it tells the kind of load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Not said: the object is older than the field, or of EKS Auto Mode.
    #[default]
    Unknown,
    /// HTTP or HTTPS: AWS permits them for Application Load Balancers alone.
    Http,
    /// TCP, TLS, UDP, QUIC and their combinations: a Network Load Balancer's.
    Network,
}

/// How an object names an AWS target group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TargetGroup {
    /// By ARN.
    Arn(Box<str>),
    /// By name, unique in an account and region.
    Name(Box<str>),
}

impl TargetGroup {
    /// The target group's name: the part of an ARN `…:targetgroup/NAME/ID`, or the name itself.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Arn(arn) => name_in(arn),
        }
    }

    /// Whether both may mean the same target group: ARNs have to be equal, a name joins an ARN that bears it.
    #[must_use]
    pub fn joins(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Arn(one), Self::Arn(two)) => one == two,
            _ => self.name() == other.name(),
        }
    }

    /// Whether this and the target group of an ARN may be the same.
    pub(crate) fn is_joined_by_arn(&self, arn: &str) -> bool {
        match self {
            Self::Arn(own) => **own == *arn,
            Self::Name(name) => **name == *name_in(arn),
        }
    }

    /// The ARN or the name, as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Arn(text) | Self::Name(text) => text,
        }
    }
}

/// The name of the target group of an ARN.
fn name_in(arn: &str) -> &str {
    arn.rsplit_once(":targetgroup/")
        .and_then(|(_, rest)| rest.split('/').next())
        .unwrap_or(arn)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SpecView {
    #[serde(rename = "targetGroupARN")]
    target_group_arn: Option<Box<str>>,
    target_group_name: Option<Box<str>>,
    target_group_protocol: Option<String>,
    service_ref: Option<Mapping<ServiceRefView>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ServiceRefView {
    #[serde(deserialize_with = "shared")]
    name: Option<Arc<str>>,
}

/// Reads a TargetGroupBinding of either group.
pub(crate) fn read(metadata: &Metadata, spec: SpecView) -> Result<TargetGroupBinding, DecodeError> {
    let service = spec.service_ref.ok_or(DecodeError::Incomplete {
        pointer: "/spec/serviceRef",
    })?;
    let tracking = metadata.labels_with_prefixes(TRACKING_PREFIXES)?;
    let named = |text: Option<Box<str>>| text.filter(|text| !text.is_empty());
    Ok(TargetGroupBinding {
        service: service.0.name.unwrap_or_default(),
        protocol: match spec.target_group_protocol.as_deref() {
            None | Some("") => Protocol::Unknown,
            Some("HTTP" | "HTTPS") => Protocol::Http,
            Some(_) => Protocol::Network,
        },
        target_group: named(spec.target_group_arn)
            .map(TargetGroup::Arn)
            .or_else(|| named(spec.target_group_name).map(TargetGroup::Name)),
        tracking: Labels::new(tracking),
    })
}
