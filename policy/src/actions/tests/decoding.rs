//! What is read, and what is no action at all.

use super::*;

#[test]
fn keys_match_in_any_case() {
    for json in [
        r#"{"Type":"forward","ForwardConfig":{"TargetGroups":[{"ServiceName":"gw","ServicePort":"80"}]}}"#,
        r#"{"TYPE":"forward","FORWARDCONFIG":{"TARGETGROUPS":[{"SERVICENAME":"gw","SERVICEPORT":80}]}}"#,
        r#"{"tYpE":"forward","forwardconfig":{"targetgroups":[{"servicename":"gw","serviceport":80}]}}"#,
    ] {
        assert_eq!(forward(json), [service("gw")], "{json}");
    }
    assert_eq!(
        forward(r#"{"type":"forward","TargetGroupArn":"a"}"#),
        [ForwardTarget::TargetGroupArn("a".into())]
    );
}

#[test]
fn keys_match_with_the_long_s_and_the_kelvin_sign() {
    let json = forward_to("{\"\u{17f}erviceName\":\"gw\",\"\u{17f}ervicePort\":80}");
    assert_eq!(forward(&json), [service("gw")]);
    let sticky = decoded(
        "{\"type\":\"forward\",\"forwardConfig\":{\"targetGroup\u{17f}tic\u{212a}ine\u{17f}\u{17f}Config\":{\"enabled\":true}}}",
    );
    let sticky = sticky
        .forward_config
        .unwrap()
        .target_group_stickiness_config
        .unwrap();
    assert_eq!(sticky.enabled, Some(true));
}

#[test]
fn keys_and_values_may_be_escaped() {
    let json = forward_to(r#"{"\u0073erviceName":"\u0067\u0077","\u017fervicePort":80}"#);
    assert_eq!(forward(&json), [service("gw")]);
    assert_eq!(
        forward(r#"{"type":"\u0066orward","targetGroupName":"a\/b"}"#),
        [ForwardTarget::TargetGroupName("a/b".into())]
    );
}

#[test]
fn unknown_fields_are_ignored() {
    let json = forward_to(
        r#"{"serviceName":"gw","servicePort":80,"serviceNamespace":"x","order":[1e999,{"a":null}]}"#,
    );
    assert_eq!(forward(&json), [service("gw")]);
}

#[test]
fn what_go_does_not_decode_is_an_error() {
    let valid = format!(r#"{{"type":"forward","targetGroupARN":"{ARN}"}}"#);
    for json in [
        format!("{valid} x"),
        format!("{valid}{valid}"),
        r#"{"type":"forward","targetGroupARN":"a",}"#.to_owned(),
        format!("\u{feff}{valid}"),
        String::new(),
        " ".to_owned(),
        "forward".to_owned(),
        "{'type':'forward'}".to_owned(),
    ] {
        assert!(
            matches!(read(&json), Err(UnreadableAction::Syntax(_))),
            "{json}"
        );
    }
}

#[test]
fn a_value_of_the_wrong_type_is_an_error_wherever_it_stands() {
    for (json, path) in [
        ("[]".to_owned(), ""),
        (r#""forward""#.to_owned(), ""),
        (r#"{"type":1}"#.to_owned(), "type"),
        (
            r#"{"type":"forward","targetGroupARN":{}}"#.to_owned(),
            "targetGroupARN",
        ),
        (
            forward_to(r#"{"serviceName":"a","servicePort":1,"weight":"50"}"#),
            "forwardConfig.targetGroups[0].weight",
        ),
        (
            forward_to(&format!(r#"{APP},{{"weight":1.5}}"#)),
            "forwardConfig.targetGroups[1].weight",
        ),
        (
            r#"{"FORWARDCONFIG":{"targetGroupStickinessConfig":{"durationSeconds":2147483648}}}"#
                .to_owned(),
            "forwardConfig.targetGroupStickinessConfig.durationSeconds",
        ),
        (
            r#"{"type":"redirect","redirectConfig":{"statusCode":301}}"#.to_owned(),
            "redirectConfig.statusCode",
        ),
    ] {
        assert_eq!(type_error_path(&json), path, "{json}");
    }
}

/// A wrong type is an error even if a later duplicate is right.
#[test]
fn a_wrong_type_is_not_healed_by_a_later_duplicate() {
    assert_eq!(
        type_error_path(r#"{"type":1,"type":"forward","targetGroupARN":"a"}"#),
        "type"
    );
}

#[test]
fn null_decodes_to_an_empty_action_which_is_of_no_known_type() {
    assert_eq!(refusal("null"), Refusal::UnknownType("".into()));
}

#[test]
fn lone_surrogates_are_accepted() {
    let json = forward_to(r#"{"serviceName":"gw\ud800","servicePort":80}"#);
    assert_eq!(forward(&json), [service("gw\u{fffd}")]);
}

#[test]
fn a_number_too_big_for_any_type_is_accepted_where_nobody_reads_it() {
    let json = format!(r#"{{"x":1e999,"type":"forward","targetGroupARN":"{ARN}"}}"#);
    assert_eq!(forward(&json), [ForwardTarget::TargetGroupArn(ARN.into())]);
}

/// The action itself is the first level. On the 2 MiB stack that a thread has by default.
#[test]
fn an_action_may_nest_to_exactly_ten_thousand_levels() {
    let action = |levels: usize| {
        let (open, close) = ("[".repeat(levels - 1), "]".repeat(levels - 1));
        format!(r#"{{"x":{open}{close},"type":"forward","targetGroupName":"edge"}}"#)
    };
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(move || {
            assert!(read(&action(9_999)).is_ok());
            assert!(read(&action(10_000)).is_ok());
            let error = read(&action(10_001)).unwrap_err();
            assert!(matches!(error, UnreadableAction::Syntax(_)), "{error}");
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn errors_say_what_is_wrong_in_one_line() {
    for (json, message) in [
        (
            r#"{"type":"forward",}"#.to_owned(),
            "not JSON: `}` where a key in double quotes is needed at line 1, column 19",
        ),
        (
            forward_to(r#"{"weight":"50"}"#),
            "wrong type: `forwardConfig.targetGroups[0].weight` is a string, not an integer of 32 bits",
        ),
        (
            "\"x\"".to_owned(),
            "wrong type: the whole is a string, not an object",
        ),
        (
            r#"{"type":"Forward\u0007"}"#.to_owned(),
            r#"refused by the controller: `type` is "Forward\u{7}": it must be "forward", "redirect" or "fixed-response""#,
        ),
        (
            forward_to(r#"{"serviceName":"gw"}"#),
            "refused by the controller: `forwardConfig.targetGroups[0]` needs `servicePort` beside `serviceName`",
        ),
        (
            r#"{"type":"redirect","redirectConfig":{}}"#.to_owned(),
            "refused by the controller: `redirectConfig.statusCode` is missing",
        ),
    ] {
        assert_eq!(read(&json).unwrap_err().to_string(), message);
    }
}
