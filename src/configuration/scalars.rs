//! The scalars of a configuration that are not one of a few words: texts, names, patterns, dates. Each is read out of
//! what was written, or says what to write.

use l7guard_policy::configuration::{Date, Messages, NamePattern, ServicePattern};
use serde::Deserialize;
use serde_json::Value;
use time::macros::format_description;

use super::value_schemas::value_schemas;

/// Whether something holds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Flag(pub(super) bool);

impl TryFrom<Value> for Flag {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::Bool(flag) => Ok(Self(flag)),
            other => Err(wrong_type(&other, "true or false")),
        }
    }
}

/// A pattern of names.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Pattern {
    /// As it was written.
    pub(super) text: String,
    /// What it matches.
    pub(super) names: NamePattern,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl TryFrom<Value> for Pattern {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a name or a pattern of names")?;
        match NamePattern::parse(&text) {
            Ok(names) => Ok(Self { text, names }),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Services, as a pattern of their namespaces and one of their names.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Services {
    /// As it was written.
    text: String,
    /// What it matches.
    pub(super) pattern: ServicePattern,
}

impl PartialEq for Services {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl TryFrom<Value> for Services {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a Service as namespace/name")?;
        let Some((namespace, name)) = text.split_once('/') else {
            return Err(format!(
                "{text:?} names no Service: write namespace/name, such as shop/edge; each may have the wildcards '*' and '?'"
            ));
        };
        let parse = |part: &str| NamePattern::parse(part).map_err(|error| error.to_string());
        let pattern = ServicePattern {
            namespace: parse(namespace)?,
            name: parse(name)?,
        };
        Ok(Self { text, pattern })
    }
}

/// A day in UTC.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Day(pub(super) Date);

impl TryFrom<Value> for Day {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a date such as 2027-03-31")?;
        date(&text).map(Self).ok_or_else(|| {
            format!("{text:?} is no date: write year, month and day, such as 2027-03-31")
        })
    }
}

/// A text of one line.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct SingleLine(pub(super) String);

impl TryFrom<Value> for SingleLine {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a text")?;
        if text.is_empty() || text.trim() != text || text.contains(['\n', '\r']) {
            return Err(
                "one line of text is wanted, not blank and without blanks at its ends".to_owned(),
            );
        }
        Ok(Self(text))
    }
}

/// The URL of a rule's page, in which the rule's code is left open.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct PageUrl(pub(super) String);

impl TryFrom<Value> for PageUrl {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a URL")?;
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let is_url = rest.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
                && rest.chars().all(|c| c.is_ascii_graphic())
        });
        let others = text.replace(Messages::CODE, "");
        if !is_url || !text.contains(Messages::CODE) || others.contains(['{', '}']) {
            return Err(format!(
                "{text:?} is no page of a rule: write a URL with {} in place of the rule's code, such as https://wiki.example.com/l7guard/{}",
                Messages::CODE,
                Messages::CODE
            ));
        }
        Ok(Self(text))
    }
}

/// A text.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Prose(pub(super) String);

impl TryFrom<Value> for Prose {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a text")?;
        match text.trim() {
            "" => Err("this is blank: write it for whoever comes across it in a year".to_owned()),
            text => Ok(Self(text.to_owned())),
        }
    }
}

/// A controller's name, `domain/path`.
///
/// Source: Kubernetes `pkg/apis/networking/validation` (`ValidateIngressClassSpec`), Gateway API `GatewayController`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct ControllerName(pub(super) String);

impl TryFrom<Value> for ControllerName {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "the name of a controller")?;
        let is_valid = text.split_once('/').is_some_and(|(domain, path)| {
            !domain.is_empty()
                && domain.chars().all(is_of_name)
                && !path.is_empty()
                && !path.contains(|c: char| c.is_whitespace() || c == '*')
        });
        is_valid.then(|| Self(text.clone())).ok_or_else(|| {
            format!("{text:?} is no controller's name: write domain/path, such as ingress.k8s.aws/alb; there are no wildcards here")
        })
    }
}

/// The name of an object, or a DNS name.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct ExactName(pub(super) String);

impl TryFrom<Value> for ExactName {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let text = text(&value, "a name")?;
        let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is_valid = text.chars().all(is_of_name)
            && is_edge(text.chars().next())
            && is_edge(text.chars().next_back());
        is_valid.then(|| Self(text.clone())).ok_or_else(|| {
            format!("{text:?} is no name: names have lower-case letters, digits, '-' and '.'; there are no wildcards here")
        })
    }
}

impl From<SingleLine> for Box<str> {
    fn from(SingleLine(text): SingleLine) -> Self {
        text.into()
    }
}

impl From<Prose> for Box<str> {
    fn from(Prose(text): Prose) -> Self {
        text.into()
    }
}

impl From<ControllerName> for Box<str> {
    fn from(ControllerName(text): ControllerName) -> Self {
        text.into()
    }
}

impl From<ExactName> for Box<str> {
    fn from(ExactName(text): ExactName) -> Self {
        text.into()
    }
}

value_schemas! {
    Flag => {"type": "boolean"},
    Pattern => {"type": "string", "pattern": "^[a-z0-9.*?-]+$"},
    Services => {"type": "string", "pattern": "^[a-z0-9.*?-]+/[a-z0-9.*?-]+$"},
    Day => {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    PageUrl => {"type": "string", "pattern": r"^https?://[^{}\s]*\{code\}([^{}\s]|\{code\})*$"},
    SingleLine => {"type": "string", "pattern": r"^\S(.*\S)?$"},
    Prose => {"type": "string", "pattern": r"\S"},
    ControllerName => {"type": "string", "pattern": r"^[a-z0-9.-]+/[^\s*]+$"},
    ExactName => {"type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"},
}

/// The text of a value.
pub(super) fn text(value: &Value, expected: &str) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Err(format!(
            "{}; if it is meant as a text, put it in quotes",
            wrong_type(value, expected)
        )),
        _ => Err(wrong_type(value, expected)),
    }
}

/// A date of ten characters; `time` takes a sign before the year as well.
fn date(text: &str) -> Option<Date> {
    let format = format_description!("[year]-[month]-[day]");
    (text.len() == 10).then(|| Date::parse(text, format).ok())?
}

/// A character of a DNS name (RFC 1123). What is checked here is what a name may consist of, so that a pattern or a
/// typing error is no silent name; not its length or its labels, which the API server checks of every object.
fn is_of_name(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.')
}

/// What stands in the place of what is expected.
pub(super) fn wrong_type(value: &Value, expected: &str) -> String {
    let found = match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    };
    format!("{found} stands here, expected {expected}")
}
