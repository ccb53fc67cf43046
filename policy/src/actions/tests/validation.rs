//! What the controller accepts of an action that it can decode, and where it goes then.

use super::types::IntOrString;
use super::*;

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
fn two_target_groups_may_name_the_same_service() {
    assert_eq!(
        forward(&forward_to(&format!("{GATEWAY},{GATEWAY}"))),
        [service("gw"), service("gw")]
    );
}
