//! What is generated from the chart and the program and kept beside them: written anew with `UPDATE_CHART=1`, compared otherwise.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use l7guard_manifests::{Item, Reader, Source};
use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Rendered;
use crate::helm::{CHART, Helms};
use crate::render::{IMAGE, RELEASE};

pub(crate) const CASES: &[Rendered] = &[
    (
        "README.md of the chart lists every value with its default",
        readme,
    ),
    (
        "values.schema.json holds the schema of the configuration",
        configuration_schema,
    ),
    ("deploy/ holds what the chart renders", manifests),
    (
        "the ClusterRole reads what docs/operations.md says, word for word",
        cluster_role,
    ),
];

fn readme(_: &Helms) -> Result<(), Failed> {
    let head = "# Values\n\n\
        How the chart is installed: [docs/install.md](../../docs/install.md). How one gets from audit to enforcement: \
        [docs/rollout.md](../../docs/rollout.md). A key that is not listed is refused.\n\n\
        | value | default | meaning |\n|---|---|---|\n";
    let rows = rows()?
        .into_iter()
        .map(|[value, default, meaning]| format!("| `{value}` | `{default}` | {meaning} |\n"));
    assert_kept(
        &format!("{CHART}/README.md"),
        &format!("{head}{}", rows.collect::<String>()),
    )
}

/// A row for each value with a comment: its path, its default, the comment.
fn rows() -> Result<Vec<[String; 3]>, Failed> {
    let values = values()?;
    let text = fs::read_to_string(root().join(CHART).join("values.yaml"))?;
    let (mut rows, mut comment, mut path) = (Vec::new(), String::new(), Vec::<&str>::new());
    for line in text.lines() {
        let content = line.trim_start();
        if let Some(more) = content.strip_prefix("# ") {
            comment.extend([if comment.is_empty() { "" } else { " " }, more]);
            continue;
        }
        if let Some((key, _)) = content.split_once(": ").or(content.split_once(':')) {
            path.truncate((line.len() - content.len()) / 2);
            path.push(key);
            let default = values
                .pointer(&format!("/{}", path.join("/")))
                .unwrap_or(&Value::Null);
            let is_listed = |path: &[&str]| {
                rows.iter()
                    .any(|row: &[String; 3]| row[0] == path.join("."))
            };
            if !comment.is_empty() {
                rows.push([path.join("."), default.to_string(), comment.clone()]);
            } else if !default.is_object() && !is_listed(&path[..path.len() - 1]) {
                return Err(format!("{} has no comment", path.join(".")).into());
            }
        }
        comment.clear();
    }
    Ok(rows)
}

/// The default values.
pub(crate) fn values() -> Result<Value, Failed> {
    yaml(&fs::read_to_string(root().join(CHART).join("values.yaml"))?)
}

/// YAML of any kind, read by the reader of manifests: put into a field of an object.
fn yaml(text: &str) -> Result<Value, Failed> {
    let lines = text.lines().map(|line| format!("  {line}\n"));
    let object = format!(
        "apiVersion: v1\nkind: Wrapped\nvalue:\n{}",
        lines.collect::<String>()
    );
    let source = Arc::new(Source::new("values", object.into_bytes()));
    match Reader::new(source).next() {
        Some(Item::Object(object)) => Ok(object.value["value"].clone()),
        other => Err(format!("{other:?}").into()),
    }
}

fn configuration_schema(_: &Helms) -> Result<(), Failed> {
    let mut schema = crate::schema::schema()?;
    let mut configuration = serde_json::from_str(
        &l7guard::configuration::schema()
            .to_string()
            .replace("\"#/$defs/", "\"#/$defs/configuration/$defs/"),
    )?;
    if let Value::Object(fields) = &mut configuration {
        for key in ["$schema", "title", "required"] {
            fields.remove(key);
        }
    }
    if let Some(properties) = configuration["properties"].as_object_mut() {
        // The chart writes both.
        properties.remove("apiVersion");
        properties.remove("kind");
    }
    schema["$defs"] = json!({"configuration": configuration});
    let wanted = format!("{}\n", serde_json::to_string_pretty(&schema)?);
    assert_kept(&format!("{CHART}/values.schema.json"), &wanted)
}

fn manifests(helms: &Helms) -> Result<(), Failed> {
    for enforcement in ["audit", "enforce"] {
        let value = format!("enforcement={enforcement}");
        let rendered = helms.four.succeed(&[
            "template",
            RELEASE,
            CHART,
            "--namespace",
            RELEASE,
            "--no-hooks",
            "--set",
            IMAGE,
            "--set",
            &value,
        ])?;
        let wanted = format!(
            "# l7guard without Helm, `enforcement: {enforcement}`: rendered from charts/l7guard (docs/install.md).\n\
             # Set the Deployment's image to yours.\n\
             apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {RELEASE}\n{}",
            rendered.replace("managed-by: Helm", "managed-by: kubectl")
        );
        assert_kept(&format!("deploy/{enforcement}.yaml"), &wanted)?;
    }
    Ok(())
}

fn cluster_role(helms: &Helms) -> Result<(), Failed> {
    let page = fs::read_to_string(root().join("docs/operations.md"))?;
    let (_, rest) = page
        .split_once("<!-- cluster role -->\n\n```yaml\n")
        .ok_or("no role")?;
    let (role, _) = rest.split_once("```").ok_or("no end of the role")?;
    let documented = crate::render::objects(role)?;
    let rendered = crate::render::render(&helms.four, &[])?;
    let rendered = crate::render::the(&rendered, "ClusterRole")?;
    let rules = |role: &Value| role["rules"].as_array().cloned().unwrap_or_default();
    let rendered = rules(rendered);
    for rule in rules(crate::render::the(&documented, "ClusterRole")?) {
        assert!(rendered.contains(&rule), "the chart's role lacks {rule}");
    }
    Ok(())
}

/// Compares a file with what it should hold, or writes it.
fn assert_kept(path: &str, wanted: &str) -> Result<(), Failed> {
    let file = root().join(path);
    if std::env::var_os("UPDATE_CHART").is_some() {
        fs::create_dir_all(file.parent().ok_or("no folder")?)?;
        fs::write(&file, wanted)?;
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    if kept == wanted {
        return Ok(());
    }
    let line = kept
        .lines()
        .zip(wanted.lines())
        .position(|(kept, wanted)| kept != wanted);
    Err(format!(
        "{path} is out of date (line {:?}): run UPDATE_CHART=1 cargo test --test chart helm:",
        line.map(|index| index + 1)
    )
    .into())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
