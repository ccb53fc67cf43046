//! What holds of the reader of snapshots.
#![allow(clippy::expect_used, reason = "a property that does not hold panics")]

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use l7guard::snapshot::{BaseWorld, Header, SnapshotError, SnapshotWriter, read};
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::objects::Object;
use serde_json::Value;

/// Takes the bytes for a file, and for the lines of one.
///
/// # Panics
/// When a property does not hold.
pub fn holds(input: &[u8]) {
    judge(input);
    let packed = packed(input);
    let Some(base) = judge(&packed) else { return };
    // What is read whole is neither a part of a file nor more than one.
    let more = [&*packed, b"\n"].concat();
    assert!(matches!(read(&*more), Err(SnapshotError::Trailing)));
    let part = &packed[..packed.len() / 2];
    assert!(read(part).is_err(), "half a file was read");
    assert!(base.objects <= input.split(|byte| *byte == b'\n').count());
}

/// What is read, which is the same every time, and is read again from what is written of it.
fn judge(file: &[u8]) -> Option<BaseWorld> {
    let base = match read(file) {
        Ok(base) => base,
        Err(error) => {
            let text = error.to_string();
            let again = read(file).expect_err("an error");
            assert_eq!(text, again.to_string());
            return None;
        }
    };
    let again = read(file).expect("the same again");
    assert_eq!(facts(&base), facts(&again));
    assert_eq!(base.whole, again.whole);
    let rewritten = read(&*written(&base)).expect("what is written is read");
    assert_eq!(rewritten.whole, base.whole);
    Some(base)
}

fn facts(base: &BaseWorld) -> BTreeMap<ObjectKey, &Object> {
    let objects = base.inventory.objects();
    objects.map(|object| (object.key.clone(), object)).collect()
}

/// The whole objects of a world, as a snapshot.
fn written(base: &BaseWorld) -> Vec<u8> {
    use l7guard::snapshot::Lines;

    let mut writer = SnapshotWriter::new(Vec::new(), &base.header).expect("memory takes all");
    for text in base.whole.values() {
        let object: Value = serde_json::from_str(text).expect("it was written as JSON");
        writer.put(object).expect("no more than was read");
    }
    writer.finish().expect("memory takes all")
}

/// A file with these lines behind a header.
fn packed(lines: &[u8]) -> Vec<u8> {
    let header = Header::new("fuzz", String::new());
    let header = serde_json::to_vec(&header).expect("a header is JSON");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for part in [&*header, b"\n", lines] {
        encoder.write_all(part).expect("memory takes all");
    }
    encoder.finish().expect("memory takes all")
}
