//! From a document to Kubernetes objects: what is one, what is a list of them, and what is neither.
//!
//! Lists are opened as `kubectl` opens them (k8s.io/apimachinery `unstructuredJSONScheme.decodeToList`).

use std::sync::Arc;

use serde_json::Value;

use super::item::NoteReason;
use super::non_objects::{self, NonObject};
use super::object::{RawObject, Type};
use super::object_error::{ObjectError, ObjectErrorKind};
use super::yaml::{
    Address, AliasBudget, Document, DocumentId, Entry, MAX_DEPTH, Meaning, NodeId, ParseErrorKind,
    Remark, Source, Text, Tree, convert,
};

/// What a document, or an item of a list, turned out to be.
#[derive(Debug)]
pub(super) enum Found {
    /// An object, with remarks on it.
    Object(Box<RawObject>, Vec<Remark>),
    /// No object, or not only that, for a reason that is no fault.
    Remark(NoteReason, Remark),
    /// It cannot be read.
    Unreadable(ObjectError),
}

/// The objects of one document, one at a time.
#[derive(Debug)]
pub(super) struct Objects {
    source: Arc<Source>,
    document: DocumentId,
    tree: Tree,
    budget: AliasBudget,
    /// Whether the document itself was looked at.
    begun: bool,
    /// Lists under way, the innermost last.
    lists: Vec<List>,
}

#[derive(Debug)]
struct List {
    /// The next item, and the node after the last.
    next: NodeId,
    end: NodeId,
    /// How many items came before.
    index: usize,
    pointer: String,
    /// Whether an alias or a merge led here.
    aliased: bool,
    /// What items are that do not say so themselves.
    inherited: Option<Type>,
}

/// A mapping that may be an object.
struct Candidate {
    node: NodeId,
    pointer: String,
    aliased: bool,
    inherited: Option<Type>,
}

/// What stands where an `apiVersion` or a `kind` is looked for.
enum Name {
    /// Nothing, null or an empty text.
    Missing,
    Text(String),
    /// Something else.
    Wrong(ObjectError),
}

impl Objects {
    /// The objects in a document.
    #[must_use]
    pub(super) fn new(document: Document) -> Self {
        Self {
            source: Arc::clone(document.source()),
            document: document.id,
            tree: document.tree,
            budget: document.budget,
            begun: false,
            lists: Vec::new(),
        }
    }

    /// What is left of the budget.
    #[must_use]
    pub(super) fn budget(&self) -> &AliasBudget {
        &self.budget
    }

    fn text(&self) -> Text<'_> {
        Text {
            tree: &self.tree,
            source: &self.source,
        }
    }

    /// Looks at the whole document.
    fn document(&mut self) -> Result<Option<Found>, ObjectError> {
        let root = Candidate {
            node: 0,
            pointer: String::new(),
            aliased: false,
            inherited: None,
        };
        let what = if self.tree.is_mapping(0) {
            return self.examine(root);
        } else if self.tree.is_sequence(0) {
            if self.holds_objects(0, false)? {
                self.open(0, String::new(), false, None)?;
                Some(NonObject {
                    reason: NoteReason::Ambiguous,
                    message: "a bare list of objects, which kubectl does not take: its elements are judged all the same".to_owned(),
                })
            } else {
                non_objects::of_list(self.text(), 0)
            }
        } else {
            if let Ok(Meaning::Null) = self.text().meaning(0) {
                return Ok(None);
            }
            non_objects::of_scalar(self.text())
        };
        Ok(what.map(|what| self.remark(0, what)))
    }

    /// Looks at what should be an object, a list of objects, or neither.
    fn examine(&mut self, mut candidate: Candidate) -> Result<Option<Found>, ObjectError> {
        let node = candidate.node;
        if !self.tree.is_mapping(node) {
            return Err(self.error(node, ObjectErrorKind::ItemIsNoObject));
        }
        let api_version = self.name(node, "apiVersion", candidate.aliased)?;
        let kind = self.name(node, "kind", candidate.aliased)?;
        if let Name::Text(kind) = &kind
            && self.open_items(&candidate, &api_version, kind)?
        {
            return Ok(None);
        }
        let inherited = candidate.inherited.take();
        let own = match (api_version, kind, inherited) {
            (Name::Text(api_version), Name::Text(kind), _) => Type { api_version, kind },
            (Name::Missing, Name::Missing, Some(inherited)) => inherited,
            (Name::Missing, _, _) | (_, Name::Missing, _) => {
                let what = non_objects::of_mapping(self.text(), node);
                return Ok(what.map(|what| self.remark(node, what)));
            }
            (Name::Wrong(error), _, _) | (_, Name::Wrong(error), _) => return Err(error),
        };
        if let Some(what) = non_objects::of_object(self.text(), node, &own) {
            return Ok(Some(self.remark(node, what)));
        }
        self.object(candidate, own).map(Some)
    }

    /// Opens a candidate that is a list; false when it is none. `kubectl` takes everything for a list that has
    /// `items`; here its kind has to end with `List`, or an item has to say that it is an object.
    fn open_items(
        &mut self,
        candidate: &Candidate,
        api_version: &Name,
        kind: &str,
    ) -> Result<bool, ObjectError> {
        let plain = kind == "List";
        let Some(entry) = self.find(candidate.node, "items", candidate.aliased)? else {
            return Ok(plain);
        };
        let items = self.tree.target(entry.value);
        if !self.tree.is_sequence(items) {
            return match self.text().meaning(items) {
                Ok(Meaning::Null) => Ok(plain),
                _ if plain => Err(self.error(entry.value, ObjectErrorKind::ItemsIsNoList)),
                _ => Ok(false),
            };
        }
        let within = candidate.node..self.tree.after(candidate.node);
        let aliased = candidate.aliased || !within.contains(&items);
        let inherited = match (api_version, kind.strip_suffix("List")) {
            (Name::Text(_), Some("")) => None,
            (Name::Text(api_version), Some(kind)) => Some(Type {
                api_version: api_version.clone(),
                kind: kind.to_owned(),
            }),
            _ if self.holds_objects(items, aliased)? => None,
            _ => return Ok(false),
        };
        let pointer = format!("{}/items", candidate.pointer);
        self.open(items, pointer, aliased, inherited)?;
        Ok(true)
    }

    fn open(
        &mut self,
        items: NodeId,
        pointer: String,
        aliased: bool,
        inherited: Option<Type>,
    ) -> Result<(), ObjectError> {
        if self.lists.len() >= MAX_DEPTH {
            return Err(self.error(items, ParseErrorKind::TooDeep));
        }
        self.lists.push(List {
            next: items + 1,
            end: self.tree.after(items),
            index: 0,
            pointer,
            aliased,
            inherited,
        });
        Ok(())
    }

    /// The next item of the innermost list, if there is one.
    fn item(&mut self) -> Option<Result<Candidate, ObjectError>> {
        let (node, candidate) = loop {
            let list = self.lists.last_mut()?;
            if list.next >= list.end {
                self.lists.pop();
                continue;
            }
            let node = list.next;
            list.next = self.tree.after(node);
            list.index += 1;
            let target = self.tree.target(node);
            break (
                node,
                Candidate {
                    node: target,
                    pointer: format!("{}/{}", list.pointer, list.index - 1),
                    aliased: list.aliased || target != node,
                    inherited: list.inherited.clone(),
                },
            );
        };
        if candidate.aliased && !self.budget.spend(candidate.pointer.len()) {
            // A list that was reached by an alias may be reached by a thousand more: leave it.
            self.lists.pop_if(|list| list.aliased);
            return Some(Err(self.error(node, ParseErrorKind::ExcessiveAliasing)));
        }
        Some(Ok(candidate))
    }

    fn object(&mut self, candidate: Candidate, own: Type) -> Result<Found, ObjectError> {
        let mut remarks = Vec::new();
        let text = Text {
            tree: &self.tree,
            source: &self.source,
        };
        let Candidate { node, aliased, .. } = candidate;
        let mut value = convert(text, node, aliased, &mut self.budget, &mut remarks)?;
        if let Value::Object(fields) = &mut value {
            fields.insert("apiVersion".to_owned(), own.api_version.clone().into());
            fields.insert("kind".to_owned(), own.kind.clone().into());
        }
        let address = Address::new(
            Arc::clone(&self.source),
            self.document,
            node,
            self.tree.offset(node),
            candidate.pointer,
        );
        let object = RawObject::new(value, own, address);
        Ok(Found::Object(Box::new(object), remarks))
    }

    /// Whether an element of a sequence says that it is an object.
    fn holds_objects(&mut self, sequence: NodeId, aliased: bool) -> Result<bool, ObjectError> {
        let mut next = sequence + 1;
        while next < self.tree.after(sequence) {
            let element = self.tree.target(next);
            let aliased = aliased || element != next;
            next = self.tree.after(next);
            if let Name::Text(_) = self.name(element, "apiVersion", aliased)?
                && let Name::Text(_) = self.name(element, "kind", aliased)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn name(
        &mut self,
        mapping: NodeId,
        field: &'static str,
        aliased: bool,
    ) -> Result<Name, ObjectError> {
        let Some(entry) = self.find(mapping, field, aliased)? else {
            return Ok(Name::Missing);
        };
        Ok(match self.text().meaning(entry.value) {
            Ok(Meaning::Null) => Name::Missing,
            Ok(Meaning::Text(text)) if text.is_empty() => Name::Missing,
            Ok(Meaning::Text(text)) => Name::Text(text.into_owned()),
            _ => Name::Wrong(self.error(entry.value, ObjectErrorKind::TypeIsNoText(field))),
        })
    }

    fn find(
        &mut self,
        mapping: NodeId,
        key: &str,
        aliased: bool,
    ) -> Result<Option<Entry>, ObjectError> {
        let text = Text {
            tree: &self.tree,
            source: &self.source,
        };
        Ok(text.find(mapping, key, aliased, &mut self.budget)?)
    }

    fn remark(&self, node: NodeId, what: NonObject) -> Found {
        let remark = Remark {
            offset: self.tree.offset(node),
            message: what.message,
        };
        Found::Remark(what.reason, remark)
    }

    fn error(&self, node: NodeId, kind: impl Into<ObjectErrorKind>) -> ObjectError {
        ObjectError {
            offset: self.tree.offset(node),
            kind: kind.into(),
        }
    }
}

impl Iterator for Objects {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        if !std::mem::replace(&mut self.begun, true) {
            match self.document() {
                Ok(None) => {}
                Ok(Some(found)) => return Some(found),
                Err(error) => return Some(Found::Unreadable(error)),
            }
        }
        loop {
            let examined = self.item()?.and_then(|item| self.examine(item));
            match examined {
                Ok(None) => {}
                Ok(Some(found)) => return Some(found),
                Err(error) => return Some(Found::Unreadable(error)),
            }
        }
    }
}
