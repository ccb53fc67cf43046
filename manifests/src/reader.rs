//! A source to its objects, one at a time.

use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::Arc;

use super::foreign;
use super::item::{Item, LoadError, Note, NoteReason, Origin};
use super::objects::{Found, Objects};
use super::yaml::{Document, Remark, Source, Stream, Unreadable};

/// Notes, and errors, that are told of one source; that there are more of either is told once.
const MAX_MESSAGES: usize = 1_000;

/// Reads a source item by item. A document's tree is dropped when its last object was given; what is then kept of an
/// object is up to the caller.
#[derive(Debug)]
pub struct Reader {
    stream: Stream,
    /// The rest of the objects of the document under way.
    objects: Option<Objects>,
    ready: VecDeque<Item>,
    notes: usize,
    errors: usize,
}

impl Reader {
    /// At the beginning of `source`.
    #[must_use]
    pub fn new(source: Arc<Source>) -> Self {
        Self {
            stream: Stream::new(source),
            objects: None,
            ready: VecDeque::new(),
            notes: 0,
            errors: 0,
        }
    }

    /// The source that is read.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        self.stream.source()
    }

    fn begin(&mut self, mut document: Document) {
        let remark = document.remark.take();
        self.objects = Some(Objects::new(document));
        if let Some(remark) = remark {
            self.note(NoteReason::Ambiguous, &remark);
        }
    }

    /// Tells of a document that cannot be parsed: as of a template, where that may be the reason.
    fn unreadable(&mut self, unreadable: &Unreadable) {
        let error = &unreadable.error;
        if foreign::is_of_others(self.source()) {
            return;
        }
        let Some(template) = unreadable.template else {
            let origin = if unreadable.is_whole_source {
                Origin::Source
            } else {
                Origin::Document
            };
            return self.error(origin, error.offset, error);
        };
        let line = self.source().place(error.offset).line;
        let remark = Remark {
            offset: template,
            message: format!(
                "a template (`{{{{`), not a manifest: skipped. Render it first, such as by \
                 `helm template … | l7guard check -` (as it stands, line {line}: {error})"
            ),
        };
        self.note(NoteReason::Helm, &remark);
    }

    fn found(&mut self, found: Found) {
        match found {
            Found::Object(object, remarks) => {
                self.ready.push_back(Item::Object(object));
                for remark in remarks {
                    self.note(NoteReason::Ambiguous, &remark);
                }
            }
            Found::Remark(reason, remark) => self.note(reason, &remark),
            Found::Unreadable(error) => self.error(Origin::Object, error.offset, &error),
        }
    }

    fn note(&mut self, reason: NoteReason, remark: &Remark) {
        self.notes += 1;
        let message = match self.notes {
            ..=MAX_MESSAGES => remark.message.clone(),
            _ if self.notes == MAX_MESSAGES + 1 => "there are more notes than are told".to_owned(),
            _ => return,
        };
        let place = self.source().place(remark.offset);
        self.ready.push_back(Item::Note(Note {
            reason,
            line: place.line,
            column: place.column,
            message,
        }));
    }

    fn error(&mut self, origin: Origin, offset: usize, error: &dyn Display) {
        self.errors += 1;
        let message = match self.errors {
            ..=MAX_MESSAGES => error.to_string(),
            _ if self.errors == MAX_MESSAGES + 1 => {
                "there are more errors than are told".to_owned()
            }
            _ => return,
        };
        let place = self.source().place(offset);
        self.ready.push_back(Item::Error(LoadError {
            origin,
            line: place.line,
            column: place.column,
            message,
        }));
    }
}

impl Iterator for Reader {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            let Some(mut objects) = self.objects.take() else {
                match self.stream.next()? {
                    Ok(document) => self.begin(document),
                    Err(unreadable) => self.unreadable(&unreadable),
                }
                continue;
            };
            match objects.next() {
                Some(found) => {
                    self.objects = Some(objects);
                    self.found(found);
                }
                None => self.stream.put_back(objects.budget()),
            }
        }
    }
}
