//! What a sound document means.

use std::collections::BTreeMap;

use l7guard_policy::configuration::{
    Admission, Aws, Configuration, CrossNamespaceNames, Date, Exemption, Istio, Likely, Matcher,
    Messages, Modes, NamePattern, NamespaceModes, Ratchet, ServicePattern, UnknownRouter,
};
use l7guard_policy::gateways::kind::GatewayKind;
use l7guard_policy::identity::Kind;
use l7guard_policy::rules::{Mode, RuleCode};
use time::Month;

use super::{HEAD, example, read_body, read_text, shown, today};
use crate::configuration::{Reading, Severity, schema};

fn sound(reading: Reading) -> Configuration {
    assert_eq!(shown(&reading.problems), Vec::<String>::new());
    reading.configuration.unwrap()
}

fn names(names: &[&str]) -> Vec<Box<str>> {
    names.iter().copied().map(Box::from).collect()
}

fn patterns(texts: &[&str]) -> Vec<NamePattern> {
    let parse = |text: &&str| NamePattern::parse(text).unwrap();
    texts.iter().map(parse).collect()
}

fn day(year: i32, month: Month, day: u8) -> Date {
    Date::from_calendar_date(year, month, day).unwrap()
}

#[test]
fn a_document_that_says_nothing_is_the_default() {
    assert_eq!(sound(read_text(HEAD)), Configuration::default());
    assert_eq!(
        sound(read_body(
            "rules: {}\naws: {}\nistio: {}\nratchet: {}\nadmission: {}\nmessages: {}\n"
        )),
        Configuration::default()
    );
}

#[test]
fn the_defaults_that_the_schema_shows_are_the_defaults() {
    let schema = schema();
    let mut document = serde_json::json!({"apiVersion": "l7guard/v1", "kind": "Configuration"});
    let defaults = |properties: &serde_json::Value| {
        let mut defaults = serde_json::Map::new();
        for (key, property) in properties.as_object().unwrap() {
            if let Some(default) = property.get("default") {
                defaults.insert(key.clone(), default.clone());
            }
        }
        defaults
    };
    document
        .as_object_mut()
        .unwrap()
        .extend(defaults(&schema["properties"]));
    for (key, definition) in [
        ("admission", "Admission"),
        ("aws", "Aws"),
        ("istio", "Istio"),
        ("ratchet", "Ratchet"),
    ] {
        let section = defaults(&schema["$defs"][definition]["properties"]);
        assert!(!section.is_empty(), "{definition}");
        document[key] = section.into();
    }
    assert_eq!(
        sound(read_text(&document.to_string())),
        Configuration::default()
    );
}

#[test]
fn what_the_recipe_says_to_write_is_read_without_a_problem() {
    let page = include_str!("../../../docs/configuration.md");
    let parts: Vec<&str> = page.split("   ```yaml\n").skip(1).collect();
    assert!(!parts.is_empty());
    for part in parts {
        let (body, _) = part.split_once("   ```").unwrap();
        let body = body.replace("\n   ", "\n");
        let reading = read_body(body.trim_start());
        assert_eq!(shown(&reading.problems), [""; 0], "{body}");
    }
}

#[test]
fn the_documented_example_means_what_it_says() {
    let expected = Configuration {
        admission: Admission {
            cross_namespace_names: CrossNamespaceNames::Hidden,
        },
        messages: Messages {
            documentation: Some("https://wiki.example.com/l7guard/{code}".into()),
            contact: Some("#platform in the chat, platform@example.com".into()),
        },
        aws: Aws {
            ingress_class_annotations: names(&["alb"]),
            ingress_controllers: names(&["ingress.k8s.aws/alb", "eks.amazonaws.com/alb"]),
            manages_classless_ingresses: false,
            well_known_class_names: names(&["alb", "alb-internal"]),
            gateway_controllers: names(&["gateway.k8s.aws/alb"]),
            well_known_gateway_class_names: Vec::new(),
        },
        istio: Istio {
            gateway_kinds: vec![GatewayKind::Ingress, GatewayKind::Egress],
            gateway_controllers: names(&["istio.io/gateway-controller"]),
            well_known_service_names: names(&["istio-ingressgateway", "istio-ingress"]),
            gateway_services: vec![ServicePattern {
                namespace: NamePattern::parse("edge").unwrap(),
                name: NamePattern::parse("gw-*").unwrap(),
            }],
            unknown_router: UnknownRouter::Warn,
            cluster_domain: "cluster.local".into(),
        },
        modes: Modes {
            at_most: Mode::Deny,
            rules: BTreeMap::from([
                (RuleCode::L7G102, Mode::Audit),
                (RuleCode::L7G104, Mode::Off),
            ]),
            namespaces: vec![
                NamespaceModes {
                    namespaces: patterns(&["sandbox"]),
                    at_most: Some(Mode::Off),
                    rules: BTreeMap::new(),
                },
                NamespaceModes {
                    namespaces: patterns(&["team-*", "shop"]),
                    at_most: Some(Mode::Warn),
                    rules: BTreeMap::from([(RuleCode::L7G101, Mode::Off)]),
                },
            ],
        },
        likely: Likely::Deny,
        ratchet: Ratchet::Until(day(2099, Month::June, 30)),
        exemptions: vec![Exemption {
            name: "waf-at-the-edge".into(),
            reason: "The WAF rules move to the mesh with the next release.".into(),
            owner: "team-edge@example.com".into(),
            ticket: Some("EDGE-17".into()),
            expires: day(2099, Month::March, 31),
            covers: Matcher {
                kinds: vec![Kind::Ingress],
                namespaces: patterns(&["edge"]),
                names: patterns(&["web-*"]),
                rules: vec![RuleCode::L7G001],
            },
        }],
    };
    assert_eq!(sound(read_text(example())), expected);
}

#[test]
fn what_the_example_leaves_at_its_default_can_be_set_too() {
    let configuration = sound(read_body(
        "mode: audit
likely: warn
ratchet: {enabled: false}
aws:
  manageClasslessIngresses: true
  wellKnownGatewayClassNames: [aws-alb]
istio:
  gatewayKinds: [eastWest]
  unknownRouter: deny
  clusterDomain: k8s.example.com
",
    ));
    assert_eq!(configuration.modes.at_most, Mode::Audit);
    assert_eq!(configuration.likely, Likely::Warn);
    assert_eq!(configuration.ratchet, Ratchet::Off);
    assert!(configuration.aws.manages_classless_ingresses);
    assert_eq!(
        configuration.aws.well_known_gateway_class_names,
        names(&["aws-alb"])
    );
    assert_eq!(configuration.istio.gateway_kinds, [GatewayKind::EastWest]);
    assert_eq!(configuration.istio.unknown_router, UnknownRouter::Deny);
    assert_eq!(&*configuration.istio.cluster_domain, "k8s.example.com");
}

#[test]
fn lists_replace_the_default_even_by_nothing_where_that_switches_nothing_off() {
    let configuration = sound(read_body(
        "aws: {wellKnownIngressClassNames: [], ingressControllers: [example.com/alb]}\nistio: {wellKnownServiceNames: []}\n",
    ));
    assert_eq!(configuration.aws.well_known_class_names, names(&[]));
    assert_eq!(
        configuration.aws.ingress_controllers,
        names(&["example.com/alb"])
    );
    assert_eq!(configuration.istio.well_known_service_names, names(&[]));
}

#[test]
fn off_may_stand_with_and_without_quotes() {
    for off in ["off", "\"off\"", "false"] {
        let configuration = sound(read_body(&format!("rules: {{L7G101: {off}}}\n")));
        assert_eq!(
            configuration.modes.rules[&RuleCode::L7G101],
            Mode::Off,
            "{off}"
        );
    }
}

#[test]
fn a_target_group_binding_is_meant_in_both_groups() {
    let configuration = sound(read_body(
        "exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {kinds: [TargetGroupBinding]}}]\n",
    ));
    assert_eq!(
        configuration.exemptions[0].covers.kinds,
        [Kind::TargetGroupBinding, Kind::EksTargetGroupBinding]
    );
}

#[test]
fn json_is_read_as_well() {
    let text = r#"{"apiVersion": "l7guard/v1", "kind": "Configuration", "mode": "warn"}"#;
    assert_eq!(sound(read_text(text)).modes.at_most, Mode::Warn);
}

#[test]
fn a_reason_may_have_several_lines() {
    let configuration = sound(read_body(
        "exemptions:
  - name: a
    reason: |
      First line.
      Second line.
    owner: c
    expires: 2027-01-01
    match: {names: [web]}
",
    ));
    assert_eq!(
        &*configuration.exemptions[0].reason,
        "First line.\nSecond line."
    );
}

/// An exemption that ends on this day: what is said about it, and how grave it is.
fn ending(last: &str) -> (Vec<(Severity, String)>, bool) {
    let reading = read_body(&format!(
        "exemptions: [{{name: a, reason: b, owner: c, expires: {last}, match: {{names: [web]}}}}]\n"
    ));
    let said = reading.problems.iter();
    let said = said
        .map(|problem| (problem.severity, problem.message.clone()))
        .collect();
    (said, reading.configuration.is_some())
}

#[test]
fn an_end_is_told_two_weeks_before_and_after_and_stops_nothing() {
    let (said, is_usable) = ending("2026-03-25");
    assert_eq!((said.len(), is_usable), (0, true));
    for (last, severity, part) in [
        ("2026-03-24", Severity::Warning, "ends in 14 days"),
        ("2026-03-11", Severity::Warning, "ends tomorrow"),
        ("2026-03-10", Severity::Warning, "ends today"),
        ("2026-03-09", Severity::Expired, "ended on 2026-03-09"),
    ] {
        let (said, is_usable) = ending(last);
        assert!(is_usable, "{last}");
        assert_eq!(said.len(), 1, "{last}");
        assert_eq!(said[0].0, severity, "{last}");
        assert!(said[0].1.contains(part), "{said:?}");
    }
}

#[test]
fn the_end_of_the_ratchet_is_told_and_is_no_error() {
    for (until, part) in [
        ("2026-03-09", "the ratchet ended on 2026-03-09"),
        ("2026-03-10", "the ratchet ends today"),
        ("2026-03-24", "the ratchet ends in 14 days"),
    ] {
        let reading = read_body(&format!("ratchet: {{until: {until}}}\n"));
        assert_eq!(reading.problems.len(), 1, "{until}");
        assert_eq!(reading.problems[0].severity, Severity::Warning, "{until}");
        let message = &reading.problems[0].message;
        assert!(message.contains(part), "{message}");
        assert!(message.contains("is refused, also where"), "{message}");
        let ratchet = reading.configuration.unwrap().ratchet;
        assert_eq!(ratchet.holds(today()), until != "2026-03-09", "{until}");
    }
}

#[test]
fn an_exemption_of_a_rule_that_some_namespace_asks_for_is_sound() {
    sound(read_body(
        "rules: {L7G001: off}
namespaces: [{match: [edge], rules: {alb-ingress: deny}}]
exemptions: [{name: a, reason: b, owner: c, expires: 2027-01-01, match: {rules: [L7G001]}}]
",
    ));
}

#[test]
fn a_narrow_pattern_may_stand_before_a_wide_one() {
    sound(read_body(
        "namespaces:
  - {match: [team-a, \"team-?\"], mode: warn}
  - {match: [\"team-*\"], mode: audit}
  - {match: [\"*\"], mode: deny}
",
    ));
}
