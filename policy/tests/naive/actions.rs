//! `actions.*` annotations of an Ingress, in the documented spelling.

use serde_json::Value;

use super::files::is_unrendered;
use super::manifest::{field, list, text};

/// Where a backend of a front leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// Namespace and name of a Service.
    Service(String, String),
    Group(TargetGroup),
    /// The name of an action that the controller cannot read or would refuse.
    Unreadable(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TargetGroup {
    Arn(String),
    Name(String),
}

impl TargetGroup {
    /// As it is named in an action, a tuple of an action or a TargetGroupBinding's spec: the ARN beats the name.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let arn = text(value, "/targetGroupARN").map(|arn| Self::Arn(arn.to_owned()));
        arn.or_else(|| text(value, "/targetGroupName").map(|name| Self::Name(name.to_owned())))
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Arn(text) | Self::Name(text) => text,
        }
    }

    /// Whether both can mean one target group.
    pub(super) fn joins(&self, other: &Self) -> bool {
        let is_known = !is_unrendered(self.as_str()) && !is_unrendered(other.as_str());
        is_known && self.names(other)
    }

    fn names(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Arn(one), Self::Arn(other)) | (Self::Name(one), Self::Name(other)) => {
                one == other
            }
            (Self::Arn(arn), Self::Name(name)) | (Self::Name(name), Self::Arn(arn)) => {
                let resource = arn.rsplit(':').next().unwrap_or_default();
                resource.split('/').nth(1) == Some(name)
            }
        }
    }
}

/// What an action of an Ingress in this namespace forwards to.
pub(super) fn targets(namespace: &str, name: &str, json: &str) -> Vec<Target> {
    let action: Result<Value, _> = serde_json::from_str(json);
    action
        .ok()
        .and_then(|action| read(namespace, &action))
        .unwrap_or_else(|| vec![Target::Unreadable(name.to_owned())])
}

/// `None`: the controller refuses it.
fn read(namespace: &str, action: &Value) -> Option<Vec<Target>> {
    let simplified = TargetGroup::of(action);
    let config = field(action, "/forwardConfig");
    match text(action, "/type")? {
        "redirect" => field(action, "/redirectConfig/statusCode").map(|_| Vec::new()),
        "fixed-response" => field(action, "/fixedResponseConfig/statusCode").map(|_| Vec::new()),
        "forward" => match (simplified, config) {
            (Some(group), None) => Some(vec![Target::Group(group)]),
            (None, Some(config)) => read_config(namespace, config),
            _ => None,
        },
        _ => None,
    }
}

fn read_config(namespace: &str, config: &Value) -> Option<Vec<Target>> {
    let tuples: Vec<&Value> = list(config, "/targetGroups").collect();
    let mut targets = Vec::new();
    for tuple in &tuples {
        if tuples.len() > 1 {
            field(tuple, "/weight")?;
        }
        let target = match (TargetGroup::of(tuple), text(tuple, "/serviceName")) {
            (Some(group), None) => Target::Group(group),
            (None, Some(service)) => {
                field(tuple, "/servicePort")?;
                Target::Service(namespace.to_owned(), service.to_owned())
            }
            _ => return None,
        };
        targets.push(target);
    }
    Some(targets)
}
