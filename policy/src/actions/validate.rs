//! What the controller's validation refuses of a decoded action.
//!
//! Only the configuration of the action's own type is looked at; those of other types may hold anything.
//!
//! Source: aws-load-balancer-controller, `pkg/ingress/config_types.go` (the `validate` methods).

use super::types::{
    Action, FIXED_RESPONSE, FORWARD, ForwardActionConfig, REDIRECT, TargetGroupTuple,
};

/// How many characters of an unknown type the error repeats: annotations may be long.
const SHOWN_CHARS: usize = 64;

/// Why the controller refuses an action that it can decode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// `type` is not exactly one of the three that there are. Holds what it is, cut to 64 characters.
    #[error(r#"`type` is {0:?}: it must be "forward", "redirect" or "fixed-response""#)]
    UnknownType(Box<str>),
    /// A fixed response without its configuration.
    #[error("a fixed response needs `fixedResponseConfig`")]
    MissingFixedResponseConfig,
    /// A redirect without its configuration.
    #[error("a redirect needs `redirectConfig`")]
    MissingRedirectConfig,
    /// A fixed response or a redirect that does not say with which code. Holds the name of the configuration.
    #[error("`{0}.statusCode` is missing")]
    MissingStatusCode(&'static str),
    /// A forward to nowhere.
    #[error("a forward needs `forwardConfig`, `targetGroupARN` or `targetGroupName`")]
    MissingForwardConfig,
    /// A forward in the short and in the long form at once.
    #[error("a forward takes `forwardConfig` or `targetGroupARN`/`targetGroupName`, not both")]
    AmbiguousForward,
    /// A target group of a forward, by its index.
    #[error("`forwardConfig.targetGroups[{0}]` {1}")]
    TargetGroup(usize, TargetGroupRefusal),
}

/// Why the controller refuses one target group of a forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetGroupRefusal {
    /// It names nothing.
    #[error("needs `serviceName`, `targetGroupARN` or `targetGroupName`")]
    MissingTarget,
    /// It names a Service and a target group.
    #[error("takes `serviceName` or `targetGroupARN`/`targetGroupName`, not both")]
    AmbiguousTarget,
    /// It names a Service without a port.
    #[error("needs `servicePort` beside `serviceName`")]
    MissingServicePort,
    /// There are several, and this one says nothing of its share.
    #[error("needs `weight`, as each of several target groups does")]
    MissingWeight,
}

/// Applies the validation of the action's type.
pub(super) fn validate(action: &Action) -> Result<(), Refusal> {
    match &*action.kind {
        FIXED_RESPONSE => {
            let config = action
                .fixed_response_config
                .as_ref()
                .ok_or(Refusal::MissingFixedResponseConfig)?;
            require_status_code(&config.status_code, "fixedResponseConfig")
        }
        REDIRECT => {
            let config = action
                .redirect_config
                .as_ref()
                .ok_or(Refusal::MissingRedirectConfig)?;
            require_status_code(&config.status_code, "redirectConfig")
        }
        FORWARD => validate_forward(action),
        other => Err(Refusal::UnknownType(
            other
                .chars()
                .take(SHOWN_CHARS)
                .collect::<String>()
                .into_boxed_str(),
        )),
    }
}

fn require_status_code(code: &str, config: &'static str) -> Result<(), Refusal> {
    if code.is_empty() {
        return Err(Refusal::MissingStatusCode(config));
    }
    Ok(())
}

fn validate_forward(action: &Action) -> Result<(), Refusal> {
    let short = action.target_group_arn.is_some() || action.target_group_name.is_some();
    match (&action.forward_config, short) {
        (None, false) => Err(Refusal::MissingForwardConfig),
        (Some(_), true) => Err(Refusal::AmbiguousForward),
        (None, true) => Ok(()),
        (Some(config), false) => validate_target_groups(config),
    }
}

/// All groups are looked at before any weight is.
fn validate_target_groups(config: &ForwardActionConfig) -> Result<(), Refusal> {
    for (index, group) in config.target_groups.iter().enumerate() {
        validate_target_group(group).map_err(|refusal| Refusal::TargetGroup(index, refusal))?;
    }
    if config.target_groups.len() > 1
        && let Some(index) = config.target_groups.iter().position(|g| g.weight.is_none())
    {
        return Err(Refusal::TargetGroup(
            index,
            TargetGroupRefusal::MissingWeight,
        ));
    }
    Ok(())
}

fn validate_target_group(group: &TargetGroupTuple) -> Result<(), TargetGroupRefusal> {
    let external = group.target_group_arn.is_some() || group.target_group_name.is_some();
    match (&group.service_name, external) {
        (None, false) => Err(TargetGroupRefusal::MissingTarget),
        (Some(_), true) => Err(TargetGroupRefusal::AmbiguousTarget),
        (Some(_), false) if group.service_port.is_none() => {
            Err(TargetGroupRefusal::MissingServicePort)
        }
        (Some(_), false) | (None, true) => Ok(()),
    }
}
