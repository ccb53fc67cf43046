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
use super::expansion::{Environment, Word};
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
    /// The roles as Istio writes them.
    const WORDS: [&str; 5] = ["router", "sidecar", "waypoint", "ztunnel", "agentgateway"];

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

/// What a container's command line says of its proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandRole {
    /// It runs no proxy, or `pilot-agent` refuses the words or prints its help and ends.
    NoProxy,
    /// It runs a proxy in this role.
    Known(ProxyRole),
    /// It cannot be told from the object.
    Unknown {
        /// Why.
        why: UnknownRole,
        /// Whether the words show all the same that `pilot-agent` runs a proxy. If not, it is one only in a container
        /// that is a proxy's by its name or image.
        is_proxy: bool,
    },
}

/// Why the role of a proxy cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnknownRole {
    /// A variable decides whose value stands outside the object (`valueFrom`, `envFrom`).
    Variable,
    /// A shell script decides that is more than one plain command.
    Script,
    /// Another program than `pilot-agent` is started: a script of the image or of a volume, or Envoy by itself.
    Program,
    /// The image is not one of Istio's by its name, so nobody knows what it starts.
    Image,
}

impl UnknownRole {
    /// What the role hangs on, in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Variable => "a variable whose value stands outside the object",
            Self::Script => "a shell script",
            Self::Program => "a program that is not pilot-agent",
            Self::Image => "an image that is not Istio's by its name",
        }
    }
}

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

/// One word of a command line.
#[derive(Debug, Clone, Copy)]
struct Argument<'a> {
    text: &'a str,
    /// Where a part begins whose value is not known.
    open_at: Option<usize>,
}

impl<'a> Argument<'a> {
    fn of(word: &'a Word) -> Self {
        Self {
            text: &word.text,
            open_at: word.open_at,
        }
    }

    fn plain(text: &'a str) -> Self {
        Self {
            text,
            open_at: None,
        }
    }

    /// What stands before the part that is not known, if there is one.
    fn known_part(self) -> Option<&'a str> {
        self.text.get(..self.open_at?)
    }

    /// Whether this word, where no flag stands before it, may be this one or a flag.
    fn may_be(self, words: &[&str]) -> bool {
        self.known_part()
            .is_some_and(|part| part.is_empty() || words.iter().any(|word| word.starts_with(part)))
    }

    /// Whether it is a flag, or may be one, of which not even the name is known.
    fn is_open_flag(self) -> bool {
        self.known_part()
            .is_some_and(|part| part.starts_with('-') && !part.contains('='))
    }
}

/// Why there is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Another subcommand, or words that `pilot-agent` refuses.
    Refused,
    /// A word decides that is not known; whether that is behind the subcommand `proxy`.
    Open { is_proxy: bool },
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
    let mut parser = Parser {
        release,
        help: false,
        role: None,
    };
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

/// The state of pflag's parser. Its methods stop where pflag refuses the words, or where it would go on from a value that
/// is not known.
struct Parser<'a> {
    release: Minor,
    help: bool,
    /// The first argument that is no flag.
    role: Option<&'a str>,
}

const OPEN: Stop = Stop::Open { is_proxy: true };

impl<'a> Parser<'a> {
    fn parse(&mut self, words: &[Argument<'a>]) -> Result<(), Stop> {
        let mut rest = words;
        while let [argument, others @ ..] = rest {
            rest = others;
            self.stop_if_open(*argument)?;
            let word = argument.text;
            match word.strip_prefix('-') {
                None | Some("") => {
                    self.role.get_or_insert(word);
                }
                Some("-") => {
                    if let Some(first) = others.first() {
                        self.stop_if_open(*first)?;
                        self.role.get_or_insert(first.text);
                    }
                    break;
                }
                Some(flag) => match flag.strip_prefix('-') {
                    Some(long) => {
                        rest = self.long_flag(long, argument.open_at.is_some(), others)?;
                    }
                    None => rest = self.short_flags(flag.as_bytes(), others)?,
                },
            }
        }
        Ok(())
    }

    /// While there is no role yet, a word that is not known may be it, or a flag that takes it away.
    fn stop_if_open(&self, argument: Argument<'_>) -> Result<(), Stop> {
        let is_short = argument.text.starts_with('-') && !argument.text.starts_with("--");
        let may_be_role = argument.may_be(&ProxyRole::WORDS);
        let is_open = argument.open_at.is_some() && is_short;
        if self.role.is_none() && (may_be_role || is_open || argument.is_open_flag()) {
            Err(OPEN)
        } else {
            Ok(())
        }
    }

    /// Reads `--flag`; returns the words behind it and its value.
    fn long_flag<'b>(
        &mut self,
        flag: &str,
        is_open: bool,
        rest: &'b [Argument<'a>],
    ) -> Result<&'b [Argument<'a>], Stop> {
        if flag.starts_with(['-', '=']) {
            return Err(Stop::Refused);
        }
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag, None),
        };
        let Some(kind) = kind_of(name, self.release) else {
            return if value.is_some() {
                Ok(rest)
            } else {
                self.behind_unknown_flag(rest)
            };
        };
        let (value, is_open, rest) = match (value, kind) {
            (Some(value), _) => (value, is_open, rest),
            (None, FlagKind::Boolean) => ("true", false, rest),
            (None, FlagKind::Text | FlagKind::Integer) => {
                let (value, behind) = rest.split_first().ok_or(Stop::Refused)?;
                (value.text, value.open_at.is_some(), behind)
            }
        };
        match (name, is_open) {
            ("help", true) => Err(OPEN),
            (_, true) => Ok(rest),
            ("help", false) => self.set_help(value).map(|()| rest),
            (_, false) if kind.accepts(value) => Ok(rest),
            (_, false) => Err(Stop::Refused),
        }
    }

    /// Reads `-abc`: letters of which only `h` is known. Each unknown one takes the word behind them
    /// all, but what counts is what the last one does.
    fn short_flags<'b>(
        &mut self,
        flags: &[u8],
        rest: &'b [Argument<'a>],
    ) -> Result<&'b [Argument<'a>], Stop> {
        let mut flags = flags;
        let mut behind = rest;
        while let [letter, others @ ..] = flags {
            if flags.starts_with(b"test.") {
                // pflag leaves the flags of `go test` alone.
                return Ok(rest);
            }
            let value = others.strip_prefix(b"=").filter(|value| !value.is_empty());
            match (letter, value) {
                (b'h', Some(value)) => {
                    self.set_help(str::from_utf8(value).map_err(|_| Stop::Refused)?)?;
                }
                (b'h', None) => self.help = true,
                _ => {}
            }
            behind = if *letter == b'h' || value.is_some() {
                rest
            } else {
                self.behind_unknown_flag(rest)?
            };
            flags = if value.is_some() { &[] } else { others };
        }
        Ok(behind)
    }

    fn set_help(&mut self, value: &str) -> Result<(), Stop> {
        self.help = boolean(value).ok_or(Stop::Refused)?;
        Ok(())
    }

    /// An unknown flag is taken to have the next word as its value, unless that is a flag itself.
    fn behind_unknown_flag<'b>(
        &self,
        rest: &'b [Argument<'a>],
    ) -> Result<&'b [Argument<'a>], Stop> {
        match rest {
            [next, ..] if self.role.is_none() && next.open_at == Some(0) => Err(OPEN),
            [next, behind @ ..] if !next.text.starts_with('-') => Ok(behind),
            _ => Ok(rest),
        }
    }
}

#[cfg(test)]
#[path = "command_line_tests.rs"]
mod tests;
