//! The enumerations of a configuration: each value is one of a few words. An error lists the words that there are.

use l7guard_policy::configuration::{CrossNamespaceNames, Likely, UnknownRouter};
use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::identity::Kind;
use l7guard_policy::rules::{Mode, Rule, RuleCode};
use serde::Deserialize;
use serde_json::Value;

use super::scalars::text;
use super::value_schemas::value_schemas;
use crate::nearest_word::{did_you_mean, listed};

/// The version that this program reads.
pub(super) const API_VERSION: &str = "l7guard/v1";
/// The document's kind.
pub(super) const KIND: &str = "Configuration";

/// What a rule's findings do.
const MODES: &[(&str, Mode)] = &[
    ("deny", Mode::Deny),
    ("warn", Mode::Warn),
    ("audit", Mode::Audit),
    ("off", Mode::Off),
];
/// What findings do at most.
const MAX_MODES: &[(&str, Mode)] = MODES.split_at(3).0;
/// What likely findings do.
const LIKELY: &[(&str, Likely)] = &[("deny", Likely::Deny), ("warn", Likely::Warn)];
/// Whether names are shown.
const NAMES: &[(&str, CrossNamespaceNames)] = &[
    ("shown", CrossNamespaceNames::Shown),
    ("hidden", CrossNamespaceNames::Hidden),
];
/// What a proxy is taken for whose role cannot be told.
const UNKNOWN_ROUTERS: &[(&str, UnknownRouter)] = &[
    ("deny", UnknownRouter::Deny),
    ("warn", UnknownRouter::Warn),
    ("unresolved", UnknownRouter::Unresolved),
];
/// Kinds of gateways.
const GATEWAY_KINDS: &[(&str, GatewayKind)] = &[
    ("ingress", GatewayKind::Ingress),
    ("egress", GatewayKind::Egress),
    ("eastWest", GatewayKind::EastWest),
];
/// Kinds of the objects that findings are about.
const OBJECT_KINDS: &[(&str, Kind)] = &[
    ("Ingress", Kind::Ingress),
    ("HTTPRoute", Kind::HttpRoute),
    ("GRPCRoute", Kind::GrpcRoute),
    ("Service", Kind::Service),
    ("Gateway", Kind::Gateway),
    ("ListenerSet", Kind::ListenerSet),
    ("TargetGroupBinding", Kind::TargetGroupBinding),
];

/// `apiVersion`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct ApiVersion;

impl TryFrom<Value> for ApiVersion {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let known = value == API_VERSION;
        known.then_some(Self).ok_or_else(|| {
            format!("apiVersion {value} is unknown; this program knows {API_VERSION}")
        })
    }
}

/// `kind`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct DocumentKind;

impl TryFrom<Value> for DocumentKind {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let known = value == KIND;
        known
            .then_some(Self)
            .ok_or_else(|| format!("kind {value} is unknown; a configuration is of kind {KIND}"))
    }
}

/// What findings of a rule do. YAML 1.1, which Kubernetes' tools read, takes `off` without quotes for `false`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct RuleMode(pub(super) Mode);

impl TryFrom<Value> for RuleMode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Bool(false) => Ok(Self(Mode::Off)),
            other => word(&other, "mode", MODES).map(Self),
        }
    }
}

/// The most that any finding does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct MaxMode(pub(super) Mode);

impl TryFrom<Value> for MaxMode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value == Value::Bool(false) || value == "off" {
            return Err(
                "the guard as a whole has no `off`: write audit, which reports and is silent to users"
                    .to_owned(),
            );
        }
        word(&value, "mode", MAX_MODES).map(Self)
    }
}

/// What a likely finding of a denying rule does.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct LikelyMode(pub(super) Likely);

impl TryFrom<Value> for LikelyMode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        word(&value, "mode of likely findings", LIKELY).map(Self)
    }
}

/// Whether answers name objects of other namespaces.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct NamesMode(pub(super) CrossNamespaceNames);

impl TryFrom<Value> for NamesMode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        word(&value, "mode of names", NAMES).map(Self)
    }
}

/// What a proxy is taken for whose role cannot be told.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct UnknownRouterMode(pub(super) UnknownRouter);

impl TryFrom<Value> for UnknownRouterMode {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        word(&value, "mode of unknown routers", UNKNOWN_ROUTERS).map(Self)
    }
}

/// A kind of gateway.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct KindOfGateway(pub(super) GatewayKind);

impl TryFrom<Value> for KindOfGateway {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        word(&value, "kind of gateway", GATEWAY_KINDS).map(Self)
    }
}

/// A kind of object that findings are about.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct ObjectKind(pub(super) Kind);

impl TryFrom<Value> for ObjectKind {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let kinds = text(&value, "a kind")?;
        word(&value, "kind", OBJECT_KINDS).map(Self).map_err(|_| {
            let known = || OBJECT_KINDS.iter().map(|(name, _)| *name);
            format!(
                "no finding is about an object of kind {kinds:?}{}: findings are about the front or the gateway's \
                 Service; write {}",
                did_you_mean(&kinds, known()),
                listed(known(), "or")
            )
        })
    }
}

/// A rule, by its code or name.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct RuleReference(pub(super) RuleCode);

impl TryFrom<Value> for RuleReference {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        rule(&text(&value, "the code or name of a rule")?).map(Self)
    }
}

value_schemas! {
    ApiVersion => {"const": API_VERSION},
    DocumentKind => {"const": KIND},
    RuleMode => {"enum": words_and_false(MODES)},
    MaxMode => {"enum": words(MAX_MODES)},
    LikelyMode => {"enum": words(LIKELY)},
    NamesMode => {"enum": words(NAMES)},
    UnknownRouterMode => {"enum": words(UNKNOWN_ROUTERS)},
    KindOfGateway => {"enum": words(GATEWAY_KINDS)},
    ObjectKind => {"enum": words(OBJECT_KINDS)},
    RuleReference => {"enum": rule_words()},
}

/// The rule of a code or name, spelled exactly.
pub(super) fn rule(text: &str) -> Result<RuleCode, String> {
    let words = rule_words();
    if words.contains(&text)
        && let Some(code) = RuleCode::parse(text)
    {
        return Ok(code);
    }
    let names = words.iter().copied();
    Err(format!(
        "there is no rule {text:?}{}; the rules are {}",
        did_you_mean(text, names),
        listed(Rule::all().iter().map(|rule| rule.code.as_str()), "and")
    ))
}

/// Codes and names of all rules.
pub(super) fn rule_words() -> Vec<&'static str> {
    let rules = Rule::all().iter();
    rules
        .flat_map(|rule| [rule.code.as_str(), rule.name])
        .collect()
}

fn word<T: Clone>(value: &Value, what: &str, known: &[(&str, T)]) -> Result<T, String> {
    let text = text(value, &listed(words(known), "or"))?;
    if let Some((_, meaning)) = known.iter().find(|(word, _)| *word == text) {
        return Ok(meaning.clone());
    }
    Err(format!(
        "there is no {what} {text:?}{}; write {}",
        did_you_mean(&text, words(known)),
        listed(words(known), "or")
    ))
}

fn words<'a, T>(known: &[(&'a str, T)]) -> Vec<&'a str> {
    known.iter().map(|(word, _)| *word).collect()
}

fn words_and_false<T>(known: &[(&str, T)]) -> Vec<Value> {
    let words = words(known).into_iter().map(Value::from);
    words.chain([Value::Bool(false)]).collect()
}
