//! What an answer at admission says of a verdict: the way from findings to everything that the API server passes on.
//!
//! Its reader wrote one object and may not read other namespaces: of objects there it learns the names on the path and
//! nothing more, and not even those where the configuration hides them. The log has everything. All text that leaves here
//! is one line, and nothing of it hides.

use l7guard_policy::confidence::Confidence;
use l7guard_policy::configuration::{Configuration, CrossNamespaceNames};
use l7guard_policy::identity::ObjectKey;
use l7guard_policy::rules::{Finding, Hop, HopRole, RuleCode};
use l7guard_policy::verdict::Unresolved;
use l7guard_policy::wording::Reader;

use crate::visible_text::{one_line, printable};

/// What stands for the name of a workload that is not named.
const SOME_GATEWAY: &str = "a gateway in another namespace";

/// What the writer of one object may learn.
#[derive(Clone, Copy, Debug)]
pub struct Disclosure<'a> {
    subject: &'a ObjectKey,
    reader: Reader<'a>,
}

/// A finding as an answer may tell of it.
#[derive(Clone, Copy, Debug)]
pub struct DisclosedFinding<'a> {
    finding: &'a Finding,
    reader: Reader<'a>,
}

impl<'a> Disclosure<'a> {
    /// To the writer of `subject`, the object under review.
    #[must_use]
    pub fn to_writer_of(subject: &'a ObjectKey, configuration: &Configuration) -> Self {
        Self {
            subject,
            reader: Reader {
                namespace: &subject.namespace,
                names: configuration.admission.cross_namespace_names,
            },
        }
    }

    /// The object that was written, as `Kind namespace/name`.
    #[must_use]
    pub fn subject(self) -> String {
        safe(&self.subject.to_string())
    }

    /// The kind of the object that was written.
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.subject.kind.name()
    }

    /// Whether a finding is about the object that was written; else that object completes it.
    #[must_use]
    pub fn is_about_subject(self, finding: &Finding) -> bool {
        finding.object == *self.subject
    }

    /// A finding.
    #[must_use]
    pub fn of(self, finding: &'a Finding) -> DisclosedFinding<'a> {
        DisclosedFinding {
            finding,
            reader: self.reader,
        }
    }

    /// Why something cannot be told.
    #[must_use]
    pub fn reason(self, unresolved: &Unresolved) -> String {
        safe(
            &unresolved
                .reason
                .for_reader(&self.reader, &unresolved.object),
        )
    }
}

impl DisclosedFinding<'_> {
    /// The rule.
    #[must_use]
    pub fn rule(&self) -> RuleCode {
        self.finding.rule
    }

    /// Whether an object that would prove it is missing.
    #[must_use]
    pub fn is_likely(&self) -> bool {
        self.finding.confidence == Confidence::Likely
    }

    /// The object that the finding is about.
    #[must_use]
    pub fn object(&self) -> String {
        safe(&self.reader.name(&self.finding.object))
    }

    /// The offending field; empty where it is a field of an object of another namespace, as keys may stand in it.
    #[must_use]
    pub fn field(&self) -> String {
        if self.reader.may_read(&self.finding.object.namespace) {
            safe(&self.finding.field)
        } else {
            String::new()
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> String {
        safe(
            &self
                .finding
                .message
                .for_reader(&self.reader, &self.finding.object),
        )
    }

    /// The objects of the path in the order of the traffic, each in a line: its role and its name, and where the reader may
    /// learn it, the evidence. Lines that do not differ are one.
    #[must_use]
    pub fn path(&self) -> Vec<(HopRole, String)> {
        let mut lines: Vec<_> = self.finding.path.iter().map(|hop| self.hop(hop)).collect();
        lines.dedup();
        lines
    }

    /// The same in short: names alone, of several gateways the first.
    #[must_use]
    pub fn way(&self) -> String {
        let is_gateway = |hop: &&Hop| hop.role == HopRole::Gateway;
        let path = &self.finding.path;
        let before = path.iter().filter(|hop| !is_gateway(hop));
        let mut names: Vec<String> = before
            .chain(path.iter().find(is_gateway))
            .map(|hop| safe(&self.name(hop)))
            .collect();
        names.dedup();
        names.join(" → ")
    }

    fn name(&self, hop: &Hop) -> String {
        if hop.role == HopRole::Gateway && !self.reader.may_name(&hop.object) {
            SOME_GATEWAY.to_owned()
        } else {
            self.reader.name(&hop.object)
        }
    }

    fn hop(&self, hop: &Hop) -> (HopRole, String) {
        let object = self.name(hop);
        let line = if self.reader.may_read(&hop.object.namespace) {
            let evidence = hop.evidence.for_reader(&self.reader, &hop.object);
            format!("{object}: {evidence}")
        } else {
            object
        };
        (hop.role, safe(&line))
    }

    /// The gateway's Service as `namespace/name`, or what is said in its place; empty where there is none on the path.
    #[must_use]
    pub fn service(&self) -> String {
        let mut hops = self.finding.path.iter();
        match hops.find(|hop| hop.role == HopRole::Service) {
            None => String::new(),
            Some(hop) if self.reader.may_name(&hop.object) => safe(&hop.object.qualified_name()),
            Some(_) => "in another namespace".to_owned(),
        }
    }

    /// Where the path leads: a Service as `namespace/name`, a target group or an action.
    #[must_use]
    pub fn target(&self) -> String {
        let Some(path) = self.finding.identity.first() else {
            return String::new();
        };
        // The object names its target groups and actions itself.
        let is_its_own = matches!(self.finding.rule, RuleCode::L7G105 | RuleCode::L7G106);
        let namespace = path
            .to
            .split_once('/')
            .map_or("", |(namespace, _)| namespace);
        let is_shown = is_its_own
            || self.reader.names == CrossNamespaceNames::Shown
            || self.reader.may_read(namespace);
        if is_shown {
            safe(&path.to)
        } else {
            "in another namespace".to_owned()
        }
    }

    /// What to write instead, in several lines.
    #[must_use]
    pub fn remedy(&self) -> String {
        printable(&self.finding.remedy.for_reader(&self.reader)).into_owned()
    }
}

fn safe(text: &str) -> String {
    one_line(text).into_owned()
}
