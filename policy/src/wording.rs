//! Text about objects that remembers where each part of it comes from.
//!
//! Evidence, messages and reasons mix three things: our own words, names of objects, and what objects say (labels, ports,
//! values). An answer at admission is read by people who may not read every namespace. So a text is built from parts, and
//! [`Wording::for_reader`] leaves out what its reader may not learn. Text that no part is named for counts as said by the
//! object that it is about, so that a careless text shows too little, never too much.

use std::fmt::{Display, Write as _};
use std::sync::Arc;

use crate::identity::{Kind, ObjectKey};

/// What stands for a part that its reader may not learn.
const LEFT_OUT: &str = "…";

/// Whether answers name objects of other namespaces. Nothing else of them is ever said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrossNamespaceNames {
    /// They do: whoever is refused can go and ask the owner.
    #[default]
    Shown,
    /// They say "in another namespace".
    Hidden,
}

/// A line of text in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Wording {
    text: String,
    parts: Vec<Part>,
}

/// A part of the text: from the end of the part before it to its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Part {
    end: usize,
    source: Source,
}

/// Where a part comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Source {
    /// From us.
    Ours,
    /// The name of an object.
    Name(ObjectKey),
    /// Something that an object says, of this namespace (empty: cluster-scoped); `None`: of the object that the text is about.
    Said(Option<Arc<str>>),
}

/// Who reads a text: somebody who wrote an object of one namespace.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The namespace of the object that was written; empty for a cluster-scoped one, whose writer may see no namespace.
    pub namespace: &'a str,
    /// Whether names of objects of other namespaces are shown.
    pub names: CrossNamespaceNames,
}

impl Reader<'_> {
    /// Whether the reader may learn what an object of this namespace says. What cluster-scoped objects say (the empty
    /// namespace) belongs to no namespace.
    #[must_use]
    pub fn may_read(&self, namespace: &str) -> bool {
        namespace.is_empty() || namespace == self.namespace
    }

    /// Whether the reader may learn the object's name.
    #[must_use]
    pub fn may_name(&self, object: &ObjectKey) -> bool {
        self.names == CrossNamespaceNames::Shown || self.may_read(&object.namespace)
    }

    /// The object as `Kind namespace/name`, or what may be said in its place.
    #[must_use]
    pub fn name(&self, object: &ObjectKey) -> String {
        if self.may_name(object) {
            return object.to_string();
        }
        let kind = kind_in_words(object.kind);
        // An HTTPRoute is "an aitch-tee-tee-pee route".
        let article = if kind.starts_with(['A', 'E', 'I', 'O', 'H']) {
            "an"
        } else {
            "a"
        };
        format!("{article} {kind} in another namespace")
    }
}

impl Wording {
    /// A text that begins with our own words.
    #[must_use]
    pub fn ours(words: &'static str) -> Self {
        Self::default().then(words)
    }

    /// A text that begins with the name of an object.
    #[must_use]
    pub fn of(object: &ObjectKey) -> Self {
        Self::default().name(object)
    }

    /// How many bytes the text in full has.
    pub(crate) fn length(&self) -> usize {
        self.text.len()
    }

    /// Goes on with our own words.
    #[must_use]
    pub fn then(mut self, words: &'static str) -> Self {
        self.text.push_str(words);
        self.end(Source::Ours);
        self
    }

    /// Goes on with the name of an object, as `Kind namespace/name`.
    #[must_use]
    pub fn name(mut self, object: &ObjectKey) -> Self {
        // Writing to a String cannot fail.
        let _ = write!(
            self.text,
            "{} {}",
            kind_in_words(object.kind),
            object.qualified_name()
        );
        self.end(Source::Name(object.clone()));
        self
    }

    /// Goes on with something that the object says which the text is about.
    #[must_use]
    pub fn said(mut self, value: impl Display) -> Self {
        let _ = write!(self.text, "{value}");
        self.end(Source::Said(None));
        self
    }

    /// Goes on with something that another object says.
    #[must_use]
    pub fn said_by(mut self, object: &ObjectKey, value: impl Display) -> Self {
        let _ = write!(self.text, "{value}");
        self.end(Source::Said(Some(Arc::clone(&object.namespace))));
        self
    }

    /// Goes on with another text about the same object.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.append(other, Source::clone);
        self
    }

    /// Goes on with a text about another object: all of it but names is that object's.
    #[must_use]
    pub fn and_of(mut self, object: &ObjectKey, other: &Self) -> Self {
        self.append(other, |source| match source {
            Source::Ours | Source::Said(None) => Source::Said(Some(Arc::clone(&object.namespace))),
            Source::Name(_) | Source::Said(Some(_)) => source.clone(),
        });
        self
    }

    fn append(&mut self, other: &Self, source: impl Fn(&Source) -> Source) {
        let before = self.text.len();
        self.text.push_str(&other.text);
        self.parts.extend(other.parts.iter().map(|part| Part {
            end: before + part.end,
            source: source(&part.source),
        }));
    }

    fn end(&mut self, source: Source) {
        self.parts.push(Part {
            end: self.text.len(),
            source,
        });
    }

    /// All of it: for the log and for reports on files, whose reader may read every object that they are about.
    #[must_use]
    pub fn in_full(&self) -> &str {
        &self.text
    }

    /// As `reader` may read it: a text about `object`.
    #[must_use]
    pub fn for_reader(&self, reader: &Reader<'_>, object: &ObjectKey) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut begin = 0;
        for Part { end, source } in &self.parts {
            let part = &self.text[begin..*end];
            begin = *end;
            match source {
                Source::Name(object) if !reader.may_name(object) => {
                    text.push_str(&reader.name(object));
                }
                Source::Said(namespace)
                    if !reader.may_read(namespace.as_ref().unwrap_or(&object.namespace)) =>
                {
                    if !text.ends_with(LEFT_OUT) {
                        text.push_str(LEFT_OUT);
                    }
                }
                _ => text.push_str(part),
            }
        }
        text
    }
}

/// A kind in words. Istio's own Gateway is not to be taken for the Gateway API's.
fn kind_in_words(kind: Kind) -> &'static str {
    match kind {
        Kind::IstioGateway => "Istio Gateway",
        _ => kind.name(),
    }
}

/// Our own words.
impl From<&'static str> for Wording {
    fn from(words: &'static str) -> Self {
        Self::ours(words)
    }
}

/// Something that the object says which the text is about.
impl From<String> for Wording {
    fn from(said: String) -> Self {
        Self::default().said(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: CrossNamespaceNames = CrossNamespaceNames::Shown;
    const HIDDEN: CrossNamespaceNames = CrossNamespaceNames::Hidden;

    fn key(kind: Kind, namespace: &str) -> ObjectKey {
        ObjectKey::new(kind, namespace, "web")
    }

    fn reader(namespace: &str, names: CrossNamespaceNames) -> Reader<'_> {
        Reader { namespace, names }
    }

    #[test]
    fn what_an_object_says_is_read_in_its_own_namespace_alone() {
        let service = key(Kind::Service, "theirs");
        let text = Wording::of(&service).then(" selects ").said("app=gw");
        assert_eq!(text.in_full(), "Service theirs/web selects app=gw");
        let read = |namespace, names| text.for_reader(&reader(namespace, names), &service);
        assert_eq!(read("theirs", HIDDEN), text.in_full());
        assert_eq!(read("mine", SHOWN), "Service theirs/web selects …");
        assert_eq!(
            read("mine", HIDDEN),
            "a Service in another namespace selects …"
        );
        // Whoever writes a cluster-scoped object is of no namespace.
        assert_eq!(read("", SHOWN), "Service theirs/web selects …");
    }

    #[test]
    fn a_text_about_another_object_keeps_nothing_but_names() {
        let (mine, theirs) = (
            key(Kind::TargetGroupBinding, "mine"),
            key(Kind::HttpRoute, "theirs"),
        );
        let third = key(Kind::Gateway, "third");
        let why = Wording::ours("parent ")
            .name(&third)
            .then(" of class ")
            .said("secret");
        let text = Wording::of(&theirs)
            .then(" forwards (")
            .and_of(&theirs, &why)
            .then(")");
        assert_eq!(
            text.in_full(),
            "HTTPRoute theirs/web forwards (parent Gateway third/web of class secret)"
        );
        assert_eq!(
            text.for_reader(&reader("mine", SHOWN), &mine),
            "HTTPRoute theirs/web forwards (…Gateway third/web…)"
        );
        assert_eq!(
            text.for_reader(&reader("mine", HIDDEN), &mine),
            "an HTTPRoute in another namespace forwards (…a Gateway in another namespace…)"
        );
    }

    #[test]
    fn cluster_scoped_objects_are_nobodys_secret() {
        let class = key(Kind::GatewayClass, "");
        let text = Wording::of(&class).then(": ").said("controller");
        assert_eq!(
            text.for_reader(&reader("mine", HIDDEN), &class),
            text.in_full()
        );
    }

    #[test]
    fn a_text_without_named_parts_shows_too_little_rather_than_too_much() {
        let careless = Wording::from(format!("port {}", 8443));
        let theirs = key(Kind::Service, "theirs");
        assert_eq!(careless.for_reader(&reader("mine", SHOWN), &theirs), "…");
        assert_eq!(
            careless.for_reader(&reader("theirs", SHOWN), &theirs),
            "port 8443"
        );
    }
}
