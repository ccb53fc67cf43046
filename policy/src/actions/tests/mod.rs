//! The controller's rules for an action, a test each.

mod decoding;
mod merging;
mod validation;

use super::*;

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/edge/1";

fn service(name: &str) -> ForwardTarget {
    ForwardTarget::Service(name.into())
}

fn forward(json: &str) -> Vec<ForwardTarget> {
    match read(json) {
        Ok(Action::Forward(targets)) => targets,
        other => panic!("{json}: {other:?}"),
    }
}

fn decoded(json: &str) -> types::Action {
    types::Action::read(json.as_bytes()).unwrap()
}

fn refusal(json: &str) -> Refusal {
    match read(json) {
        Err(UnreadableAction::Refused(refusal)) => refusal,
        other => panic!("{json}: {other:?}"),
    }
}

fn target_group_refusal(groups: &str) -> (usize, TargetGroupRefusal) {
    match refusal(&forward_to(groups)) {
        Refusal::TargetGroup(index, refusal) => (index, refusal),
        other => panic!("{groups}: {other:?}"),
    }
}

fn type_error_path(json: &str) -> String {
    match read(json) {
        Err(UnreadableAction::Type(error)) => error.path().to_owned(),
        other => panic!("{json}: {other:?}"),
    }
}

/// A forward with these elements of `targetGroups`.
fn forward_to(groups: &str) -> String {
    format!(r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{groups}]}}}}"#)
}

/// A forward whose `forwardConfig` comes several times, each with these elements of `targetGroups`.
fn forward_to_in_turn(turns: &[&str]) -> String {
    let configs = turns.join(r#"},"forwardConfig":{"targetGroups":"#);
    format!(r#"{{"type":"forward","forwardConfig":{{"targetGroups":{configs}}}}}"#)
}

const APP: &str = r#"{"serviceName":"app","servicePort":80,"weight":1}"#;
const GATEWAY: &str = r#"{"serviceName":"gw","servicePort":"http2","weight":0}"#;
