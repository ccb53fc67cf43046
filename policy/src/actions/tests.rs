use super::types::IntOrString;
use super::*;

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/edge/1";

fn service(name: &str) -> ForwardTarget {
    ForwardTarget::Service(name.into())
}

fn forward(json: &str) -> Vec<ForwardTarget> {
    match read(json) {
        Ok(Action::Forward(targets)) => targets,
        other => panic!("{json}: {other:?}"),
    }
}

fn decoded(json: &str) -> types::Action {
    types::Action::read(json.as_bytes()).unwrap()
}

fn refusal(json: &str) -> Refusal {
    match read(json) {
        Err(UnreadableAction::Refused(refusal)) => refusal,
        other => panic!("{json}: {other:?}"),
    }
}

fn target_group_refusal(groups: &str) -> (usize, TargetGroupRefusal) {
    match refusal(&forward_to(groups)) {
        Refusal::TargetGroup(index, refusal) => (index, refusal),
        other => panic!("{groups}: {other:?}"),
    }
}

fn type_error_path(json: &str) -> String {
    match read(json) {
        Err(UnreadableAction::Type(error)) => error.path().to_owned(),
        other => panic!("{json}: {other:?}"),
    }
}

/// A forward with these elements of `targetGroups`.
fn forward_to(groups: &str) -> String {
    format!(r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{groups}]}}}}"#)
}

/// A forward whose `forwardConfig` comes several times, each with these elements of `targetGroups`.
fn forward_to_in_turn(turns: &[&str]) -> String {
    let configs: String = turns
        .iter()
        .map(|groups| format!(r#","forwardConfig":{{"targetGroups":{groups}}}"#))
        .collect();
    format!(r#"{{"type":"forward"{configs}}}"#)
}

const APP: &str = r#"{"serviceName":"app","servicePort":80,"weight":1}"#;
const GATEWAY: &str = r#"{"serviceName":"gw","servicePort":"http2","weight":0}"#;

#[test]
fn a_forward_names_its_services_in_order_whatever_their_weight() {
    assert_eq!(forward(&forward_to(APP)), [service("app")]);
    assert_eq!(
        forward(&forward_to(&format!("{APP},{GATEWAY}"))),
        [service("app"), service("gw")]
    );
}

#[test]
fn a_redirect_and_a_fixed_response_go_nowhere() {
    assert_eq!(
        read(r#"{"type":"redirect","redirectConfig":{"port":"443","statusCode":"HTTP_301"}}"#),
        Ok(Action::Redirect)
    );
    assert_eq!(
        read(r#"{"type":"fixed-response","fixedResponseConfig":{"statusCode":"503"}}"#),
        Ok(Action::FixedResponse)
    );
}

#[test]
fn the_type_is_exact() {
    for kind in [
        "Forward",
        "FORWARD",
        " forward",
        "forward ",
        "fixedResponse",
        "",
    ] {
        let json = format!(r#"{{"type":"{kind}","targetGroupARN":"{ARN}"}}"#);
        assert_eq!(refusal(&json), Refusal::UnknownType(kind.into()));
    }
    assert_eq!(refusal("{}"), Refusal::UnknownType("".into()));
}

#[test]
fn a_long_unknown_type_is_cut_in_the_error() {
    let json = format!(r#"{{"type":"{}"}}"#, "\u{e9}".repeat(100_000));
    assert_eq!(
        refusal(&json),
        Refusal::UnknownType("\u{e9}".repeat(64).into())
    );
}

#[test]
fn the_short_form_forwards_to_one_target_group_by_arn_or_name() {
    assert_eq!(
        forward(&format!(r#"{{"type":"forward","targetGroupARN":"{ARN}"}}"#)),
        [ForwardTarget::TargetGroupArn(ARN.into())]
    );
    assert_eq!(
        forward(r#"{"type":"forward","targetGroupName":"edge"}"#),
        [ForwardTarget::TargetGroupName("edge".into())]
    );
}

#[test]
fn the_short_form_becomes_the_long_one() {
    let long = decoded(
        r#"{"type":"forward","forwardConfig":{"targetGroups":[{"targetGroupARN":"a","targetGroupName":"n"}]}}"#,
    );
    let short = decoded(
        r#"{"type":"forward","targetGroupARN":"a","targetGroupName":"n","redirectConfig":{"host":"x"}}"#,
    );
    assert_eq!(short, long);
}

#[test]
fn target_groups_may_be_named_by_arn_name_or_service_side_by_side() {
    let groups = format!(
        r#"{{"targetGroupARN":"{ARN}","weight":1}},{{"targetGroupName":"edge","weight":1}},{APP}"#
    );
    assert_eq!(
        forward(&forward_to(&groups)),
        [
            ForwardTarget::TargetGroupArn(ARN.into()),
            ForwardTarget::TargetGroupName("edge".into()),
            service("app")
        ]
    );
}

#[test]
fn arn_and_name_together_are_accepted_and_the_arn_counts() {
    let both = format!(r#""targetGroupName":"edge","targetGroupARN":"{ARN}""#);
    let arn = [ForwardTarget::TargetGroupArn(ARN.into())];
    assert_eq!(forward(&format!(r#"{{"type":"forward",{both}}}"#)), arn);
    assert_eq!(forward(&forward_to(&format!("{{{both}}}"))), arn);
}

#[test]
fn a_target_group_names_a_service_or_a_target_group_and_not_both() {
    for (groups, expected) in [
        ("{}", (0, TargetGroupRefusal::MissingTarget)),
        ("null", (0, TargetGroupRefusal::MissingTarget)),
        (
            r#"{"serviceName":"a","servicePort":1,"weight":1},{"weight":1}"#,
            (1, TargetGroupRefusal::MissingTarget),
        ),
        (
            r#"{"serviceName":"a","servicePort":1,"targetGroupARN":"x"}"#,
            (0, TargetGroupRefusal::AmbiguousTarget),
        ),
        (
            r#"{"serviceName":"a","servicePort":1,"targetGroupName":"x"}"#,
            (0, TargetGroupRefusal::AmbiguousTarget),
        ),
    ] {
        assert_eq!(target_group_refusal(groups), expected, "{groups}");
    }
}

#[test]
fn a_service_needs_a_port() {
    let expected = (0, TargetGroupRefusal::MissingServicePort);
    assert_eq!(target_group_refusal(r#"{"serviceName":"a"}"#), expected);
    assert_eq!(
        target_group_refusal(r#"{"serviceName":"a","servicePort":80,"servicePort":null}"#),
        expected
    );
}

#[test]
fn several_target_groups_need_a_weight_each() {
    assert_eq!(
        target_group_refusal(&format!(r#"{APP},{{"serviceName":"b","servicePort":1}}"#)),
        (1, TargetGroupRefusal::MissingWeight)
    );
    assert_eq!(
        forward(&forward_to(r#"{"serviceName":"b","servicePort":1}"#)),
        [service("b")]
    );
}

#[test]
fn a_forward_is_short_or_long_and_not_both() {
    assert_eq!(
        refusal(r#"{"type":"forward"}"#),
        Refusal::MissingForwardConfig
    );
    assert_eq!(
        refusal(r#"{"type":"forward","forwardConfig":null}"#),
        Refusal::MissingForwardConfig
    );
    for short in [r#""targetGroupARN":"x""#, r#""targetGroupName":"x""#] {
        assert_eq!(
            refusal(&format!(
                r#"{{"type":"forward",{short},"forwardConfig":{{}}}}"#
            )),
            Refusal::AmbiguousForward
        );
    }
}

#[test]
fn a_redirect_and_a_fixed_response_need_their_own_configuration_with_a_status_code() {
    assert_eq!(
        refusal(r#"{"type":"redirect","fixedResponseConfig":{"statusCode":"200"}}"#),
        Refusal::MissingRedirectConfig
    );
    assert_eq!(
        refusal(r#"{"type":"redirect","redirectConfig":{"host":"x"}}"#),
        Refusal::MissingStatusCode("redirectConfig")
    );
    assert_eq!(
        refusal(r#"{"type":"fixed-response","redirectConfig":{"statusCode":"200"}}"#),
        Refusal::MissingFixedResponseConfig
    );
    assert_eq!(
        refusal(r#"{"type":"fixed-response","fixedResponseConfig":{"statusCode":""}}"#),
        Refusal::MissingStatusCode("fixedResponseConfig")
    );
}

#[test]
fn configurations_of_other_types_are_ignored_but_must_decode() {
    let redirect = |stray: &str| {
        format!(r#"{{"type":"redirect","redirectConfig":{{"statusCode":"HTTP_302"}},{stray}}}"#)
    };
    for stray in [
        r#""forwardConfig":{"targetGroups":[{"serviceName":"gw"}]}"#,
        r#""forwardConfig":{"targetGroups":[{}]}"#,
        r#""targetGroupARN":"x","targetGroupName":"y""#,
        r#""fixedResponseConfig":{}"#,
    ] {
        assert_eq!(read(&redirect(stray)), Ok(Action::Redirect), "{stray}");
    }
    assert_eq!(
        type_error_path(&redirect(r#""forwardConfig":[]"#)),
        "forwardConfig"
    );
}

#[test]
fn a_service_port_may_be_a_number_or_a_string_and_a_number_in_quotes_is_a_number() {
    for (port, expected) in [
        ("80", IntOrString::Int(80)),
        (r#""80""#, IntOrString::Int(80)),
        (r#""080""#, IntOrString::Int(80)),
        (r#""+80""#, IntOrString::Int(80)),
        (r#""-1""#, IntOrString::Int(-1)),
        (r#""http2""#, IntOrString::String("http2".into())),
        (r#""""#, IntOrString::String(String::new())),
        (r#"" 80""#, IntOrString::String(" 80".into())),
        (r#""2147483648""#, IntOrString::String("2147483648".into())),
        (
            r#"0,"servicePort":"x","servicePort":7"#,
            IntOrString::Int(7),
        ),
        (r#"7,"servicePort":"x""#, IntOrString::String("x".into())),
    ] {
        let json = forward_to(&format!(r#"{{"serviceName":"a","servicePort":{port}}}"#));
        let config = decoded(&json).forward_config.unwrap();
        assert_eq!(
            config.target_groups[0].service_port,
            Some(expected),
            "{port}"
        );
    }
    for port in [
        "80.0",
        "8e1",
        "2147483648",
        "true",
        "[80]",
        r#"{"port":80}"#,
    ] {
        let json = forward_to(&format!(r#"{{"serviceName":"a","servicePort":{port}}}"#));
        assert_eq!(
            type_error_path(&json),
            "forwardConfig.targetGroups[0].servicePort",
            "{port}"
        );
    }
}

#[test]
fn a_service_name_is_literal_and_knows_no_namespaces() {
    let json = forward_to(r#"{"serviceName":"istio-system/gw","servicePort":80}"#);
    assert_eq!(forward(&json), [service("istio-system/gw")]);
}

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
fn a_repeated_object_merges_field_by_field() {
    let json = format!(
        r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{GATEWAY}]}},"forwardConfig":{{}}}}"#
    );
    assert_eq!(forward(&json), [service("gw")]);
    let json = r#"{"type":"redirect","redirectConfig":{"statusCode":"301"},"REDIRECTCONFIG":{"host":"x"}}"#;
    assert_eq!(read(json), Ok(Action::Redirect));
}

#[test]
fn a_repeated_array_merges_element_by_element() {
    for again in ["[{}]", "[null]", r#"[{"weight":7}]"#] {
        let first = format!("[{GATEWAY}]");
        assert_eq!(
            forward(&forward_to_in_turn(&[&first, again])),
            [service("gw")],
            "{again}"
        );
    }
    let json = forward_to_in_turn(&[
        r#"[{"serviceName":"gw"}]"#,
        r#"[{"servicePort":80,"weight":1},{"targetGroupName":"edge","weight":1}]"#,
    ]);
    assert_eq!(
        forward(&json),
        [service("gw"), ForwardTarget::TargetGroupName("edge".into())]
    );
}

#[test]
fn an_array_given_again_inside_one_object_merges_too() {
    let json = format!(
        r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{GATEWAY}],"TargetGroups":[{{"serviceName":"app"}}]}}}}"#
    );
    assert_eq!(forward(&json), [service("app")]);
}

#[test]
fn a_longer_array_brings_back_what_a_shorter_one_hid() {
    let both = format!("[{APP},{GATEWAY}]");
    assert_eq!(
        forward(&forward_to_in_turn(&[&both, "[{}]"])),
        [service("app")]
    );
    assert_eq!(
        forward(&forward_to_in_turn(&[&both, "[{}]", "[{},{}]"])),
        [service("app"), service("gw")]
    );
}

#[test]
fn only_an_empty_array_or_null_clears_the_target_groups() {
    let both = format!("[{APP},{GATEWAY}]");
    for clearing in ["[]", "null"] {
        assert_eq!(forward(&forward_to_in_turn(&[&both, clearing])), []);
        let json = forward_to_in_turn(&[&both, clearing, "[{},{}]"]);
        assert_eq!(
            refusal(&json),
            Refusal::TargetGroup(0, TargetGroupRefusal::MissingTarget)
        );
    }
}

#[test]
fn null_empties_pointer_fields() {
    let json = format!(
        r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{GATEWAY}]}},"forwardConfig":null,"targetGroupName":"edge"}}"#
    );
    assert_eq!(
        forward(&json),
        [ForwardTarget::TargetGroupName("edge".into())]
    );
    let json = forward_to(
        r#"{"serviceName":"gw","servicePort":80,"serviceName":null,"targetGroupName":"edge"}"#,
    );
    assert_eq!(
        forward(&json),
        [ForwardTarget::TargetGroupName("edge".into())]
    );
}

#[test]
fn a_config_that_null_emptied_starts_anew() {
    let json = format!(
        r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{GATEWAY}]}},"forwardConfig":null,"forwardConfig":{{}}}}"#
    );
    assert_eq!(forward(&json), []);
}

#[test]
fn null_changes_neither_the_type_nor_a_status_code() {
    assert_eq!(
        forward(r#"{"type":"forward","type":null,"targetGroupName":"edge"}"#),
        [ForwardTarget::TargetGroupName("edge".into())]
    );
    assert_eq!(
        read(r#"{"type":"redirect","redirectConfig":{"statusCode":"HTTP_301","statusCode":null}}"#),
        Ok(Action::Redirect)
    );
}

#[test]
fn the_last_of_repeated_plain_values_holds_whatever_the_spelling() {
    assert_eq!(
        forward(
            r#"{"type":"redirect","Type":"forward","targetGroupName":"a","TARGETGROUPNAME":"b"}"#
        ),
        [ForwardTarget::TargetGroupName("b".into())]
    );
    assert_eq!(
        refusal(r#"{"TYPE":"forward","type":"FORWARD","targetGroupName":"a"}"#),
        Refusal::UnknownType("FORWARD".into())
    );
}

#[test]
fn a_forward_without_target_groups_is_accepted() {
    assert_eq!(forward(r#"{"type":"forward","forwardConfig":{}}"#), []);
    assert_eq!(forward(&forward_to("")), []);
}

#[test]
fn a_negative_weight_is_accepted() {
    let groups = format!(r#"{APP},{{"serviceName":"gw","servicePort":80,"weight":-5}}"#);
    assert_eq!(
        forward(&forward_to(&groups)),
        [service("app"), service("gw")]
    );
}

#[test]
fn an_empty_arn_is_accepted_and_is_an_arn() {
    assert_eq!(
        forward(r#"{"type":"forward","targetGroupARN":"","targetGroupName":"edge"}"#),
        [ForwardTarget::TargetGroupArn("".into())]
    );
}

#[test]
fn a_redirect_with_a_stray_arn_is_a_redirect() {
    let json = format!(
        r#"{{"type":"redirect","redirectConfig":{{"statusCode":"HTTP_301"}},"targetGroupARN":"{ARN}"}}"#
    );
    assert_eq!(read(&json), Ok(Action::Redirect));
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

#[test]
fn two_target_groups_may_name_the_same_service() {
    assert_eq!(
        forward(&forward_to(&format!("{GATEWAY},{GATEWAY}"))),
        [service("gw"), service("gw")]
    );
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
