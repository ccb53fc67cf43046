//! What the policy says of an input, in the words of the Go program.

use l7guard_policy::actions::types::{self, IntOrString};
use l7guard_policy::actions::{
    Action, ForwardTarget, Refusal, TargetGroupRefusal, UnreadableAction,
};
use serde_json::{Value, json};

/// Our reading, in the words of the Go program.
pub(crate) fn our_answer(text: &[u8]) -> Value {
    match types::Action::read(text) {
        Ok(action) => json!({
            "action": action_value(&action),
            "targets": targets_value(&Action::of(&action)),
        }),
        Err(UnreadableAction::Syntax(error)) => json!({
            "error": "syntax",
            // Go counts the byte that is wrong as read.
            "offset": (error.offset() + 1).min(text.len()),
        }),
        Err(UnreadableAction::Type(error)) => json!({
            "error": "type",
            "field": without_indexes(error.path()),
        }),
        Err(UnreadableAction::Refused(refusal)) => json!({
            "error": "refused",
            "reason": reason(&refusal),
        }),
    }
}

/// Whether the two say the same.
pub(crate) fn agree(ours: &Value, theirs: &Value) -> bool {
    match ours["error"].as_str() {
        None => ours == theirs,
        Some("syntax") => ["error", "offset"]
            .iter()
            .all(|key| ours[key] == theirs[key]),
        Some("type") => {
            // Go names the first field of a wrong type, but a `servicePort` before all others: it ends the decoding.
            let field = theirs["field"].as_str().unwrap_or_default();
            ours["error"] == theirs["error"]
                && (field.ends_with("servicePort") || ours["field"] == field)
        }
        Some(_) => ["error", "reason"]
            .iter()
            .all(|key| ours[key] == theirs[key]),
    }
}

/// Go's paths have none.
fn without_indexes(path: &str) -> String {
    path.split('[')
        .map(|part| part.split_once(']').map_or(part, |(_, rest)| rest))
        .collect()
}

fn action_value(action: &types::Action) -> Value {
    json!({
        "type": action.kind,
        "targetGroupARN": action.target_group_arn,
        "targetGroupName": action.target_group_name,
        "fixedResponseConfig": action.fixed_response_config.as_ref().map(|config| json!({
            "contentType": config.content_type,
            "messageBody": config.message_body,
            "statusCode": config.status_code,
        })),
        "redirectConfig": action.redirect_config.as_ref().map(|config| json!({
            "host": config.host,
            "path": config.path,
            "port": config.port,
            "protocol": config.protocol,
            "query": config.query,
            "statusCode": config.status_code,
        })),
        "forwardConfig": action.forward_config.as_ref().map(|config| json!({
            "targetGroups": config.target_groups.iter().map(target_group_value).collect::<Vec<_>>(),
            "targetGroupStickinessConfig": config.target_group_stickiness_config.as_ref().map(|config| json!({
                "enabled": config.enabled,
                "durationSeconds": config.duration_seconds,
            })),
        })),
    })
}

fn target_group_value(group: &types::TargetGroupTuple) -> Value {
    json!({
        "targetGroupARN": group.target_group_arn,
        "targetGroupName": group.target_group_name,
        "serviceName": group.service_name,
        "servicePort": group.service_port.as_ref().map(|port| match port {
            IntOrString::Int(number) => json!(number),
            IntOrString::String(text) => json!(text),
        }),
        "weight": group.weight,
    })
}

fn targets_value(action: &Action) -> Value {
    let Action::Forward(targets) = action else {
        return Value::Null;
    };
    targets
        .iter()
        .map(|target| match target {
            ForwardTarget::Service(name) => json!(["service", name]),
            ForwardTarget::TargetGroupArn(arn) => json!(["arn", arn]),
            ForwardTarget::TargetGroupName(name) => json!(["name", name]),
        })
        .collect()
}

fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::UnknownType(_) => "unknown type".to_owned(),
        Refusal::MissingFixedResponseConfig => "no fixedResponseConfig".to_owned(),
        Refusal::MissingRedirectConfig => "no redirectConfig".to_owned(),
        Refusal::MissingStatusCode(config) => format!("no {config}.statusCode"),
        Refusal::MissingForwardConfig => "no forwardConfig".to_owned(),
        Refusal::AmbiguousForward => "two forwards".to_owned(),
        Refusal::TargetGroup(index, TargetGroupRefusal::MissingTarget) => {
            format!("{index}: no target")
        }
        Refusal::TargetGroup(index, TargetGroupRefusal::AmbiguousTarget) => {
            format!("{index}: two targets")
        }
        Refusal::TargetGroup(index, TargetGroupRefusal::MissingServicePort) => {
            format!("{index}: no servicePort")
        }
        Refusal::TargetGroup(index, TargetGroupRefusal::MissingWeight) => {
            format!("{index}: no weight")
        }
        other => format!("not known to this test: {other:?}"),
    }
}
