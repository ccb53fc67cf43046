//! A part of a tree as a `serde_json::Value`, with aliases and merges put in, without recursion.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::alias_budget::AliasBudget;
use super::error::{ParseError, ParseErrorKind};
use super::limits::{MAX_DEPTH, MAX_OBJECT_NODES};
use super::lookup::Text;
use super::tree::{NodeId, View};

/// Notes kept of one object.
const MAX_NOTES: usize = 20;

/// Something worth knowing about a text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Byte offset in the source.
    pub offset: usize,
    /// In words.
    pub message: String,
}

/// The value of the part of a tree that begins at `node`; `aliased` when an alias led there.
///
/// Of keys that are given twice the last one holds, and a remark says so.
///
/// # Errors
/// When something in it cannot be put into JSON, a merge is none, or it is beyond the bounds.
pub(crate) fn convert(
    text: Text<'_>,
    node: NodeId,
    aliased: bool,
    budget: &mut AliasBudget,
    remarks: &mut Vec<Remark>,
) -> Result<Value, ParseError> {
    let written = (text.tree.after(node) - node) as usize;
    if written > MAX_OBJECT_NODES {
        // Said before any memory is taken for it.
        let offset = text.tree.offset(node);
        return Err(ParseError::new(offset, ParseErrorKind::ObjectTooLarge));
    }
    let mut conversion = Conversion {
        text,
        object: node,
        nodes: 0,
        budget,
        remarks,
        stack: Vec::new(),
    };
    let mut next = (node, aliased);
    loop {
        let (node, aliased) = next;
        let mut done = conversion.enter(node, aliased)?.map(Done::Value);
        next = loop {
            if let Some(part) = done.take() {
                match (conversion.stack.last_mut(), part) {
                    (Some(frame), Done::Value(value)) => frame.give(value),
                    (Some(frame), Done::Merged(map)) => frame.merge(map),
                    (None, Done::Value(value)) => return Ok(value),
                    (None, Done::Merged(map)) => return Ok(Value::Object(map)),
                }
            }
            match conversion.step()? {
                Step::Into(node, aliased) => break (node, aliased),
                Step::Merge => {}
                Step::Done(part) => done = Some(part),
            }
        };
    }
}

struct Conversion<'a> {
    text: Text<'a>,
    object: NodeId,
    nodes: usize,
    budget: &'a mut AliasBudget,
    remarks: &'a mut Vec<Remark>,
    stack: Vec<Frame>,
}

/// A mapping or sequence under way.
struct Frame {
    filling: Filling,
    /// The next child to read, and the one after the last.
    next: NodeId,
    end: NodeId,
    aliased: bool,
}

enum Filling {
    Sequence(Vec<Value>),
    Mapping {
        map: Map<String, Value>,
        /// The key of the value that is read next.
        key: Option<String>,
        /// Keys that stand in the mapping itself; `None` as long as nothing was merged and all of `map` does.
        own: Option<BTreeSet<String>>,
        /// Whether the mapping is to be merged into the one beneath it.
        merging: bool,
    },
}

enum Done {
    Value(Value),
    Merged(Map<String, Value>),
}

enum Step {
    /// Read this node next.
    Into(NodeId, bool),
    /// Mappings to merge were put on the stack.
    Merge,
    /// The innermost mapping or sequence is complete.
    Done(Done),
}

impl Frame {
    fn give(&mut self, value: Value) {
        match &mut self.filling {
            Filling::Sequence(items) => items.push(value),
            Filling::Mapping { map, key, .. } => {
                if let Some(key) = key.take() {
                    map.insert(key, value);
                }
            }
        }
    }

    /// What is merged overrides what stands before the `<<`, as go.yaml.in/yaml/v2 `decode.go` has it.
    fn merge(&mut self, merged: Map<String, Value>) {
        let Filling::Mapping { map, own, .. } = &mut self.filling else {
            return;
        };
        own.get_or_insert_with(|| map.keys().cloned().collect());
        if map.is_empty() {
            *map = merged;
        } else {
            map.extend(merged);
        }
    }
}

impl Conversion<'_> {
    /// Reads a scalar, or puts a mapping or sequence on the stack.
    fn enter(&mut self, node: NodeId, aliased: bool) -> Result<Option<Value>, ParseError> {
        let tree = self.text.tree;
        let target = tree.target(node);
        let aliased = aliased || target != node;
        let filling = match tree.view(self.text.source, target) {
            View::Scalar(scalar) => {
                self.count(node, aliased, scalar.text.len())?;
                return super::scalar::read(tree.format(), scalar)
                    .and_then(super::scalar::Meaning::into_value)
                    .map(Some)
                    .map_err(|kind| ParseError::new(tree.offset(target), kind));
            }
            View::Sequence => Filling::Sequence(Vec::new()),
            View::Mapping => mapping(false),
        };
        self.count(node, aliased, 0)?;
        self.push(filling, target, aliased)?;
        Ok(None)
    }

    fn push(&mut self, filling: Filling, node: NodeId, aliased: bool) -> Result<(), ParseError> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.error(node, ParseErrorKind::TooDeep));
        }
        self.stack.push(Frame {
            filling,
            next: node + 1,
            end: self.text.tree.after(node),
            aliased,
        });
        Ok(())
    }

    /// Goes on with the innermost mapping or sequence.
    fn step(&mut self) -> Result<Step, ParseError> {
        let tree = self.text.tree;
        let Some(frame) = self.stack.last_mut() else {
            return Ok(Step::Done(Done::Value(Value::Null)));
        };
        if frame.next >= frame.end {
            return Ok(Step::Done(self.complete()));
        }
        let (child, aliased) = (frame.next, frame.aliased);
        frame.next = tree.after(child);
        if let Filling::Sequence(_) = frame.filling {
            return Ok(Step::Into(child, aliased));
        }
        let value = frame.next;
        frame.next = tree.after(value);
        if self.text.is_merge(child) {
            self.begin_merge(value, aliased)?;
            return Ok(Step::Merge);
        }
        self.key(child, aliased)?;
        Ok(Step::Into(value, aliased))
    }

    fn complete(&mut self) -> Done {
        match self.stack.pop().map(|frame| frame.filling) {
            Some(Filling::Sequence(items)) => Done::Value(Value::Array(items)),
            Some(Filling::Mapping { map, merging, .. }) => {
                if merging {
                    Done::Merged(map)
                } else {
                    Done::Value(Value::Object(map))
                }
            }
            None => Done::Value(Value::Null),
        }
    }

    /// Notes the key of the value that comes next.
    fn key(&mut self, node: NodeId, aliased: bool) -> Result<(), ParseError> {
        let text = self.text.key(node)?;
        self.count(node, aliased, text.len())?;
        let Some(Frame {
            filling: Filling::Mapping { map, key, own, .. },
            ..
        }) = self.stack.last_mut()
        else {
            return Ok(());
        };
        let twice = match own {
            Some(own) => !own.insert(text.clone()),
            None => map.contains_key(&text),
        };
        if twice && !aliased {
            remark_duplicate(self.remarks, self.text.tree.offset(node), &text);
        }
        *key = Some(text);
        Ok(())
    }

    /// Puts the mappings that a `<<` stands for on the stack. The one on top is read first and given to the one
    /// beneath it, whose own keys then override it: so the first of a list takes precedence.
    fn begin_merge(&mut self, value: NodeId, aliased: bool) -> Result<(), ParseError> {
        let tree = self.text.tree;
        let own = value..tree.after(value);
        for merged in self.text.merged(value)? {
            let aliased = aliased || !own.contains(&merged);
            self.count(merged, aliased, 0)?;
            self.push(mapping(true), merged, aliased)?;
        }
        Ok(())
    }

    fn count(&mut self, node: NodeId, aliased: bool, bytes: usize) -> Result<(), ParseError> {
        self.nodes += 1;
        if self.nodes > MAX_OBJECT_NODES {
            return Err(self.error(self.object, ParseErrorKind::ObjectTooLarge));
        }
        if aliased && !self.budget.spend(bytes) {
            return Err(self.error(node, ParseErrorKind::ExcessiveAliasing));
        }
        Ok(())
    }

    fn error(&self, node: NodeId, kind: ParseErrorKind) -> ParseError {
        ParseError::new(self.text.tree.offset(node), kind)
    }
}

fn mapping(merging: bool) -> Filling {
    Filling::Mapping {
        map: Map::new(),
        key: None,
        own: None,
        merging,
    }
}

fn remark_duplicate(remarks: &mut Vec<Remark>, offset: usize, key: &str) {
    let message = match remarks.len() {
        ..MAX_NOTES => format!(
            "the key `{}` is given more than once in this mapping: the last one holds",
            super::error::shortened(key)
        ),
        MAX_NOTES => "more keys of this object are given more than once".to_owned(),
        _ => return,
    };
    remarks.push(Remark { offset, message });
}
