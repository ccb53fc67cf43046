//! What is seen on a terminal: a pseudo-terminal of a given width stands in for one.

use std::process::Command;

use super::{VIOLATOR, directory, l7guard, path, run, run_with_input};

const WORLD: [&str; 3] = [
    "check",
    "examples/quickstart/world",
    "examples/quickstart/alb-to-gateway.yaml",
];

/// What a command shows on a terminal of so many columns.
pub(super) fn on_terminal(command: Command, columns: u16) -> String {
    super::pseudo_terminal::screen(command, columns).unwrap()
}

/// A text without its colours.
pub(super) fn plain(screen: &str) -> String {
    anstream::adapter::strip_str(screen).to_string()
}

#[test]
fn a_narrow_terminal_gets_lines_that_fit_and_the_remedy_as_it_is() {
    for columns in [40, 60, 80] {
        let screen = plain(&on_terminal(l7guard(&WORLD), columns));
        insta::assert_snapshot!(format!("columns-{columns}"), screen);
    }
}

#[test]
fn a_remedy_can_be_copied_from_any_terminal() {
    let remedy = |columns| {
        let screen = plain(&on_terminal(l7guard(&WORLD), columns));
        let from = screen.find("\n# 1. ").unwrap();
        let to = from + screen[from..].find("\n\n").unwrap();
        screen[from..to].to_owned()
    };
    let wide = remedy(200);
    assert!(
        wide.contains("\n  loadBalancerClass: service.k8s.aws/nlb\n"),
        "{wide}"
    );
    assert_eq!(remedy(40), wide);
}

#[test]
fn colour_is_for_terminals_unless_somebody_says_otherwise() {
    let is_coloured = |text: &str| text.contains("\u{1b}[");
    let screen = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = l7guard(&[&WORLD, arguments].concat());
        command.envs(variables.iter().copied());
        is_coloured(&on_terminal(command, 100))
    };
    assert!(screen(&[], &[]));
    assert!(!screen(&[], &[("NO_COLOR", "1")]));
    assert!(screen(&[], &[("NO_COLOR", "")]), "empty is unset");
    assert!(screen(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!screen(&["--color", "never"], &[]));
    let file = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = l7guard(&[&WORLD, arguments].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        is_coloured(&String::from_utf8(output.stdout).unwrap())
    };
    assert!(!file(&[], &[]));
    assert!(file(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!file(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(file(&["--color=always"], &[]));
}

#[test]
fn a_terminal_that_understands_no_colours_gets_none() {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "TERM=dumb exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_l7guard"))
        .args(WORLD)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("CI")
        .env_remove("CLICOLOR");
    let screen = on_terminal(shell, 100);
    assert!(!screen.contains('\u{1b}'), "{screen}");
}

#[test]
fn nothing_in_an_object_or_a_file_name_reaches_the_terminal_as_a_command() {
    const HOSTILE: &str = "\\e[2J\\u202e\\u009b31m\\u061c\\u200b\\r\\nerror: forged\\n\\n0 objects";
    let manifest = format!(
        "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: \"edge{HOSTILE}\"
  annotations: {{kubernetes.io/ingress.class: alb, alb.ingress.kubernetes.io/actions.x: \"{HOSTILE}\"}}
spec:
  rules:
    - http: {{paths: [{{backend: {{service: {{name: \"x{HOSTILE}\", port: {{name: use-annotation}}}}}}}}]}}
  defaultBackend: {{service: {{name: istio-ingressgateway, port: {{number: 80}}}}}}
---
apiVersion: elbv2.k8s.aws/v1beta1
kind: TargetGroupBinding
metadata: {{name: \"{HOSTILE}\"}}
spec: {{targetType: [\"{HOSTILE}\"], serviceRef: \"{HOSTILE}\"}}
---
apiVersion: v1
kind: Service
metadata: {{name: &a \"{HOSTILE}\", {{a: *a}}: 1}}
"
    );
    let files = directory(&[("a\u{1b}[2J\u{202e}\nerror: forged.yaml", &manifest)]);
    for output in ["text", "github"] {
        let arguments = ["check", "-o", output, path(files.path())];
        let mut command = l7guard(&arguments);
        command.env("NO_COLOR", "1");
        for screen in [on_terminal(command, 120), run(&arguments).stdout] {
            let harmful = |c: char| {
                (c.is_control() && c != '\n') || "\u{202e}\u{61c}\u{200b}\u{2028}\u{ad}".contains(c)
            };
            assert!(!screen.contains(harmful), "{output}: {screen:?}");
            let forged = |line: &str| {
                let line = line.trim_start();
                line.starts_with("error: forged") || line.starts_with("0 objects")
            };
            assert!(!screen.lines().any(forged), "{output}: {screen}");
            assert!(screen.contains("L7G001"), "{output}: {screen}");
        }
    }
}

#[test]
fn a_remedy_that_was_shown_already_is_referred_to() {
    let two = format!("{VIOLATOR}---\n{VIOLATOR}");
    let ended = run_with_input(&["check", "-"], &two);
    assert_eq!(ended.stdout.matches("error[L7G001]").count(), 2);
    assert_eq!(ended.stdout.matches("# 1. ").count(), 1);
    assert!(
        ended
            .stdout
            .contains(", as it is written above for Ingress istio-system/edge\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn quiet_leaves_errors_and_what_fails() {
    let ended = run(&[&WORLD[..], &["--quiet"]].concat());
    assert_eq!(ended.status, 1);
    assert!(ended.stdout.contains("error[L7G001]"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("objects,"), "{}", ended.stdout);
    let innocent = run(&["check", "-q", "examples/quickstart/alb-to-application.yaml"]);
    assert_eq!((innocent.status, innocent.stdout.as_str()), (0, ""));
    let never = run(&[&WORLD[..], &["--quiet", "--fail-on", "never"]].concat());
    assert_eq!((never.status, never.stdout.as_str()), (0, ""));
    let broken = run_with_input(&["check", "-q", "-"], "kind: [\n");
    assert_eq!(broken.status, 2);
    assert!(broken.stdout.starts_with("error: "), "{}", broken.stdout);
    let machine = run(&[&WORLD[..], &["--quiet", "-o", "json", "--fail-on", "never"]].concat());
    assert!(machine.stdout.contains("\"deny\": 1"), "{}", machine.stdout);
}

#[test]
fn the_progress_of_many_files_is_seen_on_a_terminal_and_gone_in_the_end() {
    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {generateName: a}\nspec: {}\n";
    let many: Vec<String> = (0..1_000).map(|number| format!("{number}.yaml")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), SERVICE)).collect();
    let files = directory(&many);
    let check = ["check", path(files.path())];
    let screen = on_terminal(l7guard(&check), 80);
    assert!(screen.contains("reading 0 of 1000 files"), "{screen:?}");
    let cleared = screen.rfind("\u{1b}[2K").unwrap();
    assert!(!screen[cleared..].contains("reading"), "{screen:?}");
    assert!(
        screen.ends_with("1000 objects, 0 denied, 0 warnings\n"),
        "{screen:?}"
    );
    let quiet = on_terminal(l7guard(&[&check[..], &["--quiet"]].concat()), 80);
    assert_eq!(quiet, "");
    assert_eq!(run(&check).stderr, "");
    let few = directory(&many[1..]);
    let screen = on_terminal(l7guard(&["check", path(few.path())]), 80);
    assert!(!screen.contains("reading"), "{screen:?}");
}
