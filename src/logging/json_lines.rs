//! Lines for machines: one JSON object each, in which no key stands twice.
//!
//! A line has the fields of its event and of the spans around it side by side. Of two with one name the event's holds, then the
//! nearest span's. A span's own name is not written, so that a field may be called `name`. Characters that hide are escaped: what reads
//! JSON gets the very text, and who reads the line sees that there is something.
//!
//! Why not `tracing-subscriber`'s: it puts the fields of spans into objects of their own, and lets keys stand twice.

use std::error::Error;
use std::fmt::{self, Debug};
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::value::RawValue;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::{FACTS, FACTS_JSON, with_causes};
use crate::visible_text::json;

/// Keys of every line. A field of such a name is written with `field.` before it.
const OWN_KEYS: [&str; 3] = ["timestamp", "level", "target"];

/// How long the fields of most lines are.
const USUAL: usize = 256;

/// Fields as members of a JSON object, each followed by a line feed, which JSON holds nowhere else.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct JsonMembers;

/// Lines of the members of the event and of its spans.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct JsonLines;

impl<'writer> FormatFields<'writer> for JsonMembers {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut members = Members::default();
        fields.record(&mut members);
        writer.write_str(members.text())
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        self.format_fields(current.as_writer(), fields)
    }
}

impl<S> FormatEvent<S, JsonMembers> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonMembers>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (mut line, metadata) = (Line::new(), event.metadata());
        let mut now = String::new();
        SystemTime.format_time(&mut Writer::new(&mut now))?;
        let mut own = Members::default();
        own.add_own("timestamp", &now);
        own.add_own("level", metadata.level().as_str());
        line.take(own.text());
        let mut members = Members {
            has_record: metadata.fields().field(FACTS_JSON).is_some(),
            ..Members::default()
        };
        event.record(&mut members);
        line.take(members.text());
        let mut target = Members::default();
        target.add_own("target", metadata.target());
        line.take(target.text());
        // From the nearest outwards.
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonMembers>>() {
                line.take(fields);
            }
        }
        writer.write_str(&json(&line.text))?;
        writer.write_str("}\n")
    }
}

/// A line without its end.
struct Line {
    text: String,
    /// Where its keys stand, with the quotes and the colon.
    keys: Vec<Range<usize>>,
}

impl Line {
    fn new() -> Self {
        let mut text = String::with_capacity(2 * USUAL);
        text.push('{');
        let keys = Vec::with_capacity(16);
        Self { text, keys }
    }

    /// Appends the members whose keys are not there yet.
    fn take(&mut self, members: &str) {
        for member in members.lines() {
            let key = member.split_inclusive("\":").next().unwrap_or_default();
            if self
                .keys
                .iter()
                .any(|place| &self.text[place.clone()] == key)
            {
                continue;
            }
            if self.text.len() > 1 {
                self.text.push(',');
            }
            let begin = self.text.len();
            self.keys.push(begin..begin + key.len());
            self.text.push_str(member);
        }
    }
}

/// Members of a JSON object, each in a line.
#[derive(Default)]
struct Members {
    text: Vec<u8>,
    /// Whether a record's text for people is left out.
    has_record: bool,
}

impl Members {
    fn text(&self) -> &str {
        // serde_json writes nothing but text.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    fn add(&mut self, field: &Field, value: impl Serialize) {
        let name = field.name().trim_start_matches("r#");
        if self.has_record && name == FACTS {
            return;
        }
        if OWN_KEYS.contains(&name) {
            self.add_own(&format!("field.{name}"), value);
        } else {
            self.add_own(name, value);
        }
    }

    fn add_own(&mut self, name: &str, value: impl Serialize) {
        if self.text.is_empty() {
            self.text.reserve(USUAL);
        }
        let begin = self.text.len();
        let key = serde_json::to_writer(&mut self.text, name);
        self.text.push(b':');
        let value = serde_json::to_writer(&mut self.text, &value);
        self.text.push(b'\n');
        if key.and(value).is_err() {
            self.text.truncate(begin);
        }
    }

    /// Adds the members of a JSON object without line feeds; whether it is one.
    fn add_record(&mut self, record: &str) -> bool {
        if record.contains('\n') {
            return false;
        }
        let Ok(Record(members)) = serde_json::from_str(record) else {
            return false;
        };
        for (name, value) in members {
            self.add_own(&name, value);
        }
        true
    }
}

impl Visit for Members {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, with_causes(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.has_record && field.name() == FACTS {
            return;
        }
        let text = format!("{value:?}");
        if field.name() != FACTS_JSON || !self.add_record(&text) {
            self.add(field, text);
        }
    }
}

/// The members of a JSON object in their order.
struct Record<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Record<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Record(members))
    }
}
