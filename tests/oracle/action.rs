//! Actions as people write them, and pieces of them.

use crate::random::Random;
use crate::text::{Member, Node};

const NAMES: &[&str] = &[
    "app",
    "gw",
    "istio-ingressgateway",
    "istio-system/gw",
    "",
    "caf\u{e9}",
    "\u{1f600}",
    "a\"b\\c/d",
    "tab\tline\nnul\u{0}",
    "\u{2028}\u{fffd}\u{feff}",
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/edge/0123456789abcdef",
];

/// Every field name of every type of an action.
pub(crate) const FIELDS: &[&str] = &[
    "type",
    "targetGroupARN",
    "targetGroupName",
    "fixedResponseConfig",
    "redirectConfig",
    "forwardConfig",
    "contentType",
    "messageBody",
    "statusCode",
    "host",
    "path",
    "port",
    "protocol",
    "query",
    "targetGroups",
    "targetGroupStickinessConfig",
    "enabled",
    "durationSeconds",
    "serviceName",
    "servicePort",
    "weight",
];

/// An action that the controller nearly always accepts.
pub(crate) fn action(random: &mut Random) -> Node {
    let mut members = match random.below(10) {
        0..=6 => forward(random),
        7 | 8 => answer(random, "redirect", "redirectConfig"),
        _ => answer(random, "fixed-response", "fixedResponseConfig"),
    };
    if random.percent(50) {
        members.reverse();
    }
    Node::Object(members)
}

fn forward(random: &mut Random) -> Vec<Member> {
    let mut members = vec![Member::new("type", Node::text("forward"))];
    if random.percent(20) {
        let form = random.below(3);
        if form != 0 {
            members.push(Member::new("targetGroupARN", name(random)));
        }
        if form != 1 {
            members.push(Member::new("targetGroupName", name(random)));
        }
    } else {
        members.push(Member::new(
            "forwardConfig",
            value_of("forwardConfig", random),
        ));
    }
    members
}

fn answer(random: &mut Random, kind: &str, config: &str) -> Vec<Member> {
    vec![
        Member::new("type", Node::text(kind)),
        Member::new(config, value_of(config, random)),
    ]
}

/// A value of the type that this field has.
pub(crate) fn value_of(field: &str, random: &mut Random) -> Node {
    match field {
        "type" => Node::text(random.one_of(&["forward", "forward", "redirect", "fixed-response"])),
        "statusCode" => Node::text(random.one_of(&["HTTP_301", "503", "200"])),
        "enabled" => Node::raw(random.one_of(&["true", "false"])),
        "durationSeconds" | "weight" => {
            Node::raw(random.one_of(&["0", "1", "100", "-5", "2147483647"]))
        }
        "servicePort" => match random.below(3) {
            0 => Node::raw(random.one_of(&["80", "0", "-1", "15021"])),
            1 => Node::text(random.one_of(&["80", "080", "+80", "-80", "8080"])),
            _ => Node::text(random.one_of(&["http2", "", "80a", " 80", "status-port"])),
        },
        "fixedResponseConfig" => {
            object_of(random, &["statusCode"], &["contentType", "messageBody"])
        }
        "redirectConfig" => object_of(
            random,
            &["statusCode"],
            &["host", "path", "port", "protocol", "query"],
        ),
        "targetGroupStickinessConfig" => object_of(random, &[], &["enabled", "durationSeconds"]),
        "forwardConfig" => object_of(random, &["targetGroups"], &["targetGroupStickinessConfig"]),
        "targetGroups" => {
            let count = random.one_of(&[0, 1, 1, 1, 2, 2, 3, 5]);
            Node::Array((0..count).map(|_| target_group(random)).collect())
        }
        _ => name(random),
    }
}

fn target_group(random: &mut Random) -> Node {
    let required: &[&str] = match random.below(5) {
        0 => &["targetGroupARN", "weight"],
        1 => &["targetGroupName", "weight"],
        _ => &["serviceName", "servicePort", "weight"],
    };
    object_of(random, required, &[])
}

/// An object with these fields, and half of those, in any order.
fn object_of(random: &mut Random, required: &[&str], optional: &[&str]) -> Node {
    let mut members: Vec<Member> = Vec::new();
    for field in required {
        members.push(Member::new(field, value_of(field, random)));
    }
    for field in optional {
        if random.percent(50) {
            members.push(Member::new(field, value_of(field, random)));
        }
    }
    if !members.is_empty() {
        let start = random.below(members.len());
        members.rotate_left(start);
    }
    Node::Object(members)
}

fn name(random: &mut Random) -> Node {
    Node::text(random.one_of(NAMES))
}

/// Any JSON value, at most so many levels deep.
pub(crate) fn any_value(random: &mut Random, levels: usize) -> Node {
    match random.below(if levels == 0 { 4 } else { 6 }) {
        0 => Node::raw(random.one_of(&["null", "true", "false"])),
        1 => Node::raw(random.one_of(&["0", "-1", "1e999", "1.5E-3", "123456789012345678901"])),
        2 | 3 => name(random),
        4 => Node::Array(
            (0..random.below(4))
                .map(|_| any_value(random, levels - 1))
                .collect(),
        ),
        _ => Node::Object(
            (0..random.below(4))
                .map(|_| Member::new(random.one_of(FIELDS), any_value(random, levels - 1)))
                .collect(),
        ),
    }
}
