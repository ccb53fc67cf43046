use serde_json::{Value, json};

use super::*;

fn complete() -> Value {
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "networking.k8s.io", "version": "v1", "kind": "Ingress"},
            "resource": {"group": "networking.k8s.io", "version": "v1", "resource": "ingresses"},
            "subResource": "status",
            "requestKind": {"group": "networking.k8s.io", "version": "v1beta1", "kind": "Ingress"},
            "requestResource": {"group": "networking.k8s.io", "version": "v1beta1", "resource": "ingresses"},
            "requestSubResource": "status",
            "name": "shop",
            "namespace": "front",
            "operation": "UPDATE",
            "userInfo": {"username": "dev", "uid": "1", "groups": ["a"], "extra": {"k": ["v"]}},
            "object": {"kind": "Ingress", "spec": {"rules": []}},
            "oldObject": {"kind": "Ingress"},
            "dryRun": true,
            "options": {"kind": "UpdateOptions"},
            "aFieldOfTomorrow": 1
        }
    })
}

/// A complete review with one field of the request set, or taken away with `Value::Null` given as `None`.
fn with(field: &str, value: Option<Value>) -> Vec<u8> {
    let mut review = complete();
    let request = review["request"].as_object_mut().unwrap();
    match value {
        Some(value) => request.insert(field.to_owned(), value),
        None => request.remove(field),
    };
    review.to_string().into_bytes()
}

/// The text of an object that was left as it came.
fn raw(taken: Option<ReviewedObject<'_>>) -> &str {
    match taken {
        Some(ReviewedObject::Raw(raw)) => raw.get(),
        other => panic!("{other:?}"),
    }
}

fn error(body: impl AsRef<[u8]>) -> ReviewError {
    Review::decode(body.as_ref()).unwrap_err()
}

#[test]
fn every_field_that_is_read_is_read_and_the_objects_stay_raw() {
    let body = complete().to_string();
    let review = Review::decode(body.as_bytes()).unwrap();
    assert_eq!(review.uid, "705ab4f5-6393-11e8-b7cc-42010a800002");
    assert_eq!(review.operation, Operation::Update);
    assert_eq!(review.kind.group, "networking.k8s.io");
    assert_eq!(
        (&*review.kind.version, &*review.kind.kind),
        ("v1", "Ingress")
    );
    assert_eq!(review.sub_resource.as_deref(), Some("status"));
    assert_eq!(
        (review.name.as_deref(), review.namespace.as_deref()),
        (Some("shop"), Some("front"))
    );
    assert_eq!(review.user_info.username, "dev");
    assert!(review.dry_run);
    assert_eq!(
        raw(review.object),
        r#"{"kind":"Ingress","spec":{"rules":[]}}"#
    );
    assert_eq!(raw(review.old_object), r#"{"kind":"Ingress"}"#);
}

#[test]
fn text_without_escapes_is_borrowed_and_text_with_escapes_is_right() {
    let body = complete().to_string().replace("\"shop\"", r#""sh\u006fp""#);
    let review = Review::decode(body.as_bytes()).unwrap();
    for text in [
        &review.uid,
        &review.kind.kind,
        &review.user_info.username,
        review.namespace.as_ref().unwrap(),
    ] {
        assert!(matches!(text, Cow::Borrowed(_)), "{text}");
    }
    assert_eq!(review.name.as_deref(), Some("shop"));
}

#[test]
fn null_is_absent() {
    for field in [
        "subResource",
        "requestKind",
        "requestResource",
        "name",
        "namespace",
        "userInfo",
        "object",
        "oldObject",
        "dryRun",
        "resource",
    ] {
        for body in [with(field, Some(Value::Null)), with(field, None)] {
            let review = Review::decode(&body).unwrap();
            match field {
                "subResource" => assert!(review.sub_resource.is_none()),
                "name" => assert!(review.name.is_none()),
                "namespace" => assert!(review.namespace.is_none()),
                "userInfo" => assert!(review.user_info.username.is_empty()),
                "object" => assert!(review.object.is_none()),
                "oldObject" => assert!(review.old_object.is_none()),
                "dryRun" => assert!(!review.dry_run),
                // Nobody reads it.
                _ => assert_eq!(review.uid, "705ab4f5-6393-11e8-b7cc-42010a800002"),
            }
        }
    }
    let empty = with("namespace", Some(json!("")));
    assert!(Review::decode(&empty).unwrap().namespace.is_none());
}

#[test]
fn the_four_operations_are_known_and_no_other() {
    for (name, operation) in [
        ("CREATE", Operation::Create),
        ("UPDATE", Operation::Update),
        ("DELETE", Operation::Delete),
        ("CONNECT", Operation::Connect),
    ] {
        assert_eq!(
            Review::decode(&with("operation", Some(json!(name))))
                .unwrap()
                .operation,
            operation
        );
    }
    let other = error(with("operation", Some(json!("create"))));
    assert_eq!(
        other,
        ReviewError::UnknownOperation {
            operation: "create".to_owned()
        }
    );
}

#[test]
fn what_an_answer_needs_is_demanded_by_name() {
    for (body, field) in [
        (with("uid", None), "request.uid"),
        (with("uid", Some(Value::Null)), "request.uid"),
        (with("uid", Some(json!(""))), "request.uid"),
        (with("operation", None), "request.operation"),
        (with("kind", None), "request.kind.kind"),
        (
            with("kind", Some(json!({"group": "", "version": "v1"}))),
            "request.kind.kind",
        ),
        (
            br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#.to_vec(),
            "request",
        ),
        (
            br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}"#
                .to_vec(),
            "request",
        ),
    ] {
        assert_eq!(error(&body), ReviewError::Missing { field });
    }
}

#[test]
fn a_body_that_is_no_json_is_told_with_the_position() {
    for (body, position) in [
        (&b"hello"[..], "line 1 column 1"),
        (b"{\n\"kind\": }", "line 2 column 9"),
        (b"{\"kind\": \"AdmissionReview\"", "line 1 column 26"),
        (b"{} {}", "line 1 column 4"),
        (
            b"{\"request\": {\"object\": {\"a\": \"\xff\"}}}",
            "line 1 column",
        ),
        (b"{\"request\": {\"uid\": 5}} trailing", "line 1 column 25"),
    ] {
        let ReviewError::NotJson { reason } = error(body) else {
            panic!("{:?}", error(body));
        };
        assert!(reason.contains(position), "{reason}");
    }
    for body in ["", " \r\n\t"] {
        assert_eq!(error(body), ReviewError::Empty);
    }
}

#[test]
fn a_field_of_the_wrong_type_is_told_with_the_position() {
    for body in [
        with("uid", Some(json!(5))),
        with("dryRun", Some(json!("yes"))),
        with("kind", Some(json!("Ingress"))),
        br#"{"apiVersion":5,"kind":"AdmissionReview"}"#.to_vec(),
        b"[]".to_vec(),
        br#"["admission.k8s.io/v1","AdmissionReview",{"uid":"u","operation":"CREATE"}]"#.to_vec(),
        b"null".to_vec(),
        b"\"AdmissionReview\"".to_vec(),
    ] {
        let ReviewError::WrongType { reason } = error(&body) else {
            panic!("{:?}", error(&body));
        };
        assert!(reason.contains("line 1 column"), "{reason}");
    }
}

#[test]
fn another_version_or_kind_is_told_with_what_came_and_what_is_wanted() {
    for (api_version, kind) in [
        ("admission.k8s.io/v1beta1", "AdmissionReview"),
        ("admission.k8s.io/v1", "ConversionReview"),
        ("v1", "Pod"),
        ("", ""),
    ] {
        for request in [json!({}), json!(7)] {
            let body =
                json!({"apiVersion": api_version, "kind": kind, "request": request}).to_string();
            let error = error(&body);
            let wanted = ReviewError::NotAReview {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
            };
            assert_eq!(error, wanted);
            let text = error.to_string();
            assert!(
                text.contains(API_VERSION) && text.contains(&format!("{kind:?}")),
                "{text}"
            );
        }
    }
}

#[test]
fn an_error_repeats_no_more_than_an_excerpt_and_nothing_that_moves_the_cursor() {
    let long = format!("\u{1b}[2J{}", "x".repeat(100_000));
    for body in [
        json!({"apiVersion": long, "kind": "AdmissionReview"})
            .to_string()
            .into_bytes(),
        with("operation", Some(json!(long))),
        with("dryRun", Some(json!(long))),
    ] {
        let text = error(&body).to_string();
        assert!(
            text.chars().count() < 2 * EXCERPT,
            "{} characters",
            text.chars().count()
        );
        assert!(!text.contains('\u{1b}'));
    }
}

#[test]
fn deeply_nested_objects_are_passed_over_without_exhausting_the_stack() {
    let depth = 1_000_000;
    let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let body = complete()
        .to_string()
        .replace(r#"{"kind":"Ingress"}"#, &nested);
    let review = Review::decode(body.as_bytes()).unwrap();
    assert_eq!(raw(review.old_object).len(), 2 * depth);
}

/// A review of an Ingress in the order of fields in which an API server writes them.
fn written_by_an_api_server(operation: &str, sub_resource: &str, objects: &str) -> String {
    format!(
        r#"{{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"u-1",
        "kind":{{"group":"networking.k8s.io","version":"v1","kind":"Ingress"}},
        "resource":{{"group":"networking.k8s.io","version":"v1","resource":"ingresses"}},{sub_resource}
        "name":"shop","namespace":"front","operation":"{operation}","userInfo":{{}},{objects}"dryRun":false}}}}"#
    )
}

const OBJECTS: &str = r#""object":{"metadata":{"name":"shop"},"spec":{"ingressClassName":"alb"}},
    "oldObject":{"metadata":{"name":"shop","namespace":"front"},"spec":{}},"#;

#[test]
fn objects_that_a_rule_reads_are_read_with_the_envelope() {
    let body = written_by_an_api_server("UPDATE", "", OBJECTS);
    let review = Review::decode(body.as_bytes()).unwrap();
    let Some(ReviewedObject::Read(Some(object))) = review.object else {
        panic!("{:?}", review.object)
    };
    assert_eq!(object.key.to_string(), "Ingress front/shop");
    let Some(ReviewedObject::Read(Some(old))) = review.old_object else {
        panic!("{:?}", review.old_object)
    };
    assert_eq!(old.key, object.key);
    assert_ne!(old.facts, object.facts);
    let left = Review::decode_envelope(body.as_bytes()).unwrap();
    assert_eq!(
        raw(left.object),
        r#"{"metadata":{"name":"shop"},"spec":{"ingressClassName":"alb"}}"#
    );
}

#[test]
fn objects_that_nobody_has_to_judge_or_that_cannot_be_read_stay_as_they_came() {
    let broken =
        r#""object":{"metadata":{"name":"shop"},"spec":{"rules":"none"}},"oldObject":null,"#;
    let bare = r#""object":{"metadata":{"name":"shop"}},"oldObject":null,"#;
    for (operation, sub_resource, objects) in [
        ("DELETE", "", OBJECTS),
        ("UPDATE", r#""subResource":"status","#, OBJECTS),
        ("UPDATE", "", broken),
        ("CREATE", "", bare),
    ] {
        let body = written_by_an_api_server(operation, sub_resource, objects);
        let review = Review::decode(body.as_bytes()).unwrap();
        assert!(raw(review.object).starts_with(r#"{"metadata":{"name":"shop"}"#));
    }
}

#[test]
fn whatever_the_order_of_the_fields_an_object_is_read_by_its_own_kind_and_name() {
    let kind = r#""kind":{"group":"networking.k8s.io","version":"v1","kind":"Ingress"}"#;
    let fields = [
        r#""uid":"u-1""#,
        r#""operation":"CREATE""#,
        kind,
        r#""namespace":"front""#,
        r#""name":"shop""#,
        r#""object":{"metadata":{},"spec":{}}"#,
    ];
    for rotation in 0..fields.len() {
        let mut fields = fields;
        fields.rotate_left(rotation);
        let body = format!(
            r#"{{"request":{{{}}},"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}}"#,
            fields.join(",")
        );
        let review = Review::decode(body.as_bytes()).unwrap();
        match review.object {
            Some(ReviewedObject::Read(Some(object))) => {
                assert_eq!(object.key.to_string(), "Ingress front/shop", "{body}");
            }
            Some(ReviewedObject::Raw(_)) => assert_ne!(rotation, 0),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn a_field_that_comes_twice_is_no_review() {
    for field in ["uid", "object", "operation", "kind"] {
        let body = written_by_an_api_server("UPDATE", "", OBJECTS);
        let body = body.replacen(
            r#""dryRun":false"#,
            &format!(r#""dryRun":false,"{field}":null"#),
            1,
        );
        let ReviewError::WrongType { reason } = error(&body) else {
            panic!("{:?}", error(&body))
        };
        assert!(
            reason.contains(&format!("duplicate field `{field}`")),
            "{reason}"
        );
    }
}

#[test]
fn a_field_of_a_wrong_type_is_named() {
    for (field, wrong) in [
        ("uid", r#""uid":7"#),
        ("kind.group", r#""kind":{"group":7}"#),
        ("userInfo.username", r#""userInfo":{"username":[]}"#),
        ("dryRun", r#""dryRun":"no""#),
    ] {
        let body = format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"object":{{"a":[1,{{}}]}},{wrong}}}}}"#
        );
        let ReviewError::WrongType { reason } = error(body.as_bytes()) else {
            panic!("{:?}", error(body.as_bytes()))
        };
        assert!(
            reason.starts_with(&format!("request.{field}: ")),
            "{reason}"
        );
    }
}
