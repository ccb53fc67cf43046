//! The document: every key that a configuration may have. Its doc comments are the descriptions of the JSON Schema.

use std::borrow::Cow;
use std::collections::BTreeMap;

use l7guard_policy::configuration::{Aws, Istio};
use l7guard_policy::rules::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::{Map, Value, json};

use super::given::Given;
use super::list::List;
use super::section::Section;
use super::values::{
    ControllerName, Day, ExactName, Flag, Line, Pattern, Prose, Services, wrong_type,
};
use super::words::{
    ApiVersion, Bound, DocumentKind, KindOfGateway, LikelyMode, NamesMode, ObjectKind, RuleMode,
    RuleReference, UnknownRouterMode,
};

/// The configuration of l7guard: what findings do, what is tolerated, and who counts as an ALB controller and an Istio
/// ingress gateway. Every key but `apiVersion` and `kind` may be left out; a list that is given replaces the default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(deny_unknown_fields, title = "l7guard configuration", extend("required" = ["apiVersion", "kind"]))]
pub(super) struct Document {
    /// The version of this format.
    pub(super) api_version: Given<ApiVersion>,
    /// The kind of this document.
    pub(super) kind: Given<DocumentKind>,
    /// The most that any finding does. `audit` is the dry run: everything is allowed, nothing is said to users; logs,
    /// metrics, audit annotations and reports tell what would have been.
    #[schemars(extend("default" = "deny"))]
    pub(super) mode: Given<Bound>,
    /// What a finding does that is only likely, because an object that would prove it is not visible, where its rule
    /// denies.
    #[schemars(extend("default" = "deny"))]
    pub(super) likely: Given<LikelyMode>,
    /// Whether a write is refused only for the paths that it adds.
    pub(super) ratchet: Given<Section<RatchetDocument>>,
    /// What the findings of a rule do, where that is not the rule's default. By code or by name.
    pub(super) rules: Given<RuleModes>,
    /// What is different in some namespaces: that of the finding's object. Of several entries that match a namespace
    /// the first one counts.
    #[schemars(extend("default" = []))]
    pub(super) namespaces: Given<List<Section<NamespacesDocument>>>,
    /// Who makes AWS Application Load Balancers.
    pub(super) aws: Given<Section<AwsDocument>>,
    /// Who makes Istio gateways.
    pub(super) istio: Given<Section<IstioDocument>>,
    /// Findings that are tolerated for a time.
    #[schemars(extend("default" = []))]
    pub(super) exemptions: Given<List<Section<ExemptionDocument>>>,
    /// What the answers of the webhook say.
    pub(super) admission: Given<Section<AdmissionDocument>>,
}

/// What the answers of the webhook say. The log and the reports say everything.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Admission", deny_unknown_fields)]
pub(super) struct AdmissionDocument {
    /// Whether answers name objects of other namespaces than that of the object that is written. Nothing else of those
    /// objects is ever said.
    #[schemars(extend("default" = "shown"))]
    pub(super) cross_namespace_names: Given<NamesMode>,
}

/// Whether a write is refused only for the paths that it adds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Ratchet", deny_unknown_fields)]
pub(super) struct RatchetDocument {
    /// Whether paths that were there before a write only make it warn. If not, every write of an object with a
    /// forbidden path is refused, also one that has nothing to do with it.
    #[schemars(extend("default" = true))]
    pub(super) enabled: Given<Flag>,
    /// The last day (UTC) on which it is enabled. Without it, it has no end.
    pub(super) until: Given<Day>,
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
    pub(super) r#match: Given<List<Pattern>>,
    /// The most that a finding does there, in place of the `mode` above, be it stricter or milder.
    pub(super) mode: Given<RuleMode>,
    /// What the findings of a rule do there, in place of the `rules` above. By code or by name.
    pub(super) rules: Given<RuleModes>,
}

/// Who makes AWS Application Load Balancers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Aws", deny_unknown_fields)]
pub(super) struct AwsDocument {
    /// Values of the annotation `kubernetes.io/ingress.class` that make an Ingress the controller's: its
    /// `--ingress-class`.
    #[schemars(extend("minItems" = 1, "default" = Aws::default().ingress_class_annotations))]
    pub(super) ingress_class_annotations: Given<List<Line>>,
    /// Values of an IngressClass's `spec.controller` whose Ingresses become ALBs.
    #[schemars(extend("minItems" = 1, "default" = Aws::default().ingress_controllers))]
    pub(super) ingress_controllers: Given<List<ControllerName>>,
    /// Whether Ingresses without any class are the controller's: it runs with an empty `--ingress-class`.
    #[schemars(extend("default" = false))]
    pub(super) manage_classless_ingresses: Given<Flag>,
    /// Names of IngressClasses that stand for an ALB while the IngressClass itself is missing.
    #[schemars(extend("default" = Aws::default().well_known_class_names))]
    pub(super) well_known_ingress_class_names: Given<List<ExactName>>,
    /// Values of a GatewayClass's `spec.controllerName` whose Gateways become ALBs.
    #[schemars(extend("minItems" = 1, "default" = Aws::default().gateway_controllers))]
    pub(super) gateway_controllers: Given<List<ControllerName>>,
    /// Names of GatewayClasses that stand for an ALB while the GatewayClass itself is missing.
    #[schemars(extend("default" = Aws::default().well_known_gateway_class_names))]
    pub(super) well_known_gateway_class_names: Given<List<ExactName>>,
}

/// Who makes Istio gateways.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Istio", deny_unknown_fields)]
pub(super) struct IstioDocument {
    /// The kinds of gateways that must not stand behind an ALB.
    #[schemars(extend("minItems" = 1, "default" = ["ingress"]))]
    pub(super) gateway_kinds: Given<List<KindOfGateway>>,
    /// Values of a GatewayClass's `spec.controllerName` whose Gateways become Istio gateways.
    #[schemars(extend("minItems" = 1, "default" = Istio::default().gateway_controllers))]
    pub(super) gateway_controllers: Given<List<ControllerName>>,
    /// Names of Services that stand for an ingress gateway while nothing else tells.
    #[schemars(extend("default" = Istio::default().well_known_service_names))]
    pub(super) well_known_service_names: Given<List<ExactName>>,
    /// Services that front an ingress gateway whatever their workloads show, as `namespace/name`; in both, `*` stands
    /// for any characters and `?` for one.
    #[schemars(extend("default" = []))]
    pub(super) gateway_services: Given<List<Services>>,
    /// What a proxy is taken for whose role hangs on something outside its object (a variable from a ConfigMap, a
    /// script, an unknown image): a likely gateway, of which a finding denies or warns at most, or nothing but a line
    /// that it cannot be told.
    #[schemars(extend("default" = "unresolved"))]
    pub(super) unknown_router: Given<UnknownRouterMode>,
    /// The cluster's DNS domain.
    #[schemars(extend("default" = Istio::default().cluster_domain))]
    pub(super) cluster_domain: Given<ExactName>,
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
    pub(super) name: Given<Line>,
    /// Why it was granted.
    pub(super) reason: Given<Prose>,
    /// Who answers for it.
    pub(super) owner: Given<Line>,
    /// The last day (UTC) on which it holds.
    pub(super) expires: Given<Day>,
    /// What it covers.
    pub(super) r#match: Given<Section<MatchDocument>>,
}

/// The findings that an exemption covers. All keys that are given have to match; at least one has to be given.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "Match", deny_unknown_fields, extend("minProperties" = 1))]
pub(super) struct MatchDocument {
    /// Kinds of the finding's object.
    #[schemars(extend("minItems" = 1))]
    pub(super) kinds: Given<List<ObjectKind>>,
    /// Namespaces of the finding's object, in which `*` stands for any characters and `?` for one.
    #[schemars(extend("minItems" = 1))]
    pub(super) namespaces: Given<List<Pattern>>,
    /// Names of the finding's object, in which `*` stands for any characters and `?` for one.
    #[schemars(extend("minItems" = 1))]
    pub(super) names: Given<List<Pattern>>,
    /// Rules, by code or by name.
    #[schemars(extend("minItems" = 1))]
    pub(super) rules: Given<List<RuleReference>>,
}

/// Modes by the codes or names of rules, as they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RuleModes(pub(super) BTreeMap<String, Given<RuleMode>>);

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
