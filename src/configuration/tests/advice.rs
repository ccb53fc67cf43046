//! No advice loosens the guard when it is followed: of each message that says what to write, what must stand in it, and
//! what must not.

use l7guard_policy::configuration::Ratchet;

use super::{read_body, shown, today};

/// A body, the advice of its only problem, and a word that would loosen the guard.
const ADVICE: &[(&str, &str, &str)] = &[
    // Without `until` the ratchet would hold for ever, with a later day for longer.
    (
        "ratchet: {until: 2026-03-09}\n",
        "write `enabled: false` in place of `until`",
        "later",
    ),
    (
        "ratchet: {enabled: false, until: 2027-01-01}\n",
        "remove `until`",
        "enabled: true",
    ),
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2026-03-09, match: {kinds: [Ingress]}}]\n",
        "remove it",
        "later",
    ),
    // Without the key the exemption would match everything.
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {kinds: [Ingress], names: []}}]\n",
        "name what it is for",
        "leave it out",
    ),
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {kinds: [Ingress], names: }}]\n",
        "name what it is for",
        "leave it out",
    ),
    (
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {kinds: [Ingress, Service], rules: [L7G001]}}]\n",
        "remove it",
        "add the rule",
    ),
    (
        "aws: {ingressControllers: []}\n",
        "leave the key out for the AWS controllers",
        "off",
    ),
    (
        "aws: {gatewayControllers: []}\n",
        "leave the key out for the AWS controller",
        "off",
    ),
    ("mode: off\n", "write audit", "webhook"),
    // Without this line the rule would be as mild as the top level says.
    (
        "rules: {L7G001: off}\nnamespaces: [{match: [a], mode: warn, rules: {L7G001: deny}}]\n",
        "or write `warn` here",
        "remove",
    ),
    (
        "rules: {L7G001: warn, alb-ingress: deny}\n",
        "with `deny`",
        "with `warn`",
    ),
    (
        "rules: {alb-ingress: deny, L7G001: warn}\n",
        "with `deny`",
        "with `warn`",
    ),
    (
        "namespaces: [{match: [a], mode: deny}, {match: [a], mode: off}]\n",
        "remove this one, which changes nothing",
        "one of them",
    ),
    (
        "namespaces: [{match: [\"*\"], mode: deny}, {match: [a], mode: off}]\n",
        "remove it, which changes nothing, or put it before if it is the stricter one",
        "put it before, or",
    ),
];

#[test]
fn no_advice_loosens() {
    for (body, advice, loosens) in ADVICE {
        let found = shown(&read_body(body).problems);
        assert_eq!(found.len(), 1, "{body}{found:#?}");
        assert!(found[0].contains(advice), "{body}{}", found[0]);
        assert!(!found[0].contains(loosens), "{body}{}", found[0]);
    }
}

#[test]
fn what_is_advised_of_an_ended_ratchet_keeps_refusing() {
    let holds = |body: &str| {
        let configuration = read_body(body).configuration.unwrap();
        configuration.ratchet.holds(today())
    };
    assert!(!holds("ratchet: {until: 2026-03-09}\n"));
    assert!(!holds("ratchet: {enabled: false}\n"));
    let advised = read_body("ratchet: {enabled: false}\n");
    assert!(advised.problems.is_empty());
    assert_eq!(advised.configuration.unwrap().ratchet, Ratchet::Off);
}
