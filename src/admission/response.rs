//! The answer: `AdmissionReview` of `admission.k8s.io/v1` with a response (k8s.io/api, `admission/v1/types.go`).

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::review::{API_VERSION, KIND};
use super::text::warning_line;
use crate::visible_text::{one_line, printable};

/// A verdict, ready to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Whether the API server may go on.
    pub allowed: bool,
    /// What the user is told about a denial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Lines that the user is shown, denied or allowed. They are sent as [`warning_line`] makes them.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "warning_lines"
    )]
    pub warnings: Vec<String>,
    /// What the API server writes to its audit log, each key below the webhook's name. Keys may not contain a slash.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub audit_annotations: BTreeMap<String, String>,
}

/// The part of a Kubernetes `Status` (`meta/v1`) that a denial needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The HTTP status that the user's client sees; below 400 the API server makes it 400.
    pub code: u16,
    /// The machine-readable reason that goes with the code.
    pub reason: String,
    /// What the user reads, several lines if need be. It is sent as [`printable`] makes it.
    #[serde(serialize_with = "safe")]
    pub message: String,
    /// The single causes, for machines.
    #[serde(skip_serializing_if = "Details::is_empty")]
    pub details: Details,
}

/// What is known beyond the message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Details {
    /// One for each thing that is wrong.
    pub causes: Vec<Cause>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// A word for machines, the code of a rule.
    pub reason: String,
    /// The field of the object that it stands in; empty where it is none of the object under review's namespace.
    #[serde(skip_serializing_if = "String::is_empty", serialize_with = "safe_line")]
    pub field: String,
    /// A sentence for people. It is sent as [`one_line`] makes it.
    #[serde(serialize_with = "safe_line")]
    pub message: String,
}

impl Answer {
    /// Allowed, with nothing to say.
    #[must_use]
    pub fn allow() -> Self {
        Self {
            allowed: true,
            ..Self::default()
        }
    }

    /// Denied with 403 Forbidden.
    #[must_use]
    pub fn deny(message: impl Into<String>, causes: Vec<Cause>) -> Self {
        Self {
            status: Some(Status {
                code: 403,
                reason: "Forbidden".to_owned(),
                message: message.into(),
                details: Details { causes },
            }),
            ..Self::default()
        }
    }

    /// The whole `AdmissionReview` that answers the review with this `uid`, as JSON.
    ///
    /// # Errors
    /// Never with today's fields; it is serde's to say.
    pub fn to_json(&self, uid: &str) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Envelope {
            api_version: API_VERSION,
            kind: KIND,
            response: Response { uid, answer: self },
        })
    }
}

impl Details {
    fn is_empty(&self) -> bool {
        self.causes.is_empty()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
struct Response<'a> {
    uid: &'a str,
    #[serde(flatten)]
    answer: &'a Answer,
}

fn safe<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&printable(text))
}

fn safe_line<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&one_line(text))
}

fn warning_lines<S: Serializer>(warnings: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(warnings.iter().map(|warning| warning_line(warning)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn sent(answer: &Answer) -> Value {
        serde_json::from_slice(&answer.to_json("u-1").unwrap()).unwrap()
    }

    #[test]
    fn an_answer_that_allows_says_only_that() {
        let wanted = json!({
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": "u-1", "allowed": true}
        });
        assert_eq!(sent(&Answer::allow()), wanted);
    }

    #[test]
    fn a_denial_is_forbidden_with_message_causes_warnings_and_annotations() {
        let cause = Cause {
            reason: "L7G001".to_owned(),
            field: "/spec/rules/0".to_owned(),
            message: "goes to a gateway".to_owned(),
        };
        let mut answer = Answer::deny("no\nbecause", vec![cause]);
        answer.warnings.push("also this".to_owned());
        answer
            .audit_annotations
            .insert("decision".to_owned(), "deny".to_owned());
        let wanted = json!({
            "uid": "u-1",
            "allowed": false,
            "status": {
                "code": 403,
                "reason": "Forbidden",
                "message": "no\nbecause",
                "details": {"causes": [
                    {"reason": "L7G001", "field": "/spec/rules/0", "message": "goes to a gateway"}
                ]}
            },
            "warnings": ["also this"],
            "auditAnnotations": {"decision": "deny"}
        });
        assert_eq!(sent(&answer)["response"], wanted);
    }

    #[test]
    fn text_is_made_safe_on_the_way_out() {
        let cause = Cause {
            reason: "L7G001".to_owned(),
            field: "/metadata/annotations/\u{202e}".to_owned(),
            message: "\u{1b}[31m".to_owned(),
        };
        let mut answer = Answer::deny("one\ntwo\u{202e}", vec![cause]);
        answer.warnings.push("one\ntwo".to_owned());
        let response = &sent(&answer)["response"];
        assert_eq!(response["status"]["message"], "one\ntwo\\u{202e}");
        assert_eq!(
            response["status"]["details"]["causes"][0]["field"],
            "/metadata/annotations/\\u{202e}"
        );
        assert_eq!(
            response["status"]["details"]["causes"][0]["message"],
            "\\u{1b}[31m"
        );
        assert_eq!(response["warnings"], json!(["one two"]));
    }

    #[test]
    fn a_denial_without_causes_has_no_details() {
        assert!(
            sent(&Answer::deny("no", Vec::new()))["response"]["status"]
                .get("details")
                .is_none()
        );
    }
}
