//! The words of a command line as pflag reads them: long and short flags, unknown ones, values that are not known.
//!
//! Sources: pflag 1.0.10, `flag.go` (`parseArgs`, `parseLongArg`, `parseShortArg`, `stripUnknownFlagValue`). It is written by
//! hand, as no parser of flags in Rust reads unknown flags as pflag does.

use super::command_line_flags::{FlagKind, Minor, boolean, kind_of};
use super::expansion::Word;
use super::role::ProxyRole;

/// One word of a command line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument<'a> {
    pub(super) text: &'a str,
    /// Where a part begins whose value is not known.
    pub(super) open_at: Option<usize>,
}

impl<'a> Argument<'a> {
    pub(super) fn of(word: &'a Word) -> Self {
        Self {
            text: &word.text,
            open_at: word.open_at,
        }
    }

    pub(super) fn plain(text: &'a str) -> Self {
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
    pub(super) fn may_be(self, words: &[&str]) -> bool {
        self.known_part()
            .is_some_and(|part| part.is_empty() || words.iter().any(|word| word.starts_with(part)))
    }

    /// Whether it is a flag, or may be one, of which not even the name is known.
    pub(super) fn is_open_flag(self) -> bool {
        self.known_part()
            .is_some_and(|part| part.starts_with('-') && !part.contains('='))
    }
}

/// Why there is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Another subcommand, or words that `pilot-agent` refuses.
    Refused,
    /// A word decides that is not known; whether that is behind the subcommand `proxy`.
    Open { is_proxy: bool },
}

/// The state of pflag's parser. Its methods stop where pflag refuses the words, or where it would go on from a value that
/// is not known.
pub(super) struct Parser<'a> {
    release: Minor,
    /// Whether help is asked for.
    pub(super) help: bool,
    /// The first argument that is no flag.
    pub(super) role: Option<&'a str>,
}

const OPEN: Stop = Stop::Open { is_proxy: true };

impl<'a> Parser<'a> {
    /// One that has read nothing.
    pub(super) fn new(release: Minor) -> Self {
        Self {
            release,
            help: false,
            role: None,
        }
    }

    /// Reads the words behind the subcommand.
    ///
    /// # Errors
    /// Where pflag refuses them, or a word decides that is not known.
    pub(super) fn parse(&mut self, words: &[Argument<'a>]) -> Result<(), Stop> {
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
