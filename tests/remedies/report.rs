//! `l7guard check --output json`: asked, and read.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use libtest_mimic::Failed;
use serde_json::Value;

use crate::change::Change;
use crate::manifests::{Identity, Manifests, elements, text};

/// What `check` says of a world.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    /// What repairs all findings together; an error says why it cannot be read.
    pub(crate) changes: Result<Vec<Change>, String>,
    /// Whether an input could not be read.
    pub(crate) has_errors: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) rule: String,
    pub(crate) object: Identity,
    /// JSON pointer of the offending field.
    pub(crate) field: String,
    pub(crate) hops: Vec<Hop>,
    pub(crate) remedy: String,
    pub(crate) changes: Result<Vec<Change>, String>,
    pub(crate) no_changes: Option<String>,
}

/// A hop of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hop {
    pub(crate) part: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Finding {
    fn read(value: &Value) -> Self {
        let object = &value["object"];
        let hops = elements(&value["path"]).iter().map(|hop| Hop {
            part: text(&hop["hop"]).to_owned(),
            kind: text(&hop["kind"]).to_owned(),
            namespace: text(&hop["namespace"]).to_owned(),
            name: text(&hop["name"]).to_owned(),
        });
        Self {
            rule: text(&value["rule"]).to_owned(),
            object: Identity::new(
                text(&object["apiVersion"]),
                text(&object["kind"]),
                text(&object["namespace"]),
                text(&object["name"]),
            ),
            field: text(&value["field"]).to_owned(),
            hops: hops.collect(),
            remedy: text(&value["remedy"]).to_owned(),
            changes: changes(value),
            no_changes: value["noChanges"].as_str().map(str::to_owned),
        }
    }

    /// The Services on the way, in its order.
    pub(crate) fn services(&self) -> impl DoubleEndedIterator<Item = Identity> {
        let hops = self.hops.iter();
        hops.filter(|hop| hop.kind == "Service")
            .map(|hop| Identity::service(&hop.namespace, &hop.name))
    }

    /// The gateway's own Service: the last one.
    pub(crate) fn gateway_service(&self) -> Option<Identity> {
        self.services().next_back()
    }

    pub(crate) fn gateways(&self) -> impl Iterator<Item = &Hop> {
        self.hops.iter().filter(|hop| hop.part == "gateway")
    }

    /// What makes it the same finding in another world: not the rule, as a way is forbidden by any.
    pub(crate) fn way(&self) -> (Identity, BTreeSet<Identity>) {
        (self.object.clone(), self.services().collect())
    }

    /// Rule, object and Services.
    pub(crate) fn key(&self) -> (String, Identity, BTreeSet<Identity>) {
        let (object, services) = self.way();
        (self.rule.clone(), object, services)
    }

    /// The changes, none where they cannot be read.
    pub(crate) fn list(&self) -> &[Change] {
        self.changes.as_deref().unwrap_or_default()
    }
}

fn changes(value: &Value) -> Result<Vec<Change>, String> {
    match value.get("changes") {
        Some(list) => Change::list(list),
        None => Err("there is no field `changes`".to_owned()),
    }
}

impl Report {
    pub(crate) fn read(value: &Value) -> Self {
        Self {
            findings: elements(&value["findings"])
                .iter()
                .map(Finding::read)
                .collect(),
            changes: changes(value),
            has_errors: !elements(&value["errors"]).is_empty(),
        }
    }
}

/// Asks about objects.
pub(crate) fn of(world: &Manifests, arguments: &[&OsStr]) -> Result<Report, Failed> {
    let mut child = command(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(world.document().as_bytes())?;
    }
    read(&child.wait_with_output()?)
}

fn command(arguments: &[&OsStr]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_l7guard"));
    command
        .args(["check", "--output", "json", "--fail-on", "never", "--quiet"])
        .args(arguments);
    command
}

fn read(output: &Output) -> Result<Report, Failed> {
    if output.stdout.is_empty() {
        return Err(format!("check printed nothing: {:?}", output.status).into());
    }
    Ok(Report::read(&serde_json::from_slice(&output.stdout)?))
}
