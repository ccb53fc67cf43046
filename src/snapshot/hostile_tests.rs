//! Snapshots that no l7guard has written.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::format::VERSION;
use super::read::read_within;
use super::size::{Size, TooLarge};
use super::{BaseWorld, Header, Lines, SnapshotError, SnapshotWriter, read};

/// A snapshot of these lines, behind a header.
fn written(lines: &[String]) -> Vec<u8> {
    let header = json!({
        "format": "l7guard/snapshot", "version": VERSION, "writtenBy": "0", "cluster": "c", "taken": "t",
    });
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    writeln!(encoder, "{header}").unwrap();
    for line in lines {
        writeln!(encoder, "{line}").unwrap();
    }
    encoder.finish().unwrap()
}

fn service(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {}})
}

#[test]
fn what_follows_the_end_is_an_error() {
    let whole = written(&[service("a").to_string()]);
    assert_eq!(read(&*whole).unwrap().objects, 1);
    for rest in [&b"x"[..], &[0], &written(&[service("b").to_string()])] {
        let error = read(&*[&whole, rest].concat()).unwrap_err();
        assert!(matches!(error, SnapshotError::Trailing), "{error}");
    }
}

#[test]
fn a_line_that_is_no_object_is_an_error_of_that_line() {
    let wrong = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"selector": 5}});
    let nameless = json!({"apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": {}});
    let other =
        json!({"apiVersion": "gateway.k8s.aws/v1", "kind": "Other", "metadata": {"name": 5}});
    let header = serde_json::to_string(&Header::new("c", String::new())).unwrap();
    for (line, said) in [
        ("5", "it has no apiVersion"),
        ("", "EOF while parsing a value (byte 0)"),
        (&*header, "it has no apiVersion"),
        (
            r#"{"apiVersion": "v1", "metadata": {"name": "a"}}"#,
            "it has no kind",
        ),
        (&*nameless.to_string(), "it has no metadata.name"),
        (&*other.to_string(), "it has no metadata.name"),
        (&*wrong.to_string(), "selector"),
        (&*"[".repeat(10_000), "recursion limit exceeded (byte 128)"),
    ] {
        let snapshot = written(&[service("a").to_string(), line.to_owned()]);
        let error = read(&*snapshot).unwrap_err();
        assert!(
            matches!(error, SnapshotError::Line { line: 3, .. }),
            "{error}"
        );
        assert!(std::error::Error::source(&error).is_none(), "said twice");
        let text = error.to_string();
        assert!(text.contains("line 3") && text.contains(said), "{text}");
        assert!(!text.contains("line 1"), "{text}");
    }
}

#[test]
fn of_an_object_that_is_given_twice_the_last_counts() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {}});
    let lines = [service("a"), pod.clone(), service("a"), pod].map(|line| line.to_string());
    assert_eq!(read(&*written(&lines)).unwrap().objects, 2);
}

#[test]
fn a_small_file_that_unpacks_to_much_is_refused_at_the_bound() {
    let lines = ["a", "b", "c", "d"].map(|name| service(name).to_string());
    let snapshot = written(&lines);
    let length = lines[0].len();
    assert!(read_within(&*snapshot, Size::of(4, 4 * length)).is_ok());
    for (size, expected) in [
        (Size::of(3, 4 * length), TooLarge::Objects),
        (Size::of(4, 4 * length - 1), TooLarge::Bytes),
    ] {
        let error = read_within(&*snapshot, size).unwrap_err();
        assert!(
            matches!(error, SnapshotError::TooLarge { line: 5, fault } if fault == expected),
            "{error}"
        );
    }
}

#[test]
fn what_would_not_be_read_is_not_written() {
    let header = Header::new("c", String::new());
    let mut writer = SnapshotWriter::within(Vec::new(), &header, Size::of(1, 1000)).unwrap();
    let mut base = BaseWorld::within(header, Size::of(1, 1000));
    let of_both: [&mut dyn Lines; 2] = [&mut writer, &mut base];
    for lines in of_both {
        lines.put(service("a")).unwrap();
        let error = lines.put(service("b")).unwrap_err().to_string();
        assert_eq!(error, TooLarge::Objects.to_string());
    }
}
