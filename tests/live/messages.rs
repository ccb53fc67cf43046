//! What stands on the terminal of a user of `kubectl` whose write is refused: by what was written, and by how much is found.

use std::process::Command;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use crate::Case;
use crate::scenery::{
    ALB, binding, binding_without_protocol, deployment, forward_to_target_group, gateway,
    gateway_behind_front, gateway_class, ingress, ingress_by_action, ingress_class, route, service,
    service_for_alb, target_group,
};
use crate::stage::{EXEMPT, Stage, done};

/// What is there, and the object that is written last, in a namespace of this name.
type Scene = fn(&str) -> (Vec<Value>, Value);

/// Each is the name of its snapshot.
const SCENES: [(&str, Scene); 11] = [
    ("ingress-without-a-finding", ingress_without_a_finding),
    ("ingress-with-one-finding", ingress_with_one_finding),
    ("ingress-with-five-findings", ingress_with_five_findings),
    ("service-that-asks-for-an-alb", service_that_asks_for_an_alb),
    (
        "service-that-completes-a-path",
        service_that_completes_a_path,
    ),
    ("class-that-completes-a-path", class_that_completes_a_path),
    (
        "class-that-completes-five-paths",
        class_that_completes_five_paths,
    ),
    ("route-to-the-gateway", route_to_the_gateway),
    (
        "route-that-also-serves-others",
        route_that_also_serves_others,
    ),
    ("binding-to-the-gateway", binding_to_the_gateway),
    (
        "binding-that-completes-a-path",
        binding_that_completes_a_path,
    ),
];

pub(crate) fn cases() -> Vec<Case> {
    let case = |(name, scene): (&'static str, Scene)| -> Case {
        let run = move |stage: &Stage| shown(stage, name, scene);
        (format!("message/{name}"), Box::new(run))
    };
    let explained: Case = (
        "explain shows commands that repair what a live cluster holds".to_owned(),
        Box::new(explained),
    );
    SCENES.into_iter().map(case).chain([explained]).collect()
}

/// What `explain` shows of an Ingress that an exemption let in, and its commands, done as they stand there.
fn explained(stage: &Stage) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        stage.know(&gateway_behind_front(at)).await?;
        stage
            .know(&[ingress(at, EXEMPT, Some(at), "front")])
            .await?;
        let explain = || {
            let output = Command::new(env!("CARGO_BIN_EXE_l7guard"))
                .args([
                    "explain",
                    "ingress/exempt",
                    "--namespace",
                    at,
                    "--with-cluster",
                ])
                .arg("--kubeconfig")
                .arg(stage.cluster.kubeconfig())
                .output()?;
            Ok::<_, Failed>(String::from_utf8(output.stdout)?)
        };
        let shown = explain()?;
        let commands: Vec<Vec<String>> = shown
            .lines()
            .filter_map(|line| shlex::split(line.strip_prefix("# kubectl ")?))
            .collect();
        let verbs: Vec<bool> = ["patch", "delete"]
            .iter()
            .zip(&commands)
            .map(|(verb, command)| command.iter().any(|word| word == verb))
            .collect();
        assert_eq!((verbs, commands.len()), (vec![true, true], 2), "{shown}");
        for command in &commands {
            let words: Vec<&str> = command.iter().map(String::as_str).collect();
            done(&stage.cluster.run_kubectl(&words)?)?;
        }
        let gone = explain()?;
        assert!(!gone.contains("L7G001"), "{gone}");
        Ok(())
    })
}

/// Applies the last object with `kubectl`, and compares what it says with the kept snapshot.
fn shown(stage: &Stage, snapshot: &str, scene: Scene) -> Result<(), Failed> {
    stage.play(async |stage, at| {
        let (known, last) = scene(at);
        stage.know(&known).await?;
        let outcome = stage.cluster.apply(&last.to_string())?;
        let screen = format!("{}{}({})", outcome.stdout, outcome.stderr, outcome.status);
        // Its number depends on what else was run.
        let screen = screen.replace(at, "NAMESPACE");
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(snapshot, screen);
        });
        Ok(())
    })
}

fn ingress_without_a_finding(at: &str) -> (Vec<Value>, Value) {
    let known = vec![
        deployment(at, "web", false),
        service(at, "web", "web"),
        ingress_class(at, ALB),
    ];
    (known, ingress(at, "shop", Some(at), "web"))
}

fn ingress_with_one_finding(at: &str) -> (Vec<Value>, Value) {
    let known = gateway_behind_front(at).to_vec();
    (known, ingress(at, "shop", Some(at), "front"))
}

/// Five Services of one gateway, and one of an application.
fn ingress_with_five_findings(at: &str) -> (Vec<Value>, Value) {
    let mut known = gateway_behind_front(at).to_vec();
    known.extend([deployment(at, "web", false), service(at, "web", "web")]);
    let mut paths = Vec::new();
    let backend = |name: &str| {
        json!({"path": format!("/{name}"), "pathType": "Prefix",
            "backend": {"service": {"name": name, "port": {"number": 80}}}})
    };
    for number in 0..5 {
        let name = format!("front-{number}");
        paths.push(backend(&name));
        known.push(service(at, &name, "edge"));
    }
    paths.push(backend("web"));
    let mut shop = ingress(at, "shop", Some(at), "web");
    shop["spec"]["rules"] = json!([{"host": "shop.example.com", "http": {"paths": paths}}]);
    (known, shop)
}

fn service_that_asks_for_an_alb(at: &str) -> (Vec<Value>, Value) {
    (
        vec![deployment(at, "edge", true)],
        service_for_alb(at, "front", "edge"),
    )
}

fn service_that_completes_a_path(at: &str) -> (Vec<Value>, Value) {
    let known = vec![
        deployment(at, "edge", true),
        ingress_class(at, ALB),
        ingress(at, "shop", Some(at), "front"),
    ];
    (known, service(at, "front", "edge"))
}

fn class_that_completes_a_path(at: &str) -> (Vec<Value>, Value) {
    let known = vec![
        deployment(at, "edge", true),
        service(at, "front", "edge"),
        ingress(at, "shop", Some(at), "front"),
    ];
    (known, ingress_class(at, ALB))
}

fn class_that_completes_five_paths(at: &str) -> (Vec<Value>, Value) {
    let mut known = vec![deployment(at, "edge", true), service(at, "front", "edge")];
    known.extend((0..5).map(|number| ingress(at, &format!("shop-{number}"), Some(at), "front")));
    (known, ingress_class(at, ALB))
}

fn route_to_the_gateway(at: &str) -> (Vec<Value>, Value) {
    let known = vec![
        deployment(at, "edge", true),
        service(at, "front", "edge"),
        gateway_class(at),
        gateway(at, "public", at),
    ];
    (known, route(at, "shop", "public", "front"))
}

fn route_that_also_serves_others(at: &str) -> (Vec<Value>, Value) {
    let (mut known, mut shop) = route_to_the_gateway(at);
    known.extend([deployment(at, "web", false), service(at, "web", "web")]);
    shop["spec"]["rules"] = json!([
        {"matches": [{"path": {"type": "PathPrefix", "value": "/web"}}], "backendRefs": [{"name": "web", "port": 80}]},
        {"backendRefs": [{"name": "front", "port": 80}]},
    ]);
    (known, shop)
}

fn binding_to_the_gateway(at: &str) -> (Vec<Value>, Value) {
    let known = vec![deployment(at, "edge", true), service(at, "front", "edge")];
    let mut shop = binding(at, "shop", "front");
    shop["spec"]["targetGroupARN"] = json!(target_group(at));
    (known, shop)
}

/// An Ingress forwards to the target group that it binds.
fn binding_that_completes_a_path(at: &str) -> (Vec<Value>, Value) {
    let mut known = gateway_behind_front(at).to_vec();
    let action = forward_to_target_group(&target_group(at));
    known.push(ingress_by_action(at, "shop", at, &action));
    (
        known,
        binding_without_protocol(at, "front", &target_group(at)),
    )
}
