//! What is said about a value of a wrong type: of which kind it is and what was expected, never the value itself. An
//! object's contents are nobody's business but its owner's, and errors end up in logs and answers.

/// The most characters of what was expected. These are words of the views, and a few.
const EXPECTED: usize = 100;

/// Kinds of values as serde names them before it quotes the value (serde, `de::Unexpected`; `serde_json` says null).
const KINDS: [&str; 9] = [
    "boolean",
    "integer",
    "floating point",
    "character",
    "string",
    "byte array",
    "null",
    "sequence",
    "map",
];

/// An error of serde without the value that it quotes, and without the position in a text that the user never sees.
pub(super) fn without_value(message: &str) -> String {
    // What was expected is the last: the value may hold anything, these words too. A view of several types says that alone.
    let (found, expected) = match message.strip_prefix("expected ") {
        Some(expected) => ("", expected),
        None => message.rsplit_once(", expected ").unwrap_or_default(),
    };
    let expected = expected.split(" at line ").next().unwrap_or_default();
    let expected: String = expected.chars().take(EXPECTED).collect();
    if expected.is_empty() {
        return "cannot be read".to_owned();
    }
    let found = found.strip_prefix("invalid ").unwrap_or_default();
    let (what, found) = found.split_once(": ").unwrap_or(("value", ""));
    let what = if what == "type" { "type" } else { "value" };
    match KINDS.into_iter().find(|kind| found.starts_with(kind)) {
        Some(kind) => format!("invalid {what}: {kind}, expected {expected}"),
        None => format!("invalid {what}, expected {expected}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::objects::{DecodeError, Naming, Source, escape_pointer, read};

    const SECRET: &str = "s3cret at line 1, expected s3cret";

    fn error(source: Source<'_>, manifest: &Value) -> Option<DecodeError> {
        let naming = Naming {
            api_version: manifest["apiVersion"].as_str().unwrap(),
            kind: manifest["kind"].as_str().unwrap(),
            default_namespace: "shop",
            default_name: "x",
        };
        read(naming, source).err()
    }

    /// The places of a value, itself among them.
    fn places(value: &Value, at: &str, all: &mut Vec<String>) {
        all.push(at.to_owned());
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let key = escape_pointer(key);
                    places(value, &format!("{at}/{key}"), all);
                }
            }
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    places(value, &format!("{at}/{index}"), all);
                }
            }
            _ => {}
        }
    }

    fn manifests() -> Vec<Value> {
        let of = |version: &str, kind: &str, spec: &Value| {
            json!({
                "apiVersion": version, "kind": kind, "spec": spec,
                "metadata": {"name": "x", "annotations": {"kubernetes.io/ingress.class": "alb"}},
            })
        };
        let path = json!({"path": "/", "backend": {"service": {"name": "a", "port": {"number": 80, "name": "http"}}}});
        let container = json!({"name": "main", "image": "x", "args": ["proxy"], "env": [{"name": "A", "value": "b"}],
            "ports": [{"containerPort": 80, "name": "http"}]});
        let template =
            json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}});
        let gateway = json!({"gatewayClassName": "a", "listeners": [{"name": "http", "port": 80}]});
        let parent = json!({"parentRefs": [{"name": "a"}], "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]});
        vec![
            of(
                "networking.k8s.io/v1",
                "Ingress",
                &json!({"ingressClassName": "alb", "rules": [{"host": "h", "http": {"paths": [path]}}]}),
            ),
            of(
                "v1",
                "Service",
                &json!({"type": "LoadBalancer", "selector": {"app": "a"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30000}]}),
            ),
            of("apps/v1", "Deployment", &json!({"template": template})),
            of("gateway.networking.k8s.io/v1", "Gateway", &gateway),
            of("gateway.networking.k8s.io/v1", "HTTPRoute", &parent),
            of(
                "elbv2.k8s.aws/v1beta1",
                "TargetGroupBinding",
                &json!({"targetGroupARN": "a", "serviceRef": {"name": "a", "port": 80}}),
            ),
            of(
                "networking.istio.io/v1",
                "Gateway",
                &json!({"selector": {"istio": "x"}, "servers": []}),
            ),
        ]
    }

    #[test]
    fn whatever_stands_wherever_it_does_not_belong_is_never_repeated() {
        let wrong = [
            json!(SECRET),
            json!(471_147),
            json!(471_147.5),
            json!(-471_147),
            json!([SECRET]),
            json!({"a": SECRET}),
        ];
        let mut seen = 0;
        for manifest in manifests() {
            let mut all = Vec::new();
            places(&manifest, "", &mut all);
            for place in all
                .iter()
                .filter(|place| !["", "/kind", "/apiVersion"].contains(&place.as_str()))
            {
                for wrong in &wrong {
                    let mut broken = manifest.clone();
                    *broken.pointer_mut(place).unwrap() = wrong.clone();
                    let text = broken.to_string();
                    for source in [Source::Json(&text), Source::Value(&broken)] {
                        let Some(error @ DecodeError::WrongType { .. }) = error(source, &manifest)
                        else {
                            continue;
                        };
                        let told = error.to_string();
                        assert!(
                            !told.contains("s3cret") && !told.contains("471147"),
                            "{told}"
                        );
                        assert!(told.contains("expected "), "{told}");
                        seen += 1;
                    }
                }
            }
        }
        assert!(seen > 200, "{seen}");
    }

    #[test]
    fn kind_and_expectation_are_told() {
        let mut manifest = manifests().swap_remove(0);
        for (rules, told) in [
            (
                json!("s3cret"),
                "/spec/rules: invalid type: string, expected a sequence",
            ),
            (
                json!(47),
                "/spec/rules: invalid type: integer, expected a sequence",
            ),
            (
                json!(4.7),
                "/spec/rules: invalid type: floating point, expected a sequence",
            ),
            (
                json!(true),
                "/spec/rules: invalid type: boolean, expected a sequence",
            ),
            (
                json!({"a": "b"}),
                "/spec/rules: invalid type: map, expected a sequence",
            ),
            (
                json!(["s3cret"]),
                "/spec/rules/0: invalid type: string, expected an object",
            ),
        ] {
            manifest["spec"]["rules"] = rules;
            let text = manifest.to_string();
            for source in [Source::Json(&text), Source::Value(&manifest)] {
                assert_eq!(error(source, &manifest).unwrap().to_string(), told);
            }
        }
    }
}
