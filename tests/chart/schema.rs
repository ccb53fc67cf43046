//! What `values.schema.json` refuses and what it lets through.

use std::fs;
use std::path::Path;

use l7guard_policy::configuration::{Configuration, Date};
use libtest_mimic::Failed;
use serde_json::Value;

use crate::Rendered;
use crate::helm::{CHART, Helms};
use crate::render::{IMAGE, RELEASE, objects, render, the};

pub(crate) const CASES: &[Rendered] = &[
    ("both Helms' linters find nothing", lint),
    (
        "an unknown key is refused at every level of the values",
        unknown_keys,
    ),
    ("a wrong value is refused with its place", wrong_values),
    ("the image's repository is mandatory", image_is_mandatory),
    (
        "the example of docs/configuration.md passes through Helm unchanged",
        example_configuration,
    ),
    (
        "the schema knows every value, and every value has a default",
        schema_and_values_agree,
    ),
];

fn lint(helms: &Helms) -> Result<(), Failed> {
    for helm in helms.both() {
        helm.succeed(&["lint", "--strict", "--set", IMAGE, CHART])?;
    }
    Ok(())
}

fn unknown_keys(helms: &Helms) -> Result<(), Failed> {
    for place in closed_places()? {
        let refused = render(&helms.four, &[&format!("{place}bogus=1")]);
        let message = refused
            .err()
            .and_then(|error| error.message().map(str::to_owned));
        assert!(
            message.is_some_and(|text| text.contains("'bogus' not allowed")),
            "{place}"
        );
    }
    Ok(())
}

/// The prefixes of all keys of `values.yaml` beside which nothing else may stand.
fn closed_places() -> Result<Vec<String>, Failed> {
    let mut places = Vec::new();
    walk(&schema()?, "", &mut places);
    assert!(places.len() > 20, "{places:?}");
    Ok(places)
}

fn walk(schema: &Value, prefix: &str, places: &mut Vec<String>) {
    if schema["additionalProperties"] == false {
        places.push(prefix.to_owned());
    }
    for (key, below) in schema["properties"].as_object().into_iter().flatten() {
        walk(below, &format!("{prefix}{key}."), places);
    }
}

fn wrong_values(helms: &Helms) -> Result<(), Failed> {
    for (value, place) in [
        ("enforcement=block", "/enforcement"),
        ("replicas=0", "/replicas"),
        ("webhook.port=70000", "/webhook/port"),
        (
            "webhook.kinds.services.failurePolicy=ignore",
            "/webhook/kinds/services/failurePolicy",
        ),
        ("image.digest=latest", "/image/digest"),
        ("config.mode=off", "/config/mode"),
        ("config.rules.L7G102=never", "/config/rules/L7G102"),
        ("config.apiVersion=v2", "/config"),
        ("certificates.mode=selfSigned", "/certificates/mode"),
        (
            "monitoring.prometheusRule.alerts.L7GuardAbsent.threshold=low",
            "/monitoring/prometheusRule/alerts/L7GuardAbsent/threshold",
        ),
    ] {
        let refused = render(&helms.four, &[value]);
        let message = refused
            .err()
            .and_then(|error| error.message().map(str::to_owned));
        let message = message.ok_or_else(|| format!("{value} is taken"))?;
        assert!(
            message.contains(&format!("at '{place}'")),
            "{value}: {message}"
        );
    }
    Ok(())
}

fn image_is_mandatory(helms: &Helms) -> Result<(), Failed> {
    let outcome = helms.four.run(&["template", RELEASE, CHART])?;
    assert!(!outcome.status.success());
    assert!(
        outcome.stderr.contains("image.repository is mandatory"),
        "{}",
        outcome.stderr
    );
    Ok(())
}

/// Helm reads YAML by rules of its own (`off`, dates), and writes it again.
fn example_configuration(helms: &Helms) -> Result<(), Failed> {
    let page = fs::read_to_string(root().join("docs/configuration.md"))?;
    let (_, rest) = page.split_once("```yaml\n").ok_or("no example")?;
    let (example, _) = rest.split_once("```").ok_or("no end of the example")?;
    let body = example
        .lines()
        .filter(|line| !line.starts_with("apiVersion:") && !line.starts_with("kind:"))
        .map(|line| format!("  {line}\n"));
    let file = tempfile::NamedTempFile::new()?;
    fs::write(
        file.path(),
        format!("config:\n{}", body.collect::<String>()),
    )?;
    let path = file.path().display().to_string();
    let enforced = "enforcement=enforce";
    for helm in helms.both() {
        let text = helm.succeed(&[
            "template", RELEASE, CHART, "--set", IMAGE, "--set", enforced, "--values", &path,
        ])?;
        let objects = objects(&text)?;
        let rendered = the(&objects, "ConfigMap")?["data"]["l7guard.yaml"]
            .as_str()
            .ok_or("no data")?;
        assert_eq!(configuration(rendered)?, configuration(example)?);
    }
    Ok(())
}

fn configuration(text: &str) -> Result<Configuration, Failed> {
    let reading = l7guard::configuration::read("example", text.as_bytes().to_vec(), Date::MIN);
    reading
        .configuration
        .ok_or_else(|| format!("{:?}", reading.problems).into())
}

fn schema_and_values_agree(_: &Helms) -> Result<(), Failed> {
    let schema = schema()?;
    let values = crate::generated::values()?;
    compare(&schema, &values, "");
    Ok(())
}

/// Walks both: what the schema names has a default, and the other way round.
fn compare(schema: &Value, values: &Value, place: &str) {
    let Some(named) = schema["properties"].as_object() else {
        return;
    };
    for (key, below) in named {
        // Values of subcharts that Helm itself adds, and what may be left out of a reference.
        if key == "global" || place.ends_with("issuerRef/") {
            continue;
        }
        let value = values.get(key);
        assert!(value.is_some(), "{place}{key} has no default");
        compare(
            below,
            value.unwrap_or(&Value::Null),
            &format!("{place}{key}/"),
        );
    }
    for key in values
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys())
    {
        assert!(
            named.contains_key(key),
            "the schema does not know {place}{key}"
        );
    }
}

/// The schema of the values.
pub(crate) fn schema() -> Result<Value, Failed> {
    let text = fs::read_to_string(root().join(CHART).join("values.schema.json"))?;
    Ok(serde_json::from_str(&text)?)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
