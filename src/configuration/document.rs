//! The document: every key that a configuration may have. Its doc comments are the descriptions of the JSON Schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use l7guard_policy::configuration::{Aws, Istio};
use l7guard_policy::rules::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::{Map, Value, json};

use super::enums::{
    ApiVersion, DocumentKind, KindOfGateway, LikelyMode, MaxMode, NamesMode, ObjectKind, RuleMode,
    RuleReference, UnknownRouterMode,
};
use super::field::Field;
use super::interval::Interval;
use super::list::List;
use super::mapping::Mapping;
use super::scalars::{
    ControllerName, Day, ExactName, Flag, PageUrl, Pattern, Prose, Services, SingleLine, wrong_type,
};

/// The configuration of l7guard: what findings do, what is tolerated, and who counts as an ALB controller and an Istio
/// ingress gateway. Every key but `apiVersion` and `kind` may be left out; a list that is given replaces the default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(deny_unknown_fields, title = "l7guard configuration", extend("required" = ["apiVersion", "kind"]))]
pub(super) struct Document {
    /// The version of this format.
    pub(super) api_version: Field<ApiVersion>,
    /// The kind of this document.
    pub(super) kind: Field<DocumentKind>,
    /// The most that any finding does. `audit` is the dry run: everything is allowed, nothing is said to users; logs,
    /// metrics, audit annotations and reports tell what would have been.
    #[schemars(extend("default" = "deny"))]
    pub(super) mode: Field<MaxMode>,
    /// What a finding does that is only likely, because an object that would prove it is not visible, where its rule
    /// denies.
    #[schemars(extend("default" = "deny"))]
    pub(super) likely: Field<LikelyMode>,
    /// Whether a write is refused only for the paths that it adds.
    pub(super) ratchet: Field<Mapping<RatchetDocument>>,
    /// What the findings of a rule do, where that is not the rule's default. By code or by name.
    pub(super) rules: Field<RuleModes>,
    /// What is different in some namespaces: that of the finding's object. Of several entries that match a namespace
    /// the first one counts.
    #[schemars(extend("default" = []))]
    pub(super) namespaces: Field<List<Mapping<NamespacesDocument>>>,
    /// Who makes AWS Application Load Balancers.
    pub(super) aws: Field<Mapping<AwsDocument>>,
    /// Who makes Istio gateways.
    pub(super) istio: Field<Mapping<IstioDocument>>,
    /// Findings that are tolerated for a time.
    #[schemars(extend("default" = []))]
    pub(super) exemptions: Field<List<Mapping<ExemptionDocument>>>,
    /// What the answers of the webhook say.
    pub(super) admission: Field<Mapping<AdmissionDocument>>,
    /// Where the reader of a refusal finds more.
    pub(super) messages: Field<Mapping<MessagesDocument>>,
    /// What the audit loop of `serve` does with what exists in the cluster.
    pub(super) audit: Field<Mapping<AuditDocument>>,
}

/// Where the reader of a refusal finds more: the end of its message.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Messages", deny_unknown_fields)]
pub(super) struct MessagesDocument {
    /// The URL of a rule's page, in which `{code}` stands for the rule's code. Without it a refusal names the command
    /// `l7guard explain CODE`.
    pub(super) documentation: Field<PageUrl>,
    /// Whom to ask: a channel, an address.
    pub(super) contact: Field<SingleLine>,
}

/// What the audit loop of `serve` does with what exists in the cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Audit", deny_unknown_fields)]
pub(super) struct AuditDocument {
    /// Whether everything that exists is judged, again and again.
    #[schemars(extend("default" = true))]
    pub(super) enabled: Field<Flag>,
    /// How often everything is judged anew, 10s to 24h. Changes that the watches bring are judged within seconds; Pods
    /// are not watched.
    #[schemars(extend("default" = "10m"))]
    pub(super) interval: Field<Interval>,
    /// Whether new and gone findings become Events of their objects.
    #[schemars(extend("default" = true))]
    pub(super) events: Field<Flag>,
    /// Whether findings are kept as reports in the cluster, where it serves `openreports.io` or `wgpolicyk8s.io`.
    #[schemars(extend("default" = true))]
    pub(super) reports: Field<Flag>,
}

/// What the answers of the webhook say. The log and the reports say everything.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Admission", deny_unknown_fields)]
pub(super) struct AdmissionDocument {
    /// Whether answers name objects of other namespaces than that of the object that is written. Nothing else of those
    /// objects is ever said.
    #[schemars(extend("default" = "shown"))]
    pub(super) cross_namespace_names: Field<NamesMode>,
}

/// Whether a write is refused only for the paths that it adds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Ratchet", deny_unknown_fields)]
pub(super) struct RatchetDocument {
    /// Whether paths that were there before a write only make it warn. If not, every write of an object with a
    /// forbidden path is refused, also one that has nothing to do with it.
    #[schemars(extend("default" = true))]
    pub(super) enabled: Field<Flag>,
    /// The last day (UTC) on which it is enabled. Without it, it has no end.
    pub(super) until: Field<Day>,
}

/// What is different in some namespaces.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(
    rename = "Namespaces",
    deny_unknown_fields,
    extend("required" = ["match"]),
    extend("anyOf" = [
        {"required": ["mode"]},
        {"required": ["rules"], "properties": {"rules": {"minProperties": 1}}}
    ])
)]
pub(super) struct NamespacesDocument {
    /// Names of namespaces, in which `*` stands for any characters and `?` for one.
    #[schemars(extend("minItems" = 1))]
    pub(super) r#match: Field<List<Pattern>>,
    /// The most that a finding does there, in place of the `mode` above, be it stricter or milder.
    pub(super) mode: Field<RuleMode>,
    /// What the findings of a rule do there, in place of the `rules` above. By code or by name.
    pub(super) rules: Field<RuleModes>,
}

/// Who makes AWS Application Load Balancers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Aws", deny_unknown_fields)]
pub(super) struct AwsDocument {
    /// Values of the annotation `kubernetes.io/ingress.class` that make an Ingress the controller's: its
    /// `--ingress-class`.
    #[schemars(extend("minItems" = 1, "default" = Aws::default().ingress_class_annotations))]
    pub(super) ingress_class_annotations: Field<List<SingleLine>>,
    /// Values of an IngressClass's `spec.controller` whose Ingresses become ALBs.
    #[schemars(extend("minItems" = 1, "default" = Aws::default().ingress_controllers))]
    pub(super) ingress_controllers: Field<List<ControllerName>>,
    /// Whether Ingresses without any class are the controller's: it runs with an empty `--ingress-class`.
    #[schemars(extend("default" = false))]
    pub(super) manage_classless_ingresses: Field<Flag>,
    /// Names of IngressClasses that stand for an ALB while the IngressClass itself is missing.
    #[schemars(extend("default" = Aws::default().well_known_class_names))]
    pub(super) well_known_ingress_class_names: Field<List<ExactName>>,
    /// Values of a GatewayClass's `spec.controllerName` whose Gateways become ALBs.
    #[schemars(extend("minItems" = 1, "default" = Aws::default().gateway_controllers))]
    pub(super) gateway_controllers: Field<List<ControllerName>>,
    /// Names of GatewayClasses that stand for an ALB while the GatewayClass itself is missing.
    #[schemars(extend("default" = Aws::default().well_known_gateway_class_names))]
    pub(super) well_known_gateway_class_names: Field<List<ExactName>>,
}

/// Who makes Istio gateways.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Istio", deny_unknown_fields)]
pub(super) struct IstioDocument {
    /// The kinds of gateways that must not stand behind an ALB.
    #[schemars(extend("minItems" = 1, "default" = ["ingress"]))]
    pub(super) gateway_kinds: Field<List<KindOfGateway>>,
    /// Values of a GatewayClass's `spec.controllerName` whose Gateways become Istio gateways.
    #[schemars(extend("minItems" = 1, "default" = Istio::default().gateway_controllers))]
    pub(super) gateway_controllers: Field<List<ControllerName>>,
    /// Names of Services that stand for an ingress gateway while nothing else tells.
    #[schemars(extend("default" = Istio::default().well_known_service_names))]
    pub(super) well_known_service_names: Field<List<ExactName>>,
    /// Services that front an ingress gateway whatever their workloads show, as `namespace/name`; in both, `*` stands
    /// for any characters and `?` for one.
    #[schemars(extend("default" = []))]
    pub(super) gateway_services: Field<List<Services>>,
    /// What a proxy is taken for whose role hangs on something outside its object (a variable from a ConfigMap, a
    /// script, an unknown image): a likely gateway, of which a finding denies or warns at most, or nothing but a line
    /// that it cannot be told.
    #[schemars(extend("default" = "unresolved"))]
    pub(super) unknown_router: Field<UnknownRouterMode>,
    /// The cluster's DNS domain.
    #[schemars(extend("default" = Istio::default().cluster_domain))]
    pub(super) cluster_domain: Field<ExactName>,
}

/// Findings that are tolerated for a time.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(
    rename = "Exemption",
    deny_unknown_fields,
    extend("required" = ["name", "reason", "owner", "expires", "match"])
)]
pub(super) struct ExemptionDocument {
    /// A name for reports, logs and metrics, unique in this document.
    pub(super) name: Field<SingleLine>,
    /// Why it was granted.
    pub(super) reason: Field<Prose>,
    /// Who answers for it.
    pub(super) owner: Field<SingleLine>,
    /// Where its end is followed up: a ticket's number or URL.
    pub(super) ticket: Field<SingleLine>,
    /// The last day (UTC) on which it holds.
    pub(super) expires: Field<Day>,
    /// What it covers.
    pub(super) r#match: Field<Mapping<MatchDocument>>,
}

/// The findings that an exemption covers. All keys that are given have to match; at least one has to be given.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Match", deny_unknown_fields, extend("minProperties" = 1))]
pub(super) struct MatchDocument {
    /// Kinds of the finding's object.
    #[schemars(extend("minItems" = 1))]
    pub(super) kinds: Field<List<ObjectKind>>,
    /// Namespaces of the finding's object, in which `*` stands for any characters and `?` for one.
    #[schemars(extend("minItems" = 1))]
    pub(super) namespaces: Field<List<Pattern>>,
    /// Names of the finding's object, in which `*` stands for any characters and `?` for one.
    #[schemars(extend("minItems" = 1))]
    pub(super) names: Field<List<Pattern>>,
    /// Rules, by code or by name.
    #[schemars(extend("minItems" = 1))]
    pub(super) rules: Field<List<RuleReference>>,
}

/// Modes by the codes or names of rules, as they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RuleModes(pub(super) BTreeMap<String, Field<RuleMode>>);

impl<'de> Deserialize<'de> for RuleModes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(modes) => {
                let modes = modes.into_iter();
                Ok(Self(
                    modes.map(|(rule, mode)| (rule, mode.into())).collect(),
                ))
            }
            other => Err(D::Error::custom(wrong_type(
                &other,
                "a mapping of rules to modes, such as {L7G102: audit}",
            ))),
        }
    }
}

impl JsonSchema for RuleModes {
    fn schema_name() -> Cow<'static, str> {
        "Rules".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mode = generator.subschema_for::<RuleMode>().to_value();
        let mut properties = Map::new();
        for rule in Rule::all() {
            let spellings = [
                (rule.code.as_str(), rule.name),
                (rule.name, rule.code.as_str()),
            ];
            for (spelling, other) in spellings {
                let mut schema = mode.clone();
                schema["description"] = json!(format!(
                    "The same rule as {other}. Default: {}.",
                    rule.default_mode.as_str()
                ));
                properties.insert(spelling.to_owned(), schema);
            }
        }
        json_schema!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}
