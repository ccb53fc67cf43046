//! Copies: an object that files hold several times, as a repository of several clusters does.

use std::collections::HashMap;

use l7guard_policy::identity::ObjectKey;
use l7guard_policy::objects::Object;

use super::ManifestWorld;
use crate::report::ReportedError;
use crate::report::notes::{NoteReason, ReportedNote};
use l7guard_manifests::Address;

/// A copy of an object that is not the last one.
#[derive(Debug)]
pub(super) struct Copy {
    /// The object as this copy gives it.
    pub(super) object: Object,
    /// Where it stands.
    pub(super) address: Address,
    /// All of it as JSON, where a remedy may need that.
    pub(super) whole: Option<Box<str>>,
}

/// The copies of one object before the last.
struct Earlier<'a> {
    count: usize,
    /// The first copy whose content differs, or the first of all.
    shown: &'a Copy,
    differs: bool,
    is_elsewhere: bool,
}

impl ManifestWorld {
    /// Says once of each object that it is given several times. An object with different content in several files is a
    /// conflict: one of the files may be another cluster's.
    pub(super) fn note_copies(&mut self) {
        let mut all: HashMap<&ObjectKey, Earlier<'_>> = HashMap::new();
        let mut order = Vec::new();
        for copy in &self.copies {
            let key = &copy.object.key;
            let (Some(last), Some(place)) = (self.inventory.get(key), self.places.get(key)) else {
                continue;
            };
            let differs = copy.object.facts != last.facts;
            let is_elsewhere = copy.address.source().name() != place.source().name();
            let earlier = all.entry(key).or_insert_with(|| {
                order.push(key);
                Earlier {
                    count: 0,
                    shown: copy,
                    differs: false,
                    is_elsewhere: false,
                }
            });
            if differs && !earlier.differs {
                earlier.shown = copy;
            }
            earlier.count += 1;
            earlier.differs |= differs;
            earlier.is_elsewhere |= is_elsewhere;
        }
        let (mut notes, mut conflicts) = (Vec::new(), Vec::new());
        for key in order {
            if let (Some(earlier), Some(place)) = (all.get(key), self.places.get(key)) {
                let is_conflict = earlier.differs && earlier.is_elsewhere;
                let (to, reason) = if is_conflict {
                    (&mut conflicts, NoteReason::Conflict)
                } else {
                    (&mut notes, NoteReason::Copies)
                };
                let input = note(key, earlier, place);
                to.push(ReportedNote { reason, input });
            }
        }
        self.notes.extend(notes);
        self.conflicts.extend(conflicts);
    }
}

fn note(key: &ObjectKey, earlier: &Earlier<'_>, last: &Address) -> ReportedError {
    let count = match earlier.count {
        1 => "twice".to_owned(),
        more => format!("{} times", more + 1),
    };
    let how = if earlier.differs {
        " with different content"
    } else {
        ""
    };
    let shown = &earlier.shown.address;
    let line = shown.place().line;
    let at = if shown.source().name() == last.source().name() {
        format!("on line {line}")
    } else {
        format!("in {}:{line}", shown.source().name())
    };
    let place = last.place();
    ReportedError {
        file: last.source().name().to_owned(),
        line: Some(place.line),
        column: Some(place.column),
        message: format!(
            "{key} is given {count}{how} (also {at}): every copy is judged, beside the last copy of every other object. Of several clusters, check each by itself"
        ),
    }
}
