//! What gets into a snapshot and what does not, and which files are read.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use l7guard_manifests::{Item, Reader, Source};
use l7guard_policy::identity::Kind;
use l7guard_policy::objects::{self, Naming, Object};
use serde_json::{Map, Value, json};

use super::format::VERSION;
use super::{BaseWorld, Header, Lines, SnapshotError, SnapshotWriter, read, reduce};

const CANARY: &str = "xCanary";

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            found.push(path);
        }
    }
    found
}

/// Every object of the policy's fixtures that a cluster may hold.
fn objects() -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/policy");
    let sources = files(&root).into_iter().map(|file| {
        let text = fs::read(&file).unwrap();
        Arc::new(Source::new(file.display().to_string(), text))
    });
    let items = sources.flat_map(Reader::new);
    let objects = items.filter_map(|item| match item {
        Item::Object(object) if object.name.is_some() => Some(object.value),
        _ => None,
    });
    objects.map(stored).collect()
}

/// As an API server gives it back.
fn stored(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        let uid = json!("705ab4f5-6393-11e8-b7cc-42010a800002");
        metadata.entry("uid").or_insert(uid);
    }
    object
}

fn facts(whole: &Value) -> Option<Object> {
    let naming = Naming {
        api_version: whole["apiVersion"].as_str()?,
        kind: whole["kind"].as_str()?,
        default_namespace: "",
        default_name: "",
    };
    let object = objects::read(naming, objects::Source::Value(whole)).ok()??;
    let is_of_files = matches!(
        object.key.kind,
        Kind::IstioOperator | Kind::Endpoints | Kind::TcpRoute | Kind::TlsRoute
    );
    (!is_of_files).then_some(object)
}

/// Maps whose keys anybody chooses and rules read: labels of Pods and selectors.
const OPEN: [&str; 4] = ["labels", "selector", "matchLabels", "annotations"];

/// Puts canaries into every map, and into every place where a secret may be.
fn with_canaries(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(with_canaries),
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if OPEN.contains(&&**key) {
                    // A workload's selector has maps of another kind in it.
                    value.get_mut("matchExpressions").map(with_canaries);
                } else {
                    with_canaries(value);
                }
                match (&**key, value) {
                    ("containers", Value::Array(containers)) => containers.push(container()),
                    // Of a proxy too, of which the roles are read from them.
                    ("args" | "command", Value::Array(words)) => words.push(json!(CANARY)),
                    ("env", Value::Array(variables)) => {
                        variables.push(json!({"name": "A", "value": CANARY}));
                    }
                    ("annotations", Value::Object(annotations)) => {
                        annotations.extend(annotated());
                    }
                    ("filters", Value::Array(filters)) => filters.push(filter()),
                    _ => {}
                }
            }
            map.insert(CANARY.to_owned(), json!(CANARY));
            map.insert(format!("{CANARY}s"), json!({"in": [CANARY]}));
        }
        _ => {}
    }
}

fn container() -> Value {
    json!({
        "name": "xapp", "image": CANARY, "command": [CANARY], "args": [CANARY], "env": [{"name": "A", "value": CANARY}],
        "envFrom": [{"secretRef": {"name": CANARY}}], "volumeMounts": [{"name": CANARY}],
    })
}

fn filter() -> Value {
    let headers = json!({"set": [{"name": "Authorization", "value": CANARY}]});
    json!({"type": "RequestHeaderModifier", "requestHeaderModifier": headers})
}

fn annotated() -> Map<String, Value> {
    [
        "example.com/secret",
        "kubectl.kubernetes.io/last-applied-configuration",
        "alb.ingress.kubernetes.io/auth-idp-oidc",
        "sidecar.istio.io/userVolume",
    ]
    .map(|key| (key.to_owned(), json!(CANARY)))
    .into_iter()
    .collect()
}

#[test]
fn nothing_that_is_not_read_gets_in() {
    let mut kinds = std::collections::BTreeSet::new();
    for mut whole in objects() {
        let metadata = whole["metadata"].as_object_mut().unwrap();
        metadata.entry("annotations").or_insert_with(|| json!({}));
        with_canaries(&mut whole);
        whole["status"] = json!({"message": CANARY});
        whole["data"] = json!({"password": CANARY});
        let Some(object) = facts(&whole) else {
            continue;
        };
        kinds.insert(object.key.kind);
        let reduced = reduce::reduced(&object, &whole).unwrap_or_else(|| {
            panic!("not read as the same: {whole:#}");
        });
        let text = reduced.to_string();
        assert!(!text.contains(CANARY), "{reduced:#}\nof {whole:#}");
    }
    assert!(kinds.len() > 15, "{kinds:?}");
}

#[test]
fn of_the_annotation_with_the_overrides_only_the_roles_get_in() {
    let overrides = json!({"containers": [
        {"name": "istio-proxy", "args": ["proxy", "router", CANARY], "env": [{"name": "A", "value": CANARY}]},
    ]});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"sidecar.istio.io/inject": "true"},
            "annotations": {"proxy.istio.io/overrides": overrides.to_string()}},
        "spec": {"containers": [{"name": "app", "image": "app"}]},
    });
    let reduced = reduce::reduced(&facts(&pod).unwrap(), &pod).unwrap();
    let kept = reduced["metadata"]["annotations"]["proxy.istio.io/overrides"].to_string();
    assert!(kept.contains("router") && !kept.contains(CANARY), "{kept}");
}

fn written(header: &Value, lines: &[&str]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    writeln!(encoder, "{header}").unwrap();
    for line in lines {
        writeln!(encoder, "{line}").unwrap();
    }
    encoder.finish().unwrap()
}

fn header(version: u32) -> Value {
    json!({"format": "l7guard/snapshot", "version": version, "writtenBy": "9.9.9", "cluster": "c", "taken": "t"})
}

#[test]
fn what_is_written_is_read() {
    let class = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "alb"},
        "spec": {"controller": "ingress.k8s.aws/alb"},
    });
    let mut writer =
        SnapshotWriter::new(Vec::new(), &Header::new("prod", "now".to_owned())).unwrap();
    writer.put(class.clone()).unwrap();
    let base: BaseWorld = read(&*writer.finish().unwrap()).unwrap();
    assert_eq!(
        (&*base.header.cluster, base.header.version),
        ("prod", VERSION)
    );
    let object = facts(&class).unwrap();
    assert_eq!(base.inventory.get(&object.key), Some(&object));
    assert_eq!((base.objects, base.whole.len()), (1, 1));
}

#[test]
fn another_version_is_an_error_that_names_both() {
    for version in [0, VERSION + 1, VERSION + 7] {
        let error = read(&*written(&header(version), &[]))
            .unwrap_err()
            .to_string();
        for said in [
            format!("version {version} "),
            format!("to {VERSION}"),
            "9.9.9".to_owned(),
        ] {
            assert!(error.contains(&said), "{error}");
        }
    }
    assert!(read(&*written(&header(VERSION), &[])).is_ok());
}

#[test]
fn what_is_no_whole_snapshot_is_an_error() {
    let no_snapshot = [
        &b"kind: Ingress\n"[..],
        &[],
        &written(&json!({"a": 1}), &[]),
    ];
    for bytes in no_snapshot {
        let error = read(bytes).unwrap_err();
        assert!(
            matches!(error, SnapshotError::NoSnapshot | SnapshotError::Damaged(_)),
            "{error}"
        );
    }
    let object = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{}}"#;
    let whole = written(&header(VERSION), &[object; 50]);
    for end in [whole.len() - 1, whole.len() - 9, whole.len() / 2] {
        let error = read(&whole[..end]).unwrap_err();
        assert!(matches!(error, SnapshotError::Damaged(_)), "{end}: {error}");
    }
    let error = read(&*written(&header(VERSION), &[object, "{"])).unwrap_err();
    assert!(
        matches!(error, SnapshotError::Line { line: 3, .. }),
        "{error}"
    );
}
