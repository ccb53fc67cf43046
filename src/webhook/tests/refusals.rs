use axum::body::Body;

use super::*;

fn with_content_type(content_type: Option<&str>) -> Request {
    let request = axum::http::Request::post("/validate");
    let request = match content_type {
        Some(content_type) => request.header("content-type", content_type),
        None => request,
    };
    request.body(Body::from(review("denied"))).unwrap()
}

#[tokio::test]
async fn json_with_parameters_is_taken_and_other_content_types_are_400() {
    let webhook = Webhook::start().await;
    for good in ["application/json; charset=utf-8", "Application/JSON ;x=y"] {
        assert_eq!(
            webhook
                .client
                .ask(webhook.address, with_content_type(Some(good)))
                .await
                .status(),
            200
        );
    }
    for bad in [
        None,
        Some("text/plain"),
        Some("application/jsonp"),
        Some("application/yaml"),
        Some("; application/json"),
    ] {
        let (_, reason) = webhook.refuses(with_content_type(bad), 400).await;
        assert!(
            reason.contains("application/json") && reason.contains(bad.unwrap_or("none")),
            "{reason}"
        );
    }
}

#[tokio::test]
async fn what_is_no_review_is_400_with_the_reason() {
    let webhook = Webhook::start().await;
    let old =
        json!({"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview"}).to_string();
    let empty = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}).to_string();
    for (body, told) in [
        ("", "no body"),
        ("{\"kind\": oops", "line 1 column 10"),
        (&old, "\"admission.k8s.io/v1beta1\""),
        (&empty, "no request"),
        (&review("fine").replace("u-fine", ""), "no request.uid"),
        ("\u{1b}[2J", "no JSON"),
    ] {
        let (_, reason) = webhook
            .refuses(json_request("/validate", body.to_owned()), 400)
            .await;
        assert!(reason.contains(told), "{reason}");
        assert_eq!(crate::visible_text::printable(&reason), reason);
    }
}

#[tokio::test]
async fn a_reason_never_repeats_the_body() {
    let webhook = Webhook::start().await;
    let body = json!({"apiVersion": "v".repeat(1 << 20), "kind": "k".repeat(1 << 20)}).to_string();
    let (_, reason) = webhook.refuses(json_request("/validate", body), 400).await;
    assert!(reason.len() < 2_000, "{} bytes", reason.len());
}

#[tokio::test]
async fn another_method_is_405_and_another_path_404_with_a_hint() {
    let webhook = Webhook::start().await;
    let get = axum::http::Request::get("/validate")
        .body(Body::empty())
        .unwrap();
    let (answer, reason) = webhook.refuses(get, 405).await;
    assert_eq!(answer.headers()["allow"], "POST");
    assert!(reason.contains("POST"), "{reason}");
    for path in ["/", "/validate/", "/Validate", "/healthz"] {
        let (_, reason) = webhook
            .refuses(json_request(path, review("fine")), 404)
            .await;
        assert!(reason.contains("POST /validate"), "{reason}");
    }
    // With a large body too, the client gets to read the answer.
    webhook
        .refuses(json_request("/elsewhere", vec![b'x'; BODY_LIMIT]), 404)
        .await;
}
