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

use super::command_line_flags::{FlagKind, Minor, RELEASES, boolean, is_boolean_of_root, kind_of};
use super::expansion::Environment;
use super::shell_command::{Script, basename, script};

/// What a proxy is in the mesh: the first argument of `pilot-agent proxy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProxyRole {
    /// A gateway: the only role that serves Istio `Gateway`s.
    Router,
    /// Beside an application. Also the role when none is given.
    Sidecar,
    /// A waypoint of the ambient mesh.
    Waypoint,
    /// The node proxy of the ambient mesh.
    Ztunnel,
    /// A gateway or waypoint run by agentgateway.
    Agentgateway,
}

impl ProxyRole {
    /// Reads a role as Istio writes it; other spellings and cases are refused by `pilot-agent`.
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "router" => Some(Self::Router),
            "sidecar" => Some(Self::Sidecar),
            "waypoint" => Some(Self::Waypoint),
            "ztunnel" => Some(Self::Ztunnel),
            "agentgateway" => Some(Self::Agentgateway),
            _ => None,
        }
    }
}

/// The role in which a container with this `command`, `args` and `env` runs its proxy.
///
/// `None`: it runs no proxy, or `pilot-agent` refuses the words or prints its help and ends.
///
/// `env` holds the container's `env` in its order: each name with its literal value, or with `None`
/// if it has a `valueFrom` instead. `$(NAME)` is replaced as the kubelet does it; a reference without
/// a known value (`valueFrom`, `envFrom`, Service variables) stays in the word, so it can be the value
/// of a flag, but never makes a role or a subcommand.
///
/// The command line starts with `args` if there is no `command`: the entrypoint of Istio's proxy
/// image is `pilot-agent`, and which image it is, is not asked. With a `command` it starts behind the
/// first word of `command` and `args` whose base name is `pilot-agent`, so launchers (`tini --`) are
/// seen through; without such a word there is no proxy. `sh -c SCRIPT` is read if the script is one
/// simple command of plain words, behind `exec` or not; any other script is no evidence.
///
/// Releases differ in the flags they know, and the release is not seen: the line is a router's if it is
/// one for any release from Istio 1.5 on; else it has the role that the newest release gives it that
/// gives it one. Values of flags are checked only where all releases refuse the same ones.
pub fn proxy_role<S: AsRef<str>>(
    command: &[S],
    args: &[S],
    env: &[(S, Option<S>)],
) -> Option<ProxyRole> {
    let environment = Environment::from_env(env);
    let words: Vec<String> = command
        .iter()
        .chain(args)
        .map(|word| environment.expand(word.as_ref()))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = if command.is_empty() {
        words
    } else {
        match script(&words) {
            Script::NoShell => behind_pilot_agent(&words)?.to_vec(),
            Script::Command(command) => behind_pilot_agent(&command)?.to_vec(),
            Script::Opaque => return None,
        }
    };
    let mut roles = RELEASES
        .iter()
        .rev()
        .filter_map(|&release| role_in(&words, release));
    let newest = roles.next()?;
    if roles.any(|role| role == ProxyRole::Router) {
        Some(ProxyRole::Router)
    } else {
        Some(newest)
    }
}

/// What follows the first word that names the program `pilot-agent`.
fn behind_pilot_agent<'a, 'b>(words: &'b [&'a str]) -> Option<&'b [&'a str]> {
    let at = words
        .iter()
        .position(|word| basename(word) == "pilot-agent")?;
    Some(&words[at + 1..])
}

/// The role that one release's `pilot-agent` takes from its arguments.
fn role_in(words: &[&str], release: Minor) -> Option<ProxyRole> {
    let subcommand = subcommand(words, release)?;
    if words[subcommand] != "proxy" {
        return None;
    }
    let mut parser = Parser {
        release,
        help: false,
        role: None,
    };
    let mut rest: Vec<&str> = words.to_vec();
    rest.remove(subcommand);
    parser.parse(&rest)?;
    match (parser.help, parser.role) {
        (true, _) => None,
        (false, None) => Some(ProxyRole::Sidecar),
        (false, Some(word)) => ProxyRole::from_word(word),
    }
}

/// Where the word stands that names the subcommand: the first one that is neither a flag nor may be
/// the value of one. Only the booleans of `pilot-agent` itself are known to take no value here.
fn subcommand(words: &[&str], release: Minor) -> Option<usize> {
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        let takes_next = match word.strip_prefix('-') {
            None if word.is_empty() => false,
            None => return Some(at),
            Some("-") => return None,
            Some(_) if word.contains('=') => false,
            Some(short) => short
                .strip_prefix('-')
                .map_or(short.len() == 1, |long| !is_boolean_of_root(long, release)),
        };
        at += 1 + usize::from(takes_next);
    }
    None
}

/// The state of pflag's parser. Its methods return `None` where pflag refuses the words.
struct Parser<'a> {
    release: Minor,
    help: bool,
    /// The first argument that is no flag.
    role: Option<&'a str>,
}

impl<'a> Parser<'a> {
    fn parse(&mut self, words: &[&'a str]) -> Option<()> {
        let mut rest = words;
        while let [word, others @ ..] = rest {
            rest = others;
            match word.strip_prefix('-') {
                None | Some("") => {
                    self.role.get_or_insert(word);
                }
                Some("-") => {
                    self.role = self.role.or(others.first().copied());
                    break;
                }
                Some(flag) => match flag.strip_prefix('-') {
                    Some(long) => rest = self.long_flag(long, others)?,
                    None => rest = self.short_flags(flag.as_bytes(), others)?,
                },
            }
        }
        Some(())
    }

    /// Reads `--flag`; returns the words behind it and its value.
    fn long_flag<'b>(&mut self, flag: &str, rest: &'b [&'a str]) -> Option<&'b [&'a str]> {
        if flag.starts_with(['-', '=']) {
            return None;
        }
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag, None),
        };
        let Some(kind) = kind_of(name, self.release) else {
            return Some(if value.is_some() {
                rest
            } else {
                behind_unknown_flag(rest)
            });
        };
        let (value, rest) = match (value, kind) {
            (Some(value), _) => (value, rest),
            (None, FlagKind::Boolean) => ("true", rest),
            (None, FlagKind::Text | FlagKind::Integer) => {
                let (value, behind) = rest.split_first()?;
                (*value, behind)
            }
        };
        if name == "help" {
            self.set_help(value)?;
        }
        kind.accepts(value).then_some(rest)
    }

    /// Reads `-abc`: letters of which only `h` is known. Each unknown one takes the word behind them
    /// all, but what counts is what the last one does.
    fn short_flags<'b>(&mut self, flags: &[u8], rest: &'b [&'a str]) -> Option<&'b [&'a str]> {
        let mut flags = flags;
        let mut behind = rest;
        while let [letter, others @ ..] = flags {
            if flags.starts_with(b"test.") {
                // pflag leaves the flags of `go test` alone.
                return Some(rest);
            }
            let value = others.strip_prefix(b"=").filter(|value| !value.is_empty());
            match (letter, value) {
                (b'h', Some(value)) => self.set_help(str::from_utf8(value).ok()?)?,
                (b'h', None) => self.help = true,
                _ => {}
            }
            behind = if *letter == b'h' || value.is_some() {
                rest
            } else {
                behind_unknown_flag(rest)
            };
            flags = if value.is_some() { &[] } else { others };
        }
        Some(behind)
    }

    fn set_help(&mut self, value: &str) -> Option<()> {
        self.help = boolean(value)?;
        Some(())
    }
}

/// An unknown flag is taken to have the next word as its value, unless that is a flag itself.
fn behind_unknown_flag<'a, 'b>(rest: &'b [&'a str]) -> &'b [&'a str] {
    match rest {
        [next, behind @ ..] if !next.starts_with('-') => behind,
        _ => rest,
    }
}

#[cfg(test)]
#[path = "command_line_tests.rs"]
mod tests;
