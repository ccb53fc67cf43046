//! The CRDs of reports, and a small one for Istio's Gateways.
//!
//! Fields, enumerations and what is mandatory are those of openreports/reports-api
//! `apis/openreports.io/v1alpha1/report_types.go` and kubernetes-sigs/wg-policy-prototypes
//! `policy-report/apis/wgpolicyk8s.io/v1alpha2/policyreport_types.go`. What a schema does not know is dropped by the API
//! server, so that a report with such a field never is up to date.

use serde_json::{Value, json};

const REPORTS: &str = include_str!("fixtures/report-crds.yaml");
const POLICY_REPORTS: &str = include_str!("fixtures/policy-report-crds.yaml");

/// `openreports.io/v1alpha1`.
pub(crate) fn reports() -> String {
    let mut schema = schema();
    schema["properties"]["source"] = json!({"type": "string"});
    REPORTS.replace("SCHEMA", &schema.to_string())
}

/// `wgpolicyk8s.io/v1alpha2`.
pub(crate) fn policy_reports() -> String {
    POLICY_REPORTS.replace("SCHEMA", &schema().to_string())
}

/// Istio's Gateways.
pub(crate) const ISTIO: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gateways.networking.istio.io}
spec:
  group: networking.istio.io
  scope: Namespaced
  names: {kind: Gateway, plural: gateways, singular: gateway}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

fn schema() -> Value {
    let text = json!({"type": "string"});
    let reference = json!({"type": "object", "properties": {
        "apiVersion": text, "kind": text, "namespace": text, "name": text, "uid": text,
        "fieldPath": text, "resourceVersion": text,
    }});
    let count = json!({"type": "integer"});
    let timestamp = json!({"type": "object", "required": ["seconds", "nanos"], "properties": {
        "seconds": {"type": "integer", "format": "int64"}, "nanos": {"type": "integer", "format": "int32"},
    }});
    let result = json!({"type": "object", "required": ["policy"], "properties": {
        "source": text, "policy": text, "rule": text, "category": text,
        "severity": {"type": "string", "enum": ["critical", "high", "low", "medium", "info"]},
        "timestamp": timestamp,
        "result": {"type": "string", "enum": ["pass", "fail", "warn", "error", "skip"]},
        "scored": {"type": "boolean"},
        "resources": {"type": "array", "items": reference},
        "message": text,
        "properties": {"type": "object", "additionalProperties": text},
    }});
    json!({"type": "object", "properties": {
        "apiVersion": text, "kind": text, "metadata": {"type": "object"},
        "scope": reference,
        "summary": {"type": "object", "properties": {
            "pass": count, "fail": count, "warn": count, "error": count, "skip": count,
        }},
        "results": {"type": "array", "items": result},
    }})
}
