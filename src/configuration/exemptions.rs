//! Exemptions, and what contradicts itself in them.

use l7guard_policy::configuration::{Date, Exemption, Matcher, Modes, NamePattern};
use l7guard_policy::identity::Kind;

use super::document::{ExemptionDocument, MatchDocument};
use super::enums::{ObjectKind, RuleReference};
use super::field::Field;
use super::list::{Element, List, distinct};
use super::mapping::Mapping;
use super::pointer::Pointer;
use super::problem::Problems;
use super::scalars::{Pattern, SingleLine};
use super::{expiry, modes};
use crate::nearest_word::listed;

/// The exemptions of a document.
pub(super) fn read(
    given: Field<List<Mapping<ExemptionDocument>>>,
    modes: &Modes,
    today: Date,
    problems: &mut Problems<'_>,
) -> Vec<Exemption> {
    let at = Pointer::default().key("exemptions");
    let entries = given.elements(&at, problems).unwrap_or_default();
    let mut names: Vec<Element<SingleLine>> = Vec::with_capacity(entries.len());
    let mut exemptions = Vec::with_capacity(entries.len());
    for (at, entry) in entries {
        let entry = entry.open(&at, problems);
        if let Field::Valid(name) = &entry.name {
            if let Some((before, _)) = names.iter().find(|(_, earlier)| earlier == name) {
                let message = format!(
                    "{:?} is the name of {before} already: give each exemption its own",
                    name.0
                );
                problems.error(&at.key("name"), message);
            }
            names.push((at.clone(), name.clone()));
        }
        exemptions.extend(exemption(entry, &at, modes, today, problems));
    }
    exemptions
}

/// `None` when something mandatory is missing or invalid.
fn exemption(
    entry: ExemptionDocument,
    at: &Pointer,
    modes: &Modes,
    today: Date,
    problems: &mut Problems<'_>,
) -> Option<Exemption> {
    let name = entry.name.required(at, "name", "waf-at-the-edge", problems);
    let reason = entry
        .reason
        .required(at, "reason", "its WAF moves to the mesh in May", problems);
    let owner = entry
        .owner
        .required(at, "owner", "team-edge@example.com", problems);
    let ticket = entry.ticket.take(&at.key("ticket"), problems);
    let expires = entry
        .expires
        .required(at, "expires", "2027-03-31", problems);
    if let Some(last) = &expires {
        let what = match &name {
            Some(name) => format!("exemption {:?}", name.0),
            None => "this exemption".to_owned(),
        };
        expiry::tell(&what, last.0, &at.key("expires"), today, problems);
    }
    let covers = entry
        .r#match
        .required(at, "match", "{kinds: [Ingress]}", problems);
    let covers = covers.map(|section| matcher(section, &at.key("match"), modes, problems));
    Some(Exemption {
        name: name?.into(),
        reason: reason?.into(),
        owner: owner?.into(),
        ticket: ticket.map(Into::into),
        expires: expires?.0,
        covers: covers?,
    })
}

fn matcher(
    section: Mapping<MatchDocument>,
    at: &Pointer,
    modes: &Modes,
    problems: &mut Problems<'_>,
) -> Matcher {
    let section = section.open(at, problems);
    if section == MatchDocument::default() {
        problems.error(
            at,
            "an exemption of everything is none: write at least one of kinds, namespaces, names and rules",
        );
    }
    let kinds = read_list(section.kinds, &at.key("kinds"), problems);
    let rules = read_list(section.rules, &at.key("rules"), problems);
    check_rules(&rules, &kinds, modes, problems);
    let namespaces = read_list(section.namespaces, &at.key("namespaces"), problems);
    for (at, pattern) in &namespaces {
        if modes::is_off_in(pattern, modes) {
            let message = format!(
                "{:?} is off by `namespaces`: there is nothing to exempt; remove it",
                pattern.text
            );
            problems.error(at, message);
        }
    }
    let names = read_list(section.names, &at.key("names"), problems);
    Matcher {
        kinds: kinds
            .into_iter()
            .flat_map(|(_, kind)| in_every_group(kind.0))
            .collect(),
        namespaces: pattern_names(namespaces),
        names: pattern_names(names),
        rules: rules.into_iter().map(|(_, rule)| rule.0).collect(),
    }
}

fn read_list<T: PartialEq>(
    given: Field<List<T>>,
    at: &Pointer,
    problems: &mut Problems<'_>,
) -> Vec<Element<T>> {
    let why = "the exemption would cover nothing; name what it is for";
    if matches!(given, Field::Null) {
        problems.error_at_key(at, format!("nothing stands here: {why}"));
        return Vec::new();
    }
    let elements = given.some_elements(at, why, problems).unwrap_or_default();
    distinct(elements, problems)
}

fn pattern_names(patterns: Vec<Element<Pattern>>) -> Vec<NamePattern> {
    patterns
        .into_iter()
        .map(|(_, pattern)| pattern.names)
        .collect()
}

/// Rules and kinds that can never meet, and rules that find nothing anyway.
fn check_rules(
    rules: &[Element<RuleReference>],
    kinds: &[Element<ObjectKind>],
    modes: &Modes,
    problems: &mut Problems<'_>,
) {
    for (at, rule) in rules {
        let code = rule.0;
        let objects = code.rule().kinds;
        if modes::is_off_everywhere(code, modes) {
            problems.error(
                at,
                format!("rule {code} is off everywhere: there is nothing to exempt"),
            );
        } else if !kinds.is_empty() && !kinds.iter().any(|(_, kind)| objects.contains(&kind.0)) {
            // Kinds of one name in two API groups stand side by side.
            let mut names: Vec<&str> = objects.iter().map(|kind| kind.name()).collect();
            names.dedup();
            let names = listed(names, "and");
            problems.error(
                at,
                format!("findings of {code} are about {names}, which `kinds` leaves out: nothing would be exempted"),
            );
        }
    }
    for (at, kind) in kinds {
        if !rules.is_empty()
            && !rules
                .iter()
                .any(|(_, rule)| rule.0.rule().kinds.contains(&kind.0))
        {
            problems.error(
                at,
                format!(
                    "none of these rules finds anything about {}: remove it",
                    kind.0
                ),
            );
        }
    }
}

/// A kind, in each API group that has one of that name.
pub(super) fn in_every_group(kind: Kind) -> Vec<Kind> {
    match kind {
        Kind::TargetGroupBinding => vec![kind, Kind::EksTargetGroupBinding],
        Kind::ListenerSet => vec![kind, Kind::XListenerSet],
        _ => vec![kind],
    }
}
