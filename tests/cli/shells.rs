//! What a new user meets: help, completions, manual pages.

use std::process::{Command, Stdio};

use super::{directory, path, run};

const COMMANDS: [&[&str]; 9] = [
    &[],
    &["check"],
    &["explain"],
    &["config"],
    &["config", "check"],
    &["config", "schema"],
    &["completions"],
    &["man"],
    &["demo"],
];

/// What a shell says to a script; `None` where there is no such shell.
fn shell(name: &str, script: &str) -> Option<String> {
    let output = Command::new(name)
        .args(["-c", script])
        .env("L7GUARD", env!("CARGO_BIN_EXE_l7guard"))
        .stdin(Stdio::null())
        .output()
        .ok()?;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_command_has_help_that_fits_and_says_how_it_ends() {
    for command in COMMANDS {
        let ended = run(&[command, &["--help"]].concat());
        assert_eq!(ended.status, 0, "{command:?}");
        let wide = ended.stdout.lines().find(|line| line.chars().count() > 120);
        assert_eq!(wide, None, "{command:?}");
    }
    for command in [&[][..], &["check"], &["explain"], &["config", "check"]] {
        let help = run(&[command, &["--help"]].concat()).stdout;
        assert!(help.contains("Exit status: 0 "), "{command:?}");
        assert!(help.contains("Example"), "{command:?}");
    }
}

#[test]
fn a_mistyped_command_or_option_is_answered_with_the_right_one() {
    for (typed, meant) in [
        (&["chek", "x"][..], "check"),
        (&["check", "--ouput", "json", "x"], "--output"),
        (
            &["check", "--output", "yaml", "x"],
            "text, json, sarif, junit, github, html",
        ),
        (&["man", "chek"], "l7guard help"),
    ] {
        let ended = run(typed);
        assert_eq!(ended.status, 2, "{typed:?}");
        assert!(ended.stderr.contains(meant), "{}", ended.stderr);
    }
}

#[test]
fn bash_completes_commands_and_options() {
    let script = r#"
        source <("$L7GUARD" completions bash)
        COMP_WORDS=(l7guard ch) COMP_CWORD=1
        _l7guard l7guard ch l7guard
        echo "${COMPREPLY[@]}"
        COMP_WORDS=(l7guard check --output sa) COMP_CWORD=3
        _l7guard l7guard sa --output
        echo "${COMPREPLY[@]}"
    "#;
    if let Some(said) = shell("bash", script) {
        assert_eq!(said, "check\nsarif\n");
    }
}

#[test]
fn zsh_reads_its_completions() {
    let script = r#"
        autoload -U compinit && compinit -D -u
        eval "$("$L7GUARD" completions zsh)"
        whence -w _l7guard
    "#;
    if let Some(said) = shell("zsh", script) {
        assert_eq!(said, "_l7guard: function\n");
    }
}

#[test]
fn fish_completes_commands() {
    let script = r#""$L7GUARD" completions fish | source; complete -C "l7guard che""#;
    if let Some(said) = shell("fish", script) {
        assert!(said.starts_with("check\t"), "{said}");
    }
}

#[test]
fn every_shell_has_completions_and_every_command_a_manual_page() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = run(&["completions", shell]);
        assert_eq!(ended.status, 0);
        assert!(ended.stdout.contains("fail-on"), "{shell}");
    }
    let page = run(&["man"]).stdout;
    assert!(page.contains(".TH l7guard 1"), "{page}");
    for command in ["check", "explain", "config", "serve", "demo"] {
        let page = run(&["man", command]).stdout;
        assert!(page.contains(&format!(".TH l7guard-{command} 1")), "{page}");
        let files = directory(&[("page.1", &page)]);
        let file = files.path().join("page.1");
        let formatter = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", path(&file)])
            .output();
        if let Ok(formatted) = formatter {
            assert!(formatted.status.success());
        }
    }
}
