//! Modes: for all findings, for rules, for namespaces, and what contradicts itself in them.

use std::collections::BTreeMap;

use l7guard_policy::configuration::{Modes, NamePattern, NamespaceModes};
use l7guard_policy::rules::{Mode, RuleCode};

use super::document::{NamespacesDocument, RuleModes};
use super::enums::{self, MaxMode};
use super::field::Field;
use super::list::{Element, List};
use super::mapping::Mapping;
use super::pointer::Pointer;
use super::problem::Problems;
use super::scalars::Pattern;

/// The modes of a document.
pub(super) fn read(
    mode: Field<MaxMode>,
    rules: Field<RuleModes>,
    namespaces: Field<List<Mapping<NamespacesDocument>>>,
    problems: &mut Problems<'_>,
) -> Modes {
    let root = Pointer::default();
    let default = Modes::default();
    let mode = mode.take(&root.key("mode"), problems);
    Modes {
        at_most: mode.map_or(default.at_most, |mode| mode.0),
        rules: read_rules(rules, &root.key("rules"), None, problems),
        namespaces: read_namespaces(namespaces, &root.key("namespaces"), problems),
    }
}

/// Whether no finding of a rule ever does anything. Every finding's object has a namespace.
pub(super) fn is_off_everywhere(rule: RuleCode, modes: &Modes) -> bool {
    let base = modes.rules.get(&rule).copied();
    let base = base.unwrap_or(rule.rule().default_mode);
    let every_name = NamePattern::parse("*").ok();
    for entry in &modes.namespaces {
        let mode = entry.rules.get(&rule).copied().unwrap_or(base);
        if mode.min(entry.at_most.unwrap_or(modes.at_most)) != Mode::Off {
            return false;
        }
        if entry
            .namespaces
            .iter()
            .any(|pattern| Some(pattern) == every_name.as_ref())
        {
            return true;
        }
    }
    base == Mode::Off
}

/// Whether every namespace that a pattern matches is surely off.
pub(super) fn is_off_in(pattern: &Pattern, modes: &Modes) -> bool {
    // What a pattern without `*` matches is itself; of another one these stand for all.
    let samples = ["", "x", "xx-yy"].map(|text| pattern.text.replace('*', text));
    let is_name = !pattern.text.contains(['*', '?']);
    for entry in &modes.namespaces {
        let is_off = entry.at_most == Some(Mode::Off);
        let covers = |wide: &NamePattern| {
            *wide == pattern.names || samples.iter().all(|sample| wide.matches(sample))
        };
        if entry.namespaces.iter().any(covers) {
            return is_off;
        }
        // It may take a part of them.
        if !is_off && !is_name {
            return false;
        }
    }
    false
}

/// The modes of rules. `at_most` is the mode of the entry that they stand in: a mode above it can have no effect.
fn read_rules(
    given: Field<RuleModes>,
    at: &Pointer,
    at_most: Option<Mode>,
    problems: &mut Problems<'_>,
) -> BTreeMap<RuleCode, Mode> {
    let mut modes = BTreeMap::new();
    let Some(RuleModes(written)) = given.take(at, problems) else {
        return modes;
    };
    for (rule, mode) in written {
        let at = at.key(&rule);
        let code = enums::rule(&rule);
        let mode = mode.take(&at, problems);
        match (code, mode) {
            (Err(message), _) => problems.error_at_key(&at, message),
            (Ok(code), Some(mode)) => {
                if let Some(other) = modes.get(&code) {
                    let (name, strictest) = (code.name(), mode.0.max(*other).as_str());
                    let message = format!(
                        "{code} and {name} are the same rule: keep one of them, with `{strictest}`, the stricter mode"
                    );
                    problems.error_at_key(&at, message);
                    continue;
                }
                if let Some(most) = at_most.filter(|most| mode.0 > *most) {
                    let (mode, most) = (mode.0.as_str(), most.as_str());
                    let message = format!(
                        "`{mode}` has no effect: no finding does more than `mode: {most}` of this entry says; raise that, or write `{most}` here"
                    );
                    problems.error(&at, message);
                }
                modes.insert(code, mode.0);
            }
            (Ok(_), None) => {}
        }
    }
    modes
}

fn read_namespaces(
    given: Field<List<Mapping<NamespacesDocument>>>,
    at: &Pointer,
    problems: &mut Problems<'_>,
) -> Vec<NamespaceModes> {
    let mut earlier: Vec<Element<Pattern>> = Vec::new();
    let entries = given.elements(at, problems).unwrap_or_default();
    let mut modes = Vec::with_capacity(entries.len());
    for (at, entry) in entries {
        let entry = entry.open(&at, problems);
        let says_something = entry.mode.is_present()
            || match &entry.rules {
                Field::Valid(RuleModes(rules)) => !rules.is_empty(),
                other => other.is_present(),
            };
        if !says_something {
            problems.error(&at, "this entry changes nothing: write `mode` or `rules`");
        }
        let patterns = patterns(entry.r#match, &at, &mut earlier, problems);
        let mode = entry.mode.take(&at.key("mode"), problems);
        let at_most = mode.map(|mode| mode.0);
        modes.push(NamespaceModes {
            namespaces: patterns,
            at_most,
            rules: read_rules(entry.rules, &at.key("rules"), at_most, problems),
        });
    }
    modes
}

/// The patterns of an entry; `earlier` are those that were read before.
fn patterns(
    given: Field<List<Pattern>>,
    entry: &Pointer,
    earlier: &mut Vec<Element<Pattern>>,
    problems: &mut Problems<'_>,
) -> Vec<NamePattern> {
    let at = entry.key("match");
    if !given.is_present() {
        problems.error(
            entry,
            "`match` is missing; write the namespaces that are meant, for example `match: [\"team-*\"]`",
        );
    }
    let why = "no namespace would match; write for example [\"team-*\"]";
    let elements = given.some_elements(&at, why, problems).unwrap_or_default();
    let mut patterns = Vec::with_capacity(elements.len());
    for (at, pattern) in elements {
        let before = earlier.iter().find(|(_, wide)| covers(wide, &pattern));
        if let Some((before, wide)) = before {
            problems.error(&at, never_counts(&pattern, wide, before));
        }
        patterns.push(pattern.names.clone());
        earlier.push((at, pattern));
    }
    patterns
}

fn never_counts(pattern: &Pattern, wide: &Pattern, before: &Pointer) -> String {
    let (pattern, wide) = (&pattern.text, &wide.text);
    if pattern == wide {
        format!(
            "{pattern:?} stands in {before} already, and the first match counts: remove this one, which changes nothing"
        )
    } else {
        format!(
            "{pattern:?} never counts, as {wide:?} ({before}) takes these namespaces first: remove it, which changes nothing, or put it before if it is the stricter one"
        )
    }
}

/// Whether `wide` surely matches everything that `narrow` does: it does if it matches the text of `narrow`, unless a `?`
/// of it may stand for a `*` there.
fn covers(wide: &Pattern, narrow: &Pattern) -> bool {
    wide == narrow
        || (wide.names.matches(&narrow.text)
            && !(wide.text.contains('?') && narrow.text.contains('*')))
}
