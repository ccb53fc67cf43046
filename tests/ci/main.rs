//! The ways into other people's pipelines: every command of `docs/ci.md`, the jobs and hooks that it shows, `action.yml`
//! and `.pre-commit-hooks.yaml` are run in a folder like a user's, once where something would be refused and once where
//! nothing would.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails, also outside of the test functions themselves"
)]

mod action;
mod install;
mod page;
mod release;
mod sandbox;

use std::fs;

use serde_json::{Value, json};

use crate::page::{blocks, commands, file, sections, texts, yaml};
use crate::sandbox::{Sandbox, World};

/// A folder in which the program is installed as the page says.
fn installed(world: World) -> Sandbox {
    let sandbox = Sandbox::new(world);
    let install = &commands("A plain shell")[0];
    assert!(install.starts_with("cargo install "), "{install}");
    sandbox.assert_ends(world, install);
    sandbox
}

#[test]
fn every_section_of_the_page_is_run_by_a_test_here() {
    let tested = [
        "A plain shell",
        "GitHub Actions",
        "GitLab CI",
        "Argo CD",
        "pre-commit",
        "kubectl",
    ];
    assert_eq!(sections(), tested);
}

#[test]
fn every_command_for_a_shell_ends_as_it_should() {
    for world in World::BOTH {
        let sandbox = installed(world);
        let judging: Vec<String> = ["A plain shell", "Argo CD", "kubectl"]
            .into_iter()
            .flat_map(commands)
            .collect();
        assert!(judging.len() > 10, "{judging:?}");
        for command in &judging {
            sandbox.assert_ends(world, command);
        }
    }
}

#[test]
fn a_chart_that_cannot_be_rendered_fails_the_pipe() {
    let sandbox = installed(World::Innocent);
    let ended = sandbox.run("helm template my-release ./no-such-chart | l7guard check -");
    assert_ne!(ended.status, 0);
}

#[test]
fn help_and_usage_of_the_plugin_speak_of_kubectl() {
    let sandbox = installed(World::Innocent);
    let link = &commands("kubectl")[0];
    sandbox.assert_ends(World::Innocent, link);
    let help = sandbox.run("kubectl l7guard --help");
    assert!(
        help.stdout.contains("Usage: kubectl l7guard "),
        "{}",
        help.stdout
    );
    let help = sandbox.run("kubectl l7guard check --help");
    assert!(
        help.stdout.contains("Usage: kubectl l7guard check "),
        "{}",
        help.stdout
    );
    let usage = sandbox.run("kubectl l7guard explain");
    assert_eq!(usage.status, 2);
    assert!(
        usage.stderr.contains("kubectl l7guard explain"),
        "{}",
        usage.stderr
    );
    let own = sandbox.run("l7guard check --help");
    assert!(own.stdout.contains("Usage: l7guard check "));
}

#[test]
fn the_jobs_for_github_fail_where_something_would_be_refused_and_annotate_its_line() {
    let jobs = blocks("GitHub Actions", "yaml");
    assert_eq!(jobs.len(), 2);
    for world in World::BOTH {
        for job in &jobs {
            let mut sandbox = Sandbox::new(world);
            let ended = action::run_job(&mut sandbox, &yaml(job)["jobs"]["l7guard"]);
            assert_eq!(ended.status, world.status(), "{}", ended.stderr);
            let is_annotated = ended.stdout.contains("::error file=manifests/edge.yaml,");
            assert_eq!(is_annotated, world == World::Violating, "{}", ended.stdout);
        }
    }
}

#[test]
fn the_action_hands_over_sarif_when_it_is_asked_to() {
    for (upload, is_written) in [("true", true), ("false", false)] {
        let mut sandbox = Sandbox::new(World::Violating);
        let inputs = json!({"paths": "manifests\n", "upload-sarif": upload});
        let ended = action::run_action(&mut sandbox, &inputs);
        assert_eq!(ended.status, 1, "{}", ended.stderr);
        let written = fs::read_to_string(sandbox.path("temp/l7guard.sarif"));
        assert_eq!(written.is_ok(), is_written);
        let Ok(sarif) = written else { continue };
        let sarif: Value = serde_json::from_str(&sarif).unwrap();
        assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "L7G001");
        let output = fs::read_to_string(sandbox.path("temp/output")).unwrap();
        let file = sandbox.path("temp/l7guard.sarif");
        assert_eq!(output, format!("file={}\n", file.display()));
    }
}

#[test]
fn the_inputs_of_the_action_reach_the_command() {
    let run = |inputs: Value| {
        let mut sandbox = Sandbox::new(World::Violating);
        fs::write(
            sandbox.path("audit.yaml"),
            "apiVersion: l7guard/v1\nkind: Configuration\nmode: audit\n",
        )
        .unwrap();
        let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n";
        fs::write(sandbox.path("other.yaml"), other).unwrap();
        action::run_action(&mut sandbox, &inputs)
    };
    let status = |inputs: Value| run(inputs).status;
    let whole_repository = json!({});
    assert_eq!(status(whole_repository), 1);
    assert_eq!(status(json!({"paths": "manifests", "fail-on": "never"})), 0);
    assert_eq!(status(json!({"config": "audit.yaml"})), 0);
    assert_eq!(status(json!({"paths": "no such path"})), 2);
    assert_eq!(status(json!({"paths": "\n"})), 2);
    let excluded = json!({"paths": "manifests\nother.yaml", "exclude": "edge.yaml\nno-such\n"});
    assert_eq!(status(excluded), 0);
    assert_eq!(status(json!({"paths": "manifests", "exclude": ""})), 1);
    let elsewhere = run(json!({"namespace": "shop"}));
    assert!(elsewhere.stdout.contains("Ingress shop/edge"));
}

#[test]
fn what_is_given_to_the_action_is_never_run_as_a_script() {
    let hostile =
        "manifests\"; touch stolen; \"$(touch stolen)`touch stolen`\n--help\n* ; touch stolen";
    for input in ["paths", "exclude", "config", "namespace", "fail-on"] {
        let mut sandbox = Sandbox::new(World::Innocent);
        let inputs = json!({input: hostile, "upload-sarif": "true"});
        action::run_action(&mut sandbox, &inputs);
        assert!(!sandbox.path("stolen").exists(), "{input}");
    }
    for step in action::action()["runs"]["steps"].as_array().unwrap() {
        let script = step["run"].as_str().unwrap_or_default();
        assert!(!script.contains("${{"), "{script}");
    }
}

#[test]
fn the_job_for_gitlab_leaves_a_report_of_junit() {
    let [job] = blocks("GitLab CI", "yaml").try_into().unwrap();
    let job = &yaml(&job)["l7guard"];
    let report = job["artifacts"]["reports"]["junit"].as_str().unwrap();
    for world in World::BOTH {
        let sandbox = Sandbox::new(world);
        for line in texts(&job["script"]) {
            sandbox.assert_ends(world, &line);
        }
        let written = fs::read_to_string(sandbox.path(report)).unwrap();
        assert!(written.contains("<testsuites"), "{written}");
        assert_eq!(written.contains("<failure"), world == World::Violating);
    }
}

#[test]
fn the_hooks_judge_more_than_what_changed() {
    let hooks = yaml(&file(".pre-commit-hooks.yaml"));
    let configurations = blocks("pre-commit", "yaml");
    assert_eq!(configurations.len(), 2);
    let mut used = Vec::new();
    for configuration in &configurations {
        let configuration = yaml(configuration);
        for hook in configuration["repos"][0]["hooks"].as_array().unwrap() {
            used.push(merged(hook, hooks.as_array().unwrap()));
        }
    }
    used.extend(hooks.as_array().unwrap().iter().cloned());
    assert_eq!(used.len(), 4);
    for hook in &used {
        assert_eq!(hook["pass_filenames"], false, "{hook}");
        for world in World::BOTH {
            let sandbox = installed(world);
            let ended = sandbox.run(&command_of(hook));
            assert_eq!(ended.status, world.status(), "{hook}\n{}", ended.stdout);
        }
    }
}

/// A user's hook over the one of that id, as pre-commit merges them.
fn merged(hook: &Value, published: &[Value]) -> Value {
    let base = published.iter().find(|other| other["id"] == hook["id"]);
    let mut merged = base.cloned().unwrap_or_else(|| json!({}));
    for (key, value) in hook.as_object().unwrap() {
        merged[key] = value.clone();
    }
    merged
}

/// pre-commit splits the entry as a shell does and hands over the arguments as they are.
fn command_of(hook: &Value) -> String {
    let entry = hook["entry"].as_str().unwrap();
    let arguments = hook.get("args").map(texts).unwrap_or_default();
    let quoted = arguments.iter().map(|argument| format!(" '{argument}'"));
    [entry.to_owned(), quoted.collect()].concat()
}
