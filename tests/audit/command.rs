//! `l7guard audit` as a user runs it. What else reads a cluster is in `snapshot`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Outcome;
use crate::fixture::{self, Fixture};
use crate::manifests::Manifests;
use crate::server::{Server, Shared};

/// A front that is found, and everything on its path.
pub(crate) const WORLD: &str = "bypass/01-class-in-the-field.yaml";

pub(crate) type Case = (&'static str, fn(&Server) -> Outcome);

pub(crate) const CASES: &[Case] = &[
    ("findings name their cluster and say what to change", finds),
    ("a namespace has only its own findings", of_a_namespace),
    ("new and gone since an earlier report", against),
    (
        "a cluster that cannot be reached hides no other",
        unreachable,
    ),
    (
        "every right that is missing is named, and hides nothing else",
        forbidden,
    ),
    ("another configuration is asked what it would refuse", asked),
    ("a file that is no report is not compared with", no_report),
];

/// Cases as trials.
pub(crate) fn trials(cases: &'static [Case], shared: &Shared) -> Vec<Trial> {
    let trials = cases.iter().map(|&(name, run)| {
        let shared = shared.clone();
        Trial::test(format!("command/{name}"), move || shared.with(run))
    });
    trials.collect()
}

pub(crate) fn world(name: &str) -> Result<Manifests, Failed> {
    let mut all = fixture::all().into_iter();
    let fixture = all.find(|fixture: &Fixture| fixture.name == name);
    fixture.ok_or("there is no such fixture")?.world()
}

fn audit(kubeconfig: &Path, arguments: &[&str]) -> Result<Output, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_l7guard"))
        .arg("audit")
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(arguments)
        .env_remove("KUBERNETES_SERVICE_HOST")
        .output()?;
    Ok(output)
}

pub(crate) fn json_of(output: &Output) -> Result<Value, Failed> {
    let report = serde_json::from_slice(&output.stdout);
    report.map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

fn finds(server: &Server) -> Outcome {
    server.with(&world(WORLD)?, || {
        let output = audit(server.kubeconfig(), &["--output", "json"])?;
        let report = json_of(&output)?;
        assert_eq!(output.status.code(), Some(1), "{report:#}");
        let finding = &report["findings"][0];
        assert_eq!(finding["rule"], "L7G001");
        assert_eq!(finding["cluster"], "administrator");
        assert_eq!(report["clusters"][0]["name"], "administrator");
        assert_eq!(report["clusters"][0]["deny"], 1);
        // They rest on whole objects, which were read for them.
        let changes = finding["changes"].as_array().map(Vec::len);
        assert!(changes.is_some_and(|count| count > 0), "{finding:#}");
        assert_eq!(report["changes"], report["clusters"][0]["changes"]);
        for (format, said) in [
            ("text", "= cluster: administrator"),
            ("sarif", "administrator: Ingress shop/web"),
            ("junit", "administrator: Ingress shop/web"),
            ("github", "::administrator: "),
        ] {
            let output = audit(server.kubeconfig(), &["--output", format])?;
            let printed = String::from_utf8(output.stdout)?;
            assert!(printed.contains(said), "{format}: {printed}");
            assert_eq!(output.status.code(), Some(1));
        }
        Ok(())
    })
}

fn of_a_namespace(server: &Server) -> Outcome {
    server.with(&world(WORLD)?, || {
        for (namespace, status) in [("shop", 1), ("blog", 0)] {
            let output = audit(server.kubeconfig(), &["--namespace", namespace])?;
            assert_eq!(output.status.code(), Some(status), "{namespace}");
        }
        Ok(())
    })
}

fn against(server: &Server) -> Outcome {
    let folder = TempDir::new()?;
    let earlier = folder.path().join("earlier.json");
    let mut other = world(WORLD)?;
    for object in &mut other.0 {
        if object["kind"] == "Ingress" {
            object["metadata"]["name"] = json!("other");
        }
    }
    server.with(&world(WORLD)?, || {
        let output = audit(server.kubeconfig(), &["--output", "json"])?;
        fs::write(&earlier, &output.stdout)?;
        let path = earlier.display().to_string();
        let again = audit(
            server.kubeconfig(),
            &["--output", "json", "--against", &path],
        )?;
        let report = json_of(&again)?;
        assert_eq!(report["findings"][0]["isNew"], false);
        assert_eq!(report.get("gone"), None);
        Ok(())
    })?;
    server.with(&other, || {
        let path = earlier.display().to_string();
        let arguments = ["--output", "json", "--against", &path];
        let report = json_of(&audit(server.kubeconfig(), &arguments)?)?;
        assert_eq!(report["findings"][0]["isNew"], true);
        assert_eq!(report["gone"][0]["object"], "Ingress shop/web");
        let printed = audit(server.kubeconfig(), &["--against", &path])?;
        let printed = String::from_utf8(printed.stdout)?;
        let gone = "gone: [L7G001] administrator: Ingress shop/web";
        assert!(printed.contains(gone), "{printed}");
        assert!(printed.contains("= new: "), "{printed}");
        Ok(())
    })
}

fn no_report(server: &Server) -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("x.json");
    for (content, said) in [
        ("{}", "it is no report of `l7guard audit --output json`"),
        (
            r#"{"schema": "l7guard/report/v9", "findings": []}"#,
            "l7guard/report/v9",
        ),
    ] {
        fs::write(&file, content)?;
        let path = file.display().to_string();
        let output = audit(server.kubeconfig(), &["--against", &path])?;
        let printed = String::from_utf8(output.stderr)?;
        assert_eq!(output.status.code(), Some(2));
        assert!(printed.contains(said), "{printed}");
    }
    Ok(())
}

fn unreachable(server: &Server) -> Outcome {
    let folder = TempDir::new()?;
    let mut kubeconfig: Value = serde_json::from_slice(&fs::read(server.kubeconfig())?)?;
    let clusters = kubeconfig["clusters"].as_array_mut();
    let gone = json!({"name": "gone", "cluster": {"server": "https://127.0.0.1:1"}});
    clusters.ok_or("no clusters")?.push(gone);
    let contexts = kubeconfig["contexts"].as_array_mut();
    let gone = json!({"name": "gone", "context": {"cluster": "gone", "user": "administrator"}});
    contexts.ok_or("no contexts")?.push(gone);
    let file = folder.path().join("kubeconfig");
    fs::write(&file, kubeconfig.to_string())?;
    server.with(&world(WORLD)?, || {
        let contexts = ["--context", "gone", "--context", "administrator"];
        let output = audit(&file, &contexts)?;
        let printed = String::from_utf8(output.stdout)?;
        assert_eq!(output.status.code(), Some(2), "{printed}");
        for said in [
            "cluster gone",
            "= cluster: administrator",
            "gone: 0 objects, 0 denied, 0 warnings, 1 error",
            ", 1 denied, 0 warnings\n",
        ] {
            assert!(printed.contains(said), "{said}: {printed}");
        }
        Ok(())
    })
}

/// A role that lets the developer read all but two kinds.
fn all_but_stateful_sets_and_pods() -> [Value; 2] {
    let verbs = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["list", "get"]});
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "auditor"},
        "rules": [
            verbs("", &["services", "namespaces"]),
            verbs("networking.k8s.io", &["*"]),
            verbs("apps", &["deployments", "daemonsets", "replicasets"]),
            verbs("discovery.k8s.io", &["*"]),
            verbs("gateway.networking.k8s.io", &["*"]),
            verbs("elbv2.k8s.aws", &["*"]),
            verbs("eks.amazonaws.com", &["*"]),
            verbs("networking.istio.io", &["*"]),
            verbs("argoproj.io", &["*"]),
        ],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "auditor"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "auditor"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "developer"}],
    });
    [role, binding]
}

fn forbidden(server: &Server) -> Outcome {
    let nothing = server.developer_kubeconfig();
    let output = audit(nothing, &[])?;
    let printed = String::from_utf8(output.stdout)?;
    assert_eq!(output.status.code(), Some(2), "{printed}");
    for resource in [
        "services",
        "ingresses.networking.k8s.io",
        "deployments.apps",
    ] {
        let said = format!("not permitted to list {resource} in all namespaces");
        assert!(printed.contains(&said), "{resource}: {printed}");
    }
    let mut found = world(WORLD)?;
    // Whose Pods decide.
    found.0.push(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"namespace": "shop", "name": "ordinary"},
        "spec": {"ingressClassName": "alb", "defaultBackend": {"service": {"name": "bare", "port": {"number": 80}}}},
    }));
    found.0.push(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "shop", "name": "bare"},
        "spec": {"selector": {"app": "bare"}, "ports": [{"port": 80}]},
    }));
    found.0.extend(all_but_stateful_sets_and_pods());
    server.with(&found, || {
        let output = audit(nothing, &["--output", "json"])?;
        let report = json_of(&output)?;
        assert_eq!(output.status.code(), Some(2), "{report:#}");
        let errors = report["errors"].to_string();
        assert!(
            errors.contains("not permitted to list statefulsets.apps in all namespaces"),
            "{errors}"
        );
        assert!(
            errors.contains("cannot list resource \\\"pods\\\"") && errors.contains("shop"),
            "{errors}"
        );
        assert!(!errors.contains("services"), "{errors}");
        assert_eq!(report["findings"][0]["rule"], "L7G001");
        Ok(())
    })
}

fn asked(server: &Server) -> Outcome {
    let folder = TempDir::new()?;
    let file = folder.path().join("l7guard.yaml");
    let head = "apiVersion: l7guard/v1\nkind: Configuration";
    fs::write(&file, format!("{head}\nrules: {{L7G001: warn}}\n"))?;
    let path = file.display().to_string();
    server.with(&world(WORLD)?, || {
        let lenient = audit(server.kubeconfig(), &["--config", &path])?;
        assert_eq!(lenient.status.code(), Some(0));
        let strict = ["--config", &path, "--fail-on", "warn"];
        assert_eq!(audit(server.kubeconfig(), &strict)?.status.code(), Some(1));
        Ok(())
    })
}
