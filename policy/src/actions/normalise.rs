//! The one form to which the controller brings a valid action before it builds target groups from it.
//!
//! Source: aws-load-balancer-controller, `pkg/ingress/enhanced_backend_builder.go`
//! (`normalizeSimplifiedSchemaForwardAction`, `normalizeServicePortForBackwardsCompatibility`).

use super::types::{Action, FORWARD, ForwardActionConfig, IntOrString, TargetGroupTuple};

/// Rewrites a forward by `targetGroupARN` or `targetGroupName` to a `forwardConfig` with that one group, and ports
/// that are numbers in quotes to numbers. Actions of another type stay as they are, stray fields included.
pub(super) fn normalise(action: &mut Action) {
    if action.kind != FORWARD {
        return;
    }
    if action.target_group_arn.is_some() || action.target_group_name.is_some() {
        let group = TargetGroupTuple {
            target_group_arn: action.target_group_arn.take(),
            target_group_name: action.target_group_name.take(),
            ..TargetGroupTuple::default()
        };
        *action = Action {
            kind: FORWARD.to_owned(),
            forward_config: Some(ForwardActionConfig {
                target_groups: [group].into_iter().collect(),
                ..ForwardActionConfig::default()
            }),
            ..Action::default()
        };
    }
    for group in action
        .forward_config
        .iter_mut()
        .flat_map(|config| config.target_groups.iter_mut())
    {
        if let Some(port) = &mut group.service_port {
            normalise_port(port);
        }
    }
}

/// Go's `strconv.ParseInt` in base 10 takes what `i32::from_str` takes: a sign of either kind and leading zeros.
fn normalise_port(port: &mut IntOrString) {
    if let IntOrString::String(text) = port
        && let Ok(number) = text.parse()
    {
        *port = IntOrString::Int(number);
    }
}
