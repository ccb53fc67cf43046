//! What is wrong with a configuration, and where.

use super::pointer::Pointer;
use l7guard_manifests::yaml::{Address, Locator, Place};

/// Something that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How severe it is.
    pub severity: Severity,
    /// JSON pointer of the value in the document; empty for the document itself.
    pub pointer: String,
    /// Where that stands in the file.
    pub place: Place,
    /// What is wrong, and what to write.
    pub message: String,
}

/// How severe a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It works, but will not much longer.
    Warning,
    /// A date has passed. The policy knows that by itself, so whoever uses the configuration goes on with a warning;
    /// for whoever checks it, it is an error.
    Expired,
    /// The configuration cannot be used.
    Error,
}

/// Collects problems of one document and finds their places.
pub(super) struct Problems<'a> {
    address: &'a Address,
    locator: Locator,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    /// None yet, of the document at this address.
    pub(super) fn new(address: &'a Address) -> Self {
        Self {
            address,
            locator: Locator::default(),
            found: Vec::new(),
        }
    }

    /// Something is wrong with a value.
    pub(super) fn error(&mut self, at: &Pointer, message: impl Into<String>) {
        let place = self.locator.locate(self.address, at.as_str()).value;
        self.add(Severity::Error, at, place, message.into());
    }

    /// Something is wrong with a key, or there is nothing behind it.
    pub(super) fn error_at_key(&mut self, at: &Pointer, message: impl Into<String>) {
        let location = self.locator.locate(self.address, at.as_str());
        let place = location.key.unwrap_or(location.value);
        self.add(Severity::Error, at, place, message.into());
    }

    /// A date has passed.
    pub(super) fn expired(&mut self, at: &Pointer, message: impl Into<String>) {
        let place = self.locator.locate(self.address, at.as_str()).value;
        self.add(Severity::Expired, at, place, message.into());
    }

    /// A date is near.
    pub(super) fn warning(&mut self, at: &Pointer, message: impl Into<String>) {
        let place = self.locator.locate(self.address, at.as_str()).value;
        self.add(Severity::Warning, at, place, message.into());
    }

    /// All of them.
    pub(super) fn into_found(self) -> Vec<Problem> {
        self.found
    }

    fn add(&mut self, severity: Severity, at: &Pointer, place: Place, message: String) {
        self.found.push(Problem {
            severity,
            pointer: at.to_string(),
            place,
            message,
        });
    }
}
