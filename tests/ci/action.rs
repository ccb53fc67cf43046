//! Runs `action.yml` and the jobs of a GitHub workflow as far as that goes without GitHub: the `run:` steps, with their
//! environment. Actions of others (checkout, upload of SARIF) are passed over.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::page::{file, yaml};
use crate::sandbox::{Ended, Sandbox};

/// The action, as it is in the repository.
pub(crate) fn action() -> Value {
    yaml(&file("action.yml"))
}

/// Runs the steps of a job; returns how the last one that ran ended: the one that failed, or the last.
pub(crate) fn run_job(sandbox: &mut Sandbox, job: &Value) -> Ended {
    let mut last = None;
    for step in job["steps"].as_array().unwrap() {
        let ended = match (step["run"].as_str(), step["uses"].as_str()) {
            (Some(script), _) => sandbox.run(script),
            (_, Some("OWNER/l7guard@v0.1.0")) => run_action(sandbox, &step["with"]),
            (_, Some("actions/checkout@v4")) => continue,
            other => panic!("an unknown step: {other:?}"),
        };
        let has_failed = ended.status != 0;
        last = Some(ended);
        if has_failed {
            break;
        }
    }
    last.unwrap()
}

/// Runs the action with these inputs; returns how it ended, and what all its steps printed.
pub(crate) fn run_action(sandbox: &mut Sandbox, given: &Value) -> Ended {
    let action = action();
    let inputs = action["inputs"].as_object().unwrap();
    for name in given.as_object().into_iter().flat_map(|given| given.keys()) {
        assert!(inputs.contains_key(name), "the action has no input {name}");
    }
    let value = |name: &str| {
        let value = given.get(name).unwrap_or(&inputs[name]["default"]);
        value.as_str().unwrap().to_owned()
    };
    let mut all = Ended::default();
    for step in action["runs"]["steps"].as_array().unwrap() {
        let is_wanted = match step["if"].as_str() {
            None => true,
            Some("inputs.upload-sarif == 'true'") => value("upload-sarif") == "true",
            Some(other) => panic!("an unknown condition: {other}"),
        };
        let Some(script) = step["run"].as_str().filter(|_| is_wanted) else {
            continue;
        };
        assert_eq!(step["shell"], "bash", "composite steps need a shell");
        let ended = sandbox.run_with(script, &environment(&step["env"], value, &sandbox.contexts));
        sandbox.take_path();
        all.status = ended.status;
        all.stdout.push_str(&ended.stdout);
        all.stderr.push_str(&ended.stderr);
        if all.status != 0 {
            break;
        }
    }
    all
}

/// The environment of a step: each is an input of the action or what the runner knows of it.
fn environment(
    env: &Value,
    value: impl Fn(&str) -> String,
    contexts: &BTreeMap<&str, String>,
) -> BTreeMap<String, String> {
    let variables = env.as_object().into_iter().flatten();
    variables
        .map(|(variable, text)| {
            let expression = text.as_str().unwrap();
            let name = expression
                .strip_prefix("${{ ")
                .and_then(|rest| rest.strip_suffix(" }}"))
                .unwrap();
            let text = match name.strip_prefix("inputs.") {
                Some(input) => value(input),
                None => contexts[name].clone(),
            };
            (variable.clone(), text)
        })
        .collect()
}
