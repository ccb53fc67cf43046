//! What a key given again does.

use super::*;

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
