//! Every command of l7guard that a page shows is one that the program understands.

use std::collections::BTreeSet;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::markdown::pages;

/// The commands of l7guard in a piece of shell, without its name. What another program prints, or a shell would still
/// compute, is a word.
fn commands(code: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for line in code.replace("\\\n", " ").lines() {
        let words = shlex::Shlex::new(line.trim_start_matches("$ ")).collect::<Vec<_>>();
        let mut rest = words.as_slice();
        while let Some(start) = rest.iter().position(|word| word == "l7guard") {
            let is_first = start == 0
                || matches!(&*rest[start - 1], "|" | "&&" | ";")
                || rest[start - 1].contains('=');
            let arguments = &rest[start + 1..];
            let ends = |word: &String| {
                matches!(&**word, "|" | "&&" | ";" | "||" | ">" | "…") || word.starts_with('>')
            };
            let end = arguments.iter().position(ends).unwrap_or(arguments.len());
            if is_first && end > 0 {
                commands.push(arguments[..end].to_vec());
            }
            rest = &arguments[end..];
        }
    }
    commands
}

fn is_empty(value: &ContextValue) -> bool {
    matches!(value, ContextValue::String(text) if text.is_empty())
}

/// What the program says of a command, if it does not understand it.
fn misunderstood(arguments: &[String]) -> Option<String> {
    let program = std::iter::once("l7guard".to_owned());
    let typed = program.chain(arguments.iter().cloned());
    let error = l7guard::cli::command_line()
        .try_get_matches_from(typed)
        .err()?;
    match error.kind() {
        // In the middle of a sentence a command stands without what it needs.
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        | ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand => None,
        ErrorKind::InvalidValue if error.get(ContextKind::InvalidValue).is_none_or(is_empty) => {
            None
        }
        _ => Some(error.to_string()),
    }
}

#[test]
fn every_command_on_a_page_is_understood() {
    let mut misunderstandings = Vec::new();
    let mut understood = BTreeSet::new();
    for page in pages() {
        for (line, code) in page.code() {
            for arguments in commands(&code) {
                match misunderstood(&arguments) {
                    Some(reason) => misunderstandings.push(format!(
                        "{}:{line}: l7guard {}: {reason}",
                        page.path.display(),
                        arguments.join(" ")
                    )),
                    None => {
                        understood.insert(arguments);
                    }
                }
            }
        }
    }
    assert!(
        misunderstandings.is_empty(),
        "{}",
        misunderstandings.join("\n")
    );
    assert!(
        understood.len() > 40,
        "{} commands are not all",
        understood.len()
    );
}

#[test]
fn commands_are_found_in_shell() {
    let found = commands(
        "helm template x | l7guard check - && l7guard audit \\\n  --context 'a b' > report.json # l7guard no\n",
    );
    assert_eq!(
        found,
        [vec!["check", "-"], vec!["audit", "--context", "a b"]]
    );
    assert!(misunderstood(&["check".to_owned(), "--filename=x".to_owned()]).is_some());
}
