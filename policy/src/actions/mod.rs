//! The JSON of `alb.ingress.kubernetes.io/actions.<name>`, read exactly as the AWS Load Balancer Controller reads it.
//!
//! A backend whose port is called `use-annotation` takes its action from this annotation, so this is one of the ways
//! by which an ALB comes to route to a Service. The controller hands the text to Go's `encoding/json`, which matches
//! keys in any case, merges repeated ones and forgives things that other decoders refuse (and the reverse): any other
//! reading could be talked past. Three steps, each in a file of its own:
//!
//! 1. `go_json` decodes the text into the controller's [`types`];
//! 2. `validate` refuses what the controller refuses;
//! 3. `normalise` rewrites the short form of a forward to the long one.
//!
//! Source: aws-load-balancer-controller, `pkg/ingress/config_types.go` and `enhanced_backend_builder.go`
//! (`buildActionViaAnnotation`); Go 1.26, `encoding/json`.

mod normalise;
pub mod types;
mod validate;

#[cfg(test)]
mod tests;

use crate::go_json::{Decode, Reader};

pub use crate::go_json::{Slice, SyntaxError, TypeError};
pub use validate::{Refusal, TargetGroupRefusal};

/// What a rule needs to know of an action: whether it forwards, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Requests go to these targets, in the order of the annotation. The controller accepts a forward without any.
    Forward(Vec<ForwardTarget>),
    /// Requests are answered with a redirect.
    Redirect,
    /// Requests are answered by the load balancer itself.
    FixedResponse,
}

/// One target group of a forward.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ForwardTarget {
    /// A Service by name. It is looked up in the Ingress's own namespace, literally: there is no other syntax.
    Service(Box<str>),
    /// A target group that exists already, by its ARN. May be empty: the controller accepts that. Beside a name the ARN
    /// is the one that counts (`model_build_actions.go`, `buildForwardAction`).
    TargetGroupArn(Box<str>),
    /// A target group that exists already, by its name.
    TargetGroupName(Box<str>),
}

/// Why the controller cannot read an action, or refuses it. It then deploys nothing new for the whole `IngressGroup`.
/// Says all in its own message, in one line; there is no source to add.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableAction {
    /// The text is no JSON.
    #[error("not JSON: {0}")]
    Syntax(SyntaxError),
    /// A field has a value that does not fit its type.
    #[error("wrong type: {0}")]
    Type(TypeError),
    /// The controller's own validation says no.
    #[error("refused by the controller: {0}")]
    Refused(Refusal),
}

/// Reads the value of an `actions.<name>` annotation.
///
/// # Errors
///
/// [`UnreadableAction`] exactly when the controller would fail on this text.
pub fn read(json: &str) -> Result<Action, UnreadableAction> {
    types::Action::read(json.as_bytes()).map(|action| Action::of(&action))
}

impl types::Action {
    /// The action as the controller holds it after reading: decoded, validated, normalised. Takes bytes, as Go does;
    /// bytes of a string that are no UTF-8 become U+FFFD.
    ///
    /// # Errors
    ///
    /// As [`read`].
    pub fn read(json: &[u8]) -> Result<Self, UnreadableAction> {
        let mut reader = Reader::over(json).map_err(UnreadableAction::Syntax)?;
        let mut action = Self::default();
        action.decode(&mut reader).map_err(UnreadableAction::Type)?;
        validate::validate(&action).map_err(UnreadableAction::Refused)?;
        normalise::normalise(&mut action);
        Ok(action)
    }
}

impl Action {
    /// What matters of an action that [`types::Action::read`] returned.
    #[must_use]
    pub fn of(action: &types::Action) -> Self {
        match &*action.kind {
            types::FORWARD => Self::Forward(
                action
                    .forward_config
                    .iter()
                    .flat_map(|config| config.target_groups.iter())
                    .filter_map(ForwardTarget::of)
                    .collect(),
            ),
            types::REDIRECT => Self::Redirect,
            _ => Self::FixedResponse,
        }
    }
}

impl ForwardTarget {
    /// `None` only for a group that names nothing, which validation refuses.
    fn of(group: &types::TargetGroupTuple) -> Option<Self> {
        let arn = group.target_group_arn.as_deref();
        let name = group.target_group_name.as_deref();
        let service = group.service_name.as_deref();
        arn.map(|arn| Self::TargetGroupArn(arn.into()))
            .or_else(|| name.map(|name| Self::TargetGroupName(name.into())))
            .or_else(|| service.map(|service| Self::Service(service.into())))
    }
}
