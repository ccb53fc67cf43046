//! A remedy for people: what to do in a sentence, then each change with its object, why, and the lines as YAML.

use std::fmt::Write as _;

use l7guard_policy::remedy::{Action, Change, Owner, Patch};

use super::{LiveCluster, ReportedFinding, kubectl_command, yaml_text};
use crate::visible_text::one_line;

/// What to do, an empty line, then the changes; alone the sentence where there are none, with the reason.
#[must_use]
pub fn of_finding(reported: &ReportedFinding) -> String {
    let cluster = reported.cluster.as_ref();
    of_finding_in(reported, &|_| cluster)
}

/// The cluster that holds the state of which a change was worked out; `None`: no cluster does.
pub type HeldIn<'a> = dyn Fn(&Change) -> Option<&'a LiveCluster> + 'a;

/// The same where each change is of a cluster or not.
#[must_use]
pub fn of_finding_in(reported: &ReportedFinding, held_in: &HeldIn<'_>) -> String {
    let advice = &reported.judged.finding.remedy;
    let remedy = &reported.remedy;
    let mut text = advice.sentence().to_owned();
    if remedy.changes.is_empty() {
        if let Some(example) = advice.example() {
            let _ = write!(text, "\n\n{example}");
        } else if let Some(reason) = &remedy.no_changes {
            let _ = writeln!(text, " No changes are written out: {}.", one_line(reason));
        }
        return text;
    }
    text.push_str("\n\n");
    text.push_str(&of_changes_in(&remedy.changes, held_in));
    text
}

/// Changes in their order, as YAML documents with comments. `cluster` is the one that holds the state of which they were
/// worked out.
#[must_use]
pub fn of_changes(changes: &[Change], cluster: Option<&LiveCluster>) -> String {
    of_changes_in(changes, &|_| cluster)
}

fn of_changes_in(changes: &[Change], held_in: &HeldIn<'_>) -> String {
    let mut text = String::new();
    for (at, change) in changes.iter().enumerate() {
        if at > 0 {
            text.push_str("---\n");
        }
        write_change(change, at + 1, held_in(change), &mut text);
    }
    text
}

fn write_change(change: &Change, number: usize, cluster: Option<&LiveCluster>, text: &mut String) {
    let target = &change.target;
    let place = if target.namespace.is_empty() {
        target.name.clone()
    } else {
        format!("{}/{}", target.namespace, target.name)
    };
    let object = one_line(&format!("{} {place}", target.kind)).into_owned();
    let what = match &change.action {
        Action::Patch(Patch::Merge(_)) => format!("change {object}; these fields alone"),
        Action::Patch(Patch::Json(_)) => format!("change {object}; a JSON patch (RFC 6902)"),
        Action::Create(_) => format!("create {object}"),
        Action::Delete => format!("remove {object}"),
        Action::Values(_) => format!(
            "{object} is made by {}; give it these values",
            named(change.owner.as_ref())
        ),
    };
    let _ = writeln!(text, "# {number}. {what}");
    if !change.why.is_empty() {
        let _ = writeln!(text, "# {}", one_line(&change.why));
    }
    if let Some(owner) = change
        .owner
        .as_ref()
        .filter(|_| !matches!(change.action, Action::Values(_)))
    {
        let _ = writeln!(
            text,
            "# {} writes it: change it at its source.",
            named(Some(owner))
        );
    }
    if !change.placeholders.is_empty() {
        let _ = writeln!(
            text,
            "# To be filled in: {}",
            one_line(&change.placeholders.join(", "))
        );
    }
    if let Some(command) = cluster.and_then(|cluster| kubectl_command::of(change, cluster)) {
        let _ = writeln!(text, "# {command}");
    }
    match &change.action {
        Action::Patch(Patch::Merge(value)) | Action::Create(value) | Action::Values(value) => {
            yaml_text::write(value, 0, text);
        }
        Action::Patch(Patch::Json(operations)) => {
            yaml_text::write(&operations.clone().into(), 0, text);
        }
        Action::Delete => {}
    }
}

fn named(owner: Option<&Owner>) -> String {
    let Some(owner) = owner else {
        return String::new();
    };
    let chart = owner
        .chart
        .as_ref()
        .map(|chart| format!(" of chart {chart}"));
    let name = format!("{} {}{}", owner.tool, owner.name, chart.unwrap_or_default());
    one_line(&name).into_owned()
}
