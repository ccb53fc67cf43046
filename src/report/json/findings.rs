//! What was found, in the JSON report: findings, what cannot be told, and what exemptions cover.

use l7guard_policy::confidence::Confidence;
use l7guard_policy::configuration::Messages;
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Hop, HopRole, Mode};
use l7guard_policy::verdict::{Unresolved, WouldBe};
use schemars::JsonSchema;
use serde::Serialize;

use super::changes::{self, JsonChange};
use crate::report::{Location, OfCluster, ReportedExemption, ReportedFinding, remedy_text};

/// A path that a rule forbids, or a defect of one Service.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Finding")]
pub(super) struct JsonFinding<'a> {
    /// The live cluster that it was found in, by the name in `clusters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cluster: Option<&'a str>,
    /// Whether the report that this one was compared with did not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    is_new: Option<bool>,
    /// The rule's code, never renumbered.
    #[schemars(regex(pattern = "^L7G[0-9]{3}$"))]
    rule: &'static str,
    /// The rule's name.
    name: &'static str,
    /// The mode in which the finding takes effect.
    #[schemars(extend("enum" = [Mode::Deny.as_str(), Mode::Warn.as_str(), Mode::Audit.as_str()]))]
    severity: &'static str,
    /// What the finding would do if nothing were set to `audit`; only with `severity` `audit`. `tolerated`: it would deny, but its
    /// path was there before the change.
    #[serde(rename = "would_be", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", extend("enum" = [WouldBe::Deny.as_str(), WouldBe::Warn.as_str(), WouldBe::Tolerated.as_str()]))]
    would_be: Option<&'static str>,
    /// `confirmed`: objects prove both ends; `likely`: one that would prove it is not visible.
    #[schemars(extend("enum" = [Confidence::Confirmed.as_str(), Confidence::Likely.as_str()]))]
    confidence: &'static str,
    /// What the finding is about: the front, or the Service.
    object: JsonObject<'a>,
    /// JSON pointer (RFC 6901) of the offending field of that object.
    field: &'a str,
    /// Where that field stands, if the object came from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "JsonLocation")]
    location: Option<JsonLocation<'a>>,
    /// The way from the front to the gateway.
    path: Vec<JsonHop<'a>>,
    /// What is wrong, in a sentence.
    message: &'a str,
    /// What to do, for people: advice, an empty line, then the changes.
    remedy: String,
    /// What repairs this finding in the world as it was judged, in order.
    changes: Vec<JsonChange<'a>>,
    /// Why there are no changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    no_changes: Option<&'a str>,
    /// The rule's page.
    documentation: String,
}

/// An object's type and name.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Object")]
struct JsonObject<'a> {
    /// As it was written.
    api_version: &'a str,
    /// As it was written.
    kind: &'static str,
    /// Empty for cluster-scoped objects.
    namespace: &'a str,
    /// `metadata.name`.
    name: &'a str,
}

/// A place in a file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Location")]
struct JsonLocation<'a> {
    /// The file as it was named, `<stdin>` for standard input.
    file: &'a str,
    /// The line, from 1.
    #[schemars(range(min = 1))]
    line: usize,
    /// The column, from 1, in characters.
    #[schemars(range(min = 1))]
    column: usize,
}

/// An object on the path.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Hop")]
struct JsonHop<'a> {
    /// Its part in the path.
    #[schemars(extend("enum" = [HopRole::Front.as_str(), HopRole::Service.as_str(), HopRole::Gateway.as_str()]))]
    hop: &'static str,
    /// The object's kind.
    kind: &'static str,
    /// Empty for cluster-scoped objects.
    namespace: &'a str,
    /// The object's name.
    name: &'a str,
    /// What proves its part.
    evidence: &'a str,
}

/// An object of which one end of a path is in sight and the other cannot be told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unresolved")]
pub(super) struct JsonUnresolved<'a> {
    /// The live cluster that it was found in, by the name in `clusters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cluster: Option<&'a str>,
    /// The object.
    object: JsonObject<'a>,
    /// JSON pointer (RFC 6901) of the field that leads to what cannot be told.
    field: &'a str,
    /// Why it cannot be told.
    reason: &'a str,
}

/// A finding that an exemption covers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Exempt")]
pub(super) struct JsonExempt<'a> {
    /// The live cluster that it was found in, by the name in `clusters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    cluster: Option<&'a str>,
    /// The rule's code.
    #[schemars(regex(pattern = "^L7G[0-9]{3}$"))]
    rule: &'static str,
    /// What the finding is about.
    object: JsonObject<'a>,
    /// The exemption's name in the configuration.
    exemption: &'a str,
    /// The last day (UTC) on which it holds.
    #[schemars(extend("format" = "date"))]
    expires: String,
    /// Why it was granted.
    reason: &'a str,
    /// Who answers for it.
    owner: &'a str,
    /// Where its end is followed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    ticket: Option<&'a str>,
    /// Where the offending field stands, if the object came from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "JsonLocation")]
    location: Option<JsonLocation<'a>>,
}

pub(super) fn finding<'a>(reported: &'a ReportedFinding, messages: &Messages) -> JsonFinding<'a> {
    let finding = &reported.judged.finding;
    JsonFinding {
        cluster: reported.cluster.as_deref(),
        is_new: reported.is_new,
        rule: finding.rule.as_str(),
        name: finding.rule.name(),
        severity: reported.judged.severity.as_str(),
        would_be: reported.judged.would_be.map(WouldBe::as_str),
        confidence: finding.confidence.as_str(),
        object: object(&finding.object, finding.api_version),
        field: &finding.field,
        location: reported.location.as_ref().map(location),
        path: finding.path.iter().map(hop).collect(),
        message: finding.message.in_full(),
        remedy: remedy_text::of_finding(reported),
        changes: changes::changes(&reported.remedy.changes),
        no_changes: reported.remedy.no_changes.as_deref(),
        documentation: messages.documentation_of(finding.rule),
    }
}

fn object<'a>(key: &'a ObjectKey, api_version: &'a str) -> JsonObject<'a> {
    JsonObject {
        api_version,
        kind: key.kind.name(),
        namespace: &key.namespace,
        name: &key.name,
    }
}

fn location(location: &Location) -> JsonLocation<'_> {
    JsonLocation {
        file: &location.file,
        line: location.line,
        column: location.column,
    }
}

fn hop(hop: &Hop) -> JsonHop<'_> {
    JsonHop {
        hop: hop.role.as_str(),
        kind: hop.object.kind.name(),
        namespace: &hop.object.namespace,
        name: &hop.object.name,
        evidence: hop.evidence.in_full(),
    }
}

pub(super) fn unresolved(unresolved: &OfCluster<Unresolved>) -> JsonUnresolved<'_> {
    JsonUnresolved {
        cluster: unresolved.cluster.as_deref(),
        object: object(&unresolved.object, unresolved.api_version),
        field: &unresolved.field,
        reason: unresolved.reason.in_full(),
    }
}

pub(super) fn exempt(exempted: &OfCluster<ReportedExemption>) -> JsonExempt<'_> {
    let finding = &exempted.finding;
    JsonExempt {
        cluster: exempted.cluster.as_deref(),
        rule: finding.rule.as_str(),
        object: object(&finding.object, finding.api_version),
        exemption: &exempted.exemption,
        expires: exempted.expires.to_string(),
        reason: &exempted.reason,
        owner: &exempted.owner,
        ticket: exempted.ticket.as_deref(),
        location: exempted.location.as_ref().map(location),
    }
}
