//! The command that makes a change in a live cluster, ready to paste into a shell.

use l7guard_policy::remedy::{Action, Change, Patch};

use super::LiveCluster;
use crate::visible_text::one_line;

/// The `kubectl` command that makes `change` in this cluster and no other, of which the change was worked out.
///
/// `None`: there is none to paste. An object that a tool writes is changed at its source, or the tool puts it back;
/// what has placeholders is filled in first; an object to be created is applied from its lines.
#[must_use]
pub(super) fn of(change: &Change, cluster: &LiveCluster) -> Option<String> {
    if change.owner.is_some() || !change.placeholders.is_empty() {
        return None;
    }
    let verb = match &change.action {
        Action::Patch(_) => "patch",
        Action::Delete => "delete",
        Action::Create(_) | Action::Values(_) => return None,
    };
    let resource = resource(&change.target.api_version, &change.target.kind);
    let mut words = vec!["kubectl".to_owned()];
    words.extend_from_slice(cluster.kubectl()?);
    words.extend([verb.to_owned(), resource, change.target.name.clone()]);
    if !change.target.namespace.is_empty() {
        words.extend(["--namespace".to_owned(), change.target.namespace.clone()]);
    }
    let patch = match &change.action {
        Action::Patch(Patch::Merge(patch)) => Some(("merge", patch.to_string())),
        Action::Patch(Patch::Json(operations)) => {
            let operations = serde_json::Value::from(operations.clone());
            Some(("json", operations.to_string()))
        }
        _ => None,
    };
    if let Some((patch_type, patch)) = patch {
        words.extend(["--type".to_owned(), patch_type.to_owned()]);
        words.extend(["--patch".to_owned(), patch]);
    }
    let command = shlex::try_join(words.iter().map(String::as_str)).ok()?;
    // Text that has to be escaped to be shown would not be the patch any more when it is pasted.
    (one_line(&command) == command).then_some(command)
}

/// The resource as kubectl takes it for every kind: its singular name (the kind in lower case, as all kinds that are judged
/// have it) and its group.
fn resource(api_version: &str, kind: &str) -> String {
    let kind = kind.to_lowercase();
    match api_version.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}"),
        None => kind,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use l7guard_policy::remedy::{Owner, Target};
    use serde_json::{Value, json};

    use super::*;

    /// A cluster by its context.
    fn cluster(context: &str) -> LiveCluster {
        let arguments = ["--context", context].map(str::to_owned);
        LiveCluster::new(&context.into(), Some(arguments.into()))
    }

    fn change(action: Action) -> Change {
        Change {
            action,
            target: Target {
                api_version: "networking.k8s.io/v1".to_owned(),
                kind: "Ingress".to_owned(),
                namespace: "shop".to_owned(),
                name: "web".to_owned(),
            },
            effect: Vec::new(),
            owner: None,
            placeholders: Vec::new(),
            why: String::new(),
        }
    }

    /// The words that a shell makes of it.
    fn words(command: &str) -> Vec<String> {
        let script = format!("set -- {command}; for word; do printf '%s\\0' \"$word\"; done");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_gives_kubectl_the_very_patch() {
        let hostile = json!({"metadata": {"annotations": {"a": "it's $(id) `id` \"x\" \\ \n *"}}});
        let command = of(
            &change(Action::Patch(Patch::Merge(hostile.clone()))),
            &cluster("prod; id"),
        )
        .unwrap();
        let words = words(&command);
        assert_eq!(
            words[..5],
            [
                "kubectl",
                "--context",
                "prod; id",
                "patch",
                "ingress.networking.k8s.io"
            ]
        );
        assert_eq!(words[5..9], ["web", "--namespace", "shop", "--type"]);
        assert_eq!(
            (&*words[9], &*words[10], words.len()),
            ("merge", "--patch", 12)
        );
        assert_eq!(serde_json::from_str::<Value>(&words[11]).unwrap(), hostile);
    }

    #[test]
    fn a_removal_and_a_json_patch_are_written_out() {
        let own = LiveCluster::new(&"in-cluster".into(), Some(Vec::new()));
        assert_eq!(
            of(&change(Action::Delete), &own).unwrap(),
            "kubectl delete ingress.networking.k8s.io web --namespace shop"
        );
        let operations = vec![json!({"op": "remove", "path": "/spec/rules/1"})];
        let mut of_core = change(Action::Patch(Patch::Json(operations)));
        of_core.target.api_version = "v1".to_owned();
        of_core.target.kind = "Service".to_owned();
        assert_eq!(
            of(&of_core, &cluster("prod")).unwrap(),
            r#"kubectl --context prod patch service web --namespace shop --type json --patch '[{"op":"remove","path":"/spec/rules/1"}]'"#
        );
    }

    #[test]
    fn what_another_makes_or_cannot_be_pasted_has_no_command() {
        let mut owned = change(Action::Delete);
        owned.owner = Some(Owner {
            tool: "Argo CD",
            name: "shop".to_owned(),
            namespace: String::new(),
            chart: None,
        });
        let mut open = change(Action::Patch(Patch::Merge(json!({}))));
        open.placeholders.push("/spec/selector/app".to_owned());
        let hidden = json!({"metadata": {"annotations": {"a": "\u{202e}"}}});
        for change in [
            owned,
            open,
            change(Action::Patch(Patch::Merge(hidden))),
            change(Action::Create(json!({}))),
            change(Action::Values(json!({}))),
        ] {
            assert_eq!(of(&change, &cluster("prod")), None, "{change:?}");
        }
    }
}
