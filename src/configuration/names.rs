//! Lists of names, each of which replaces the default.

use super::field::Field;
use super::list::{Element, List, distinct};
use super::pointer::Pointer;
use super::problem::Problems;

/// Reads the lists of names of one section.
pub(super) struct Names<'a, 'p> {
    pub(super) at: &'a Pointer,
    pub(super) problems: &'a mut Problems<'p>,
}

impl Names<'_, '_> {
    /// A list that may be empty.
    pub(super) fn any<T: PartialEq + Into<Box<str>>>(
        &mut self,
        key: &str,
        given: Field<List<T>>,
        default: Vec<Box<str>>,
    ) -> Vec<Box<str>> {
        let elements = given.elements(&self.at.key(key), self.problems);
        self.distinct(elements).unwrap_or(default)
    }

    /// A list that may not, for the reason that is given.
    pub(super) fn some<T: PartialEq + Into<Box<str>>>(
        &mut self,
        key: &str,
        why: &str,
        given: Field<List<T>>,
        default: Vec<Box<str>>,
    ) -> Vec<Box<str>> {
        let elements = given.some_elements(&self.at.key(key), why, self.problems);
        self.distinct(elements).unwrap_or(default)
    }

    fn distinct<T: PartialEq + Into<Box<str>>>(
        &mut self,
        elements: Option<Vec<Element<T>>>,
    ) -> Option<Vec<Box<str>>> {
        let elements = distinct(elements?, self.problems);
        Some(elements.into_iter().map(|(_, name)| name.into()).collect())
    }
}
