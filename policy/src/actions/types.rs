//! The controller's types of an action, field by field.
//!
//! `Option` is Go's pointer: absent, or `null`, is `None`. A plain field keeps what it has when it is given `null`.
//!
//! Source: aws-load-balancer-controller, `pkg/ingress/config_types.go`; Kubernetes, `util/intstr`.

use crate::go_json::{Decode, FieldKey, Found, Reader, Slice, Struct, TypeError};

/// The `type` of an action that routes. Compared exactly, as the other two.
pub const FORWARD: &str = "forward";
/// The `type` of an action that redirects.
pub const REDIRECT: &str = "redirect";
/// The `type` of an action that the load balancer answers itself.
pub const FIXED_RESPONSE: &str = "fixed-response";

/// An action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// `type`: one of [`FORWARD`], [`REDIRECT`] and [`FIXED_RESPONSE`].
    pub kind: String,
    /// `targetGroupARN`: the short form of a forward to one target group.
    pub target_group_arn: Option<String>,
    /// `targetGroupName`: the same by name. Since controller v2.14.
    pub target_group_name: Option<String>,
    /// `fixedResponseConfig`.
    pub fixed_response_config: Option<FixedResponseActionConfig>,
    /// `redirectConfig`.
    pub redirect_config: Option<RedirectActionConfig>,
    /// `forwardConfig`.
    pub forward_config: Option<ForwardActionConfig>,
}

/// The answer of a fixed response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixedResponseActionConfig {
    /// `contentType`.
    pub content_type: Option<String>,
    /// `messageBody`.
    pub message_body: Option<String>,
    /// `statusCode`, required.
    pub status_code: String,
}

/// The answer of a redirect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedirectActionConfig {
    /// `host`.
    pub host: Option<String>,
    /// `path`.
    pub path: Option<String>,
    /// `port`.
    pub port: Option<String>,
    /// `protocol`.
    pub protocol: Option<String>,
    /// `query`.
    pub query: Option<String>,
    /// `statusCode`, required.
    pub status_code: String,
}

/// Where a forward goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForwardActionConfig {
    /// `targetGroups`.
    pub target_groups: Slice<TargetGroupTuple>,
    /// `targetGroupStickinessConfig`.
    pub target_group_stickiness_config: Option<TargetGroupStickinessConfig>,
}

/// Stickiness among several target groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroupStickinessConfig {
    /// `enabled`.
    pub enabled: Option<bool>,
    /// `durationSeconds`, in seconds.
    pub duration_seconds: Option<i32>,
}

/// One target group of a forward: one that exists already, or one that the controller makes for a Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroupTuple {
    /// `targetGroupARN`.
    pub target_group_arn: Option<String>,
    /// `targetGroupName`. Since controller v2.14.
    pub target_group_name: Option<String>,
    /// `serviceName`.
    pub service_name: Option<String>,
    /// `servicePort`: a number or the name of a port.
    pub service_port: Option<IntOrString>,
    /// `weight`, of any sign.
    pub weight: Option<i32>,
}

/// A value that may be written as a number or as a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A string.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl Struct for Action {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("type", &mut self.kind),
            ("targetGroupARN", &mut self.target_group_arn),
            ("targetGroupName", &mut self.target_group_name),
            ("fixedResponseConfig", &mut self.fixed_response_config),
            ("redirectConfig", &mut self.redirect_config),
            ("forwardConfig", &mut self.forward_config),
        ])
    }
}

impl Struct for FixedResponseActionConfig {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("contentType", &mut self.content_type),
            ("messageBody", &mut self.message_body),
            ("statusCode", &mut self.status_code),
        ])
    }
}

impl Struct for RedirectActionConfig {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("host", &mut self.host),
            ("path", &mut self.path),
            ("port", &mut self.port),
            ("protocol", &mut self.protocol),
            ("query", &mut self.query),
            ("statusCode", &mut self.status_code),
        ])
    }
}

impl Struct for ForwardActionConfig {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("targetGroups", &mut self.target_groups),
            (
                "targetGroupStickinessConfig",
                &mut self.target_group_stickiness_config,
            ),
        ])
    }
}

impl Struct for TargetGroupStickinessConfig {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("enabled", &mut self.enabled),
            ("durationSeconds", &mut self.duration_seconds),
        ])
    }
}

impl Struct for TargetGroupTuple {
    fn field(&mut self, key: &FieldKey<'_>) -> Option<(&'static str, &mut dyn Decode)> {
        key.among([
            ("targetGroupARN", &mut self.target_group_arn),
            ("targetGroupName", &mut self.target_group_name),
            ("serviceName", &mut self.service_name),
            ("servicePort", &mut self.service_port),
            ("weight", &mut self.weight),
        ])
    }
}

/// Kubernetes' own `UnmarshalJSON`: what starts with a quote is a string, all else must be a 32-bit integer. It is
/// called anew on the same value when the key comes again, and replaces it. `null` never gets here: it empties the
/// pointer.
impl Decode for IntOrString {
    fn decode(&mut self, reader: &mut Reader<'_>) -> Result<(), TypeError> {
        if reader.peek() == Found::String {
            *self = Self::String(reader.string().into_owned());
            Ok(())
        } else {
            let mut number = 0;
            number.decode(reader)?;
            *self = Self::Int(number);
            Ok(())
        }
    }
}
