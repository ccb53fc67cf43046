//! Evidence R1: the role in which a container's proxy runs, read from its command line as
//! `pilot-agent` itself would read it.
//!
//! Only `pilot-agent proxy router` serves Istio `Gateway`s. Two neighbouring words are not enough to
//! see it: `proxy --domain x router` is a router, `proxy --serviceCluster router` is a sidecar of the
//! service cluster `router`.
//!
//! Sources: Istio, `pilot/cmd/pilot-agent/app/cmd.go` (`NewRootCommand`, `newProxyCommand`,
//! `initProxy`; both commands skip unknown flags, `FParseErrWhitelist`) and `pkg/model/proxy.go`
//! (`IsApplicationNodeType`); cobra 1.10, `command.go` (`Find`, `stripFlags`, `argsMinusFirstX`,
//! `execute`) and `args.go` (`legacyArgs`); pflag 1.0.10, `flag.go` (`parseArgs`, `parseLongArg`,
//! `parseShortArg`, `stripUnknownFlagValue`).

use super::command_line_flags::{Minor, RELEASES, is_boolean_of_root};
use super::expansion::{Environment, Word};
use super::flag_parser::{Argument, Parser, Stop};
use super::role::{CommandRole, ProxyRole, UnknownRole};
use super::shell_command::{Script, basename, script};

/// The role in which a container with this `command`, `args` and `env` runs its proxy.
///
/// `env` holds the container's `env` in its order: each name with its literal value, or with `None`
/// if it has a `valueFrom` instead; `has_env_from` says whether there is an `envFrom`. `$(NAME)` is replaced
/// as the kubelet does it. A reference whose value is not known can be the value of a flag; where it may be
/// the role, the subcommand or a flag before them, the role is unknown.
///
/// The command line starts with `args` if there is no `command`: the entrypoint of Istio's proxy
/// image is `pilot-agent`, and which image it is, is not asked. With a `command` it starts behind the
/// first word of `command` and `args` whose base name is `pilot-agent`, so launchers (`tini --`) are
/// seen through; without such a word it is another program. `sh -c SCRIPT` is read if the script is one
/// simple command of plain words, behind `exec` or not; any other script leaves the role unknown.
///
/// Releases differ in the flags they know, and the release is not seen: the line is a router's if it is
/// one for any release from Istio 1.5 on; else it is unknown if it is for any; else it has the role that the
/// newest release gives it that gives it one. Values of flags are checked only where all releases refuse the
/// same ones.
pub fn proxy_role<S: AsRef<str>>(
    command: &[S],
    args: &[S],
    env: &[(S, Option<S>)],
    has_env_from: bool,
) -> CommandRole {
    let environment = Environment::from_env(env, has_env_from);
    let expanded: Vec<Word> = command
        .iter()
        .chain(args)
        .map(|word| environment.expand(word.as_ref()))
        .collect();
    let words: Vec<Argument<'_>> = expanded.iter().map(Argument::of).collect();
    if command.is_empty() {
        return role_of_arguments(&words);
    }
    let other_program = CommandRole::Unknown {
        why: UnknownRole::Program,
        is_proxy: false,
    };
    let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
    match script(&texts) {
        Script::NoShell => behind_pilot_agent(&words).map_or(other_program, role_of_arguments),
        Script::Command(command) => {
            // A reference is no plain word.
            let words: Vec<Argument<'_>> = command.into_iter().map(Argument::plain).collect();
            behind_pilot_agent(&words).map_or(other_program, role_of_arguments)
        }
        Script::Opaque => CommandRole::Unknown {
            why: UnknownRole::Script,
            is_proxy: texts.iter().any(|text| text.contains("pilot-agent")),
        },
    }
}

/// What follows the first word that names the program `pilot-agent`.
fn behind_pilot_agent<'a, 'b>(words: &'b [Argument<'a>]) -> Option<&'b [Argument<'a>]> {
    let at = words
        .iter()
        .position(|word| basename(word.text) == "pilot-agent")?;
    Some(&words[at + 1..])
}

/// The role that `pilot-agent` takes from its arguments, whatever its release.
fn role_of_arguments(words: &[Argument<'_>]) -> CommandRole {
    let mut newest = None;
    let mut open = None;
    for &release in RELEASES.iter().rev() {
        match role_in(words, release) {
            Ok(ProxyRole::Router) => return CommandRole::Known(ProxyRole::Router),
            Ok(role) => newest = newest.or(Some(role)),
            Err(Stop::Open { is_proxy }) => open = Some(open.unwrap_or_default() || is_proxy),
            Err(Stop::Refused) => {}
        }
    }
    match (open, newest) {
        (Some(is_proxy), _) => CommandRole::Unknown {
            why: UnknownRole::Variable,
            is_proxy,
        },
        (None, Some(role)) => CommandRole::Known(role),
        (None, None) => CommandRole::NoProxy,
    }
}

/// The role that one release's `pilot-agent` takes from its arguments.
fn role_in(words: &[Argument<'_>], release: Minor) -> Result<ProxyRole, Stop> {
    let subcommand = subcommand(words, release)?;
    if words[subcommand].text != "proxy" {
        return Err(Stop::Refused);
    }
    let mut parser = Parser::new(release);
    let mut rest: Vec<Argument<'_>> = words.to_vec();
    rest.remove(subcommand);
    parser.parse(&rest)?;
    match (parser.help, parser.role) {
        (true, _) => Err(Stop::Refused),
        (false, None) => Ok(ProxyRole::Sidecar),
        (false, Some(word)) => ProxyRole::from_word(word).ok_or(Stop::Refused),
    }
}

/// Where the word stands that names the subcommand: the first one that is neither a flag nor may be
/// the value of one. Only the booleans of `pilot-agent` itself are known to take no value here.
fn subcommand(words: &[Argument<'_>], release: Minor) -> Result<usize, Stop> {
    let mut at = 0;
    while let Some(&argument) = words.get(at) {
        if argument.may_be(&["proxy"]) || argument.is_open_flag() {
            return Err(Stop::Open { is_proxy: false });
        }
        let word = argument.text;
        let takes_next = match word.strip_prefix('-') {
            None if word.is_empty() => false,
            None => return Ok(at),
            Some("-") => return Err(Stop::Refused),
            Some(_) if word.contains('=') => false,
            Some(short) => short
                .strip_prefix('-')
                .map_or(short.len() == 1, |long| !is_boolean_of_root(long, release)),
        };
        at += 1 + usize::from(takes_next);
    }
    Err(Stop::Refused)
}

#[cfg(test)]
#[path = "command_line_tests.rs"]
mod tests;
