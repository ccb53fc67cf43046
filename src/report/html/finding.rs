//! A finding as the page shows it.

use l7guard_policy::confidence::Confidence;
use l7guard_policy::rules::Mode;
use l7guard_policy::verdict::WouldBe;

use super::picture::{self, Picture};
use super::shown::Shown;
use crate::report::{ReportedFinding, remedy_text};

/// A finding.
pub(super) struct FindingView {
    /// Its place in the page: findings are numbered from 1.
    pub(super) number: usize,
    /// The live cluster that it was found in.
    pub(super) cluster: Option<Shown>,
    /// Whether an earlier report, which this one was compared with, did not have it.
    pub(super) is_new: bool,
    /// `deny`, `warn` or `audit`.
    pub(super) severity: &'static str,
    /// What the severity means.
    pub(super) effect: &'static str,
    /// What it would do if nothing were set to `audit`, where it is.
    pub(super) would_be: Option<WouldBeView>,
    /// The rule's code.
    pub(super) rule: &'static str,
    /// The rule's name.
    pub(super) rule_name: &'static str,
    /// Why the rule is there.
    pub(super) reason: &'static str,
    /// The object that it is about.
    pub(super) object: Shown,
    /// Where the path leads, if that is another object.
    pub(super) target: Option<Shown>,
    /// `confirmed` or `likely`.
    pub(super) confidence: &'static str,
    /// What the confidence means.
    pub(super) certainty: &'static str,
    /// What is wrong.
    pub(super) message: Shown,
    /// JSON pointer of the offending field.
    pub(super) field: Shown,
    /// Where that field stands in a file.
    pub(super) place: Option<PlaceView>,
    /// The path as it is.
    pub(super) now: Picture,
    /// The path as it should be.
    pub(super) instead: Option<Picture>,
    /// What shows each hop.
    pub(super) evidence: Vec<EvidenceView>,
    /// What to do, in a sentence.
    pub(super) advice: Shown,
    /// The changes, to copy.
    pub(super) changes: Option<Shown>,
}

/// What a finding in audit mode would do.
pub(super) struct WouldBeView {
    /// `deny` or `warn`, which is also how it looks.
    pub(super) severity: &'static str,
    /// In two words.
    pub(super) words: &'static str,
    /// In a sentence.
    pub(super) sentence: &'static str,
}

/// A place in a file.
pub(super) struct PlaceView {
    /// `file:line:column`.
    pub(super) at: Shown,
    /// The line there.
    pub(super) line: Option<Shown>,
}

/// What shows that a path runs through an object.
pub(super) struct EvidenceView {
    /// `front`, `service` or `gateway`.
    pub(super) role: &'static str,
    /// The object.
    pub(super) object: Shown,
    /// What shows it.
    pub(super) evidence: Shown,
}

impl FindingView {
    /// The view of the finding with this number.
    pub(super) fn new(reported: &ReportedFinding, number: usize) -> Self {
        let finding = &reported.judged.finding;
        let remedy = remedy_text::of_finding(reported);
        let (advice, changes) = remedy.split_once("\n\n").unwrap_or((&remedy, ""));
        let own = finding.object.qualified_name();
        Self {
            number,
            cluster: reported.cluster.as_deref().map(Shown::line),
            is_new: reported.is_new == Some(true),
            severity: reported.judged.severity.as_str(),
            effect: effect(reported.judged.severity),
            would_be: reported.judged.would_be.map(would_be),
            rule: finding.rule.as_str(),
            rule_name: finding.rule.name(),
            reason: finding.rule.rule().reason,
            object: Shown::line(&finding.object),
            target: reported
                .target()
                .filter(|target| *target != own)
                .map(Shown::line),
            confidence: finding.confidence.as_str(),
            certainty: certainty(finding.confidence),
            message: Shown::line(finding.message.in_full()),
            field: Shown::line(&finding.field),
            place: reported.location.as_ref().map(|at| PlaceView {
                at: Shown::line(format_args!("{}:{}:{}", at.file, at.line, at.column)),
                line: at.text.as_deref().map(|line| Shown::line(line.trim())),
            }),
            now: picture::now(finding),
            instead: picture::instead(finding),
            evidence: finding
                .path
                .iter()
                .map(|hop| EvidenceView {
                    role: hop.role.as_str(),
                    object: Shown::line(&hop.object),
                    evidence: Shown::line(hop.evidence.in_full()),
                })
                .collect(),
            advice: Shown::line(advice.trim_end()),
            changes: (!changes.is_empty()).then(|| Shown::lines(changes)),
        }
    }
}

fn effect(severity: Mode) -> &'static str {
    match severity {
        Mode::Deny => "The webhook refuses it.",
        Mode::Warn => "The webhook allows it with a warning.",
        Mode::Audit | Mode::Off => "The webhook allows it and says nothing.",
    }
}

fn would_be(would_be: WouldBe) -> WouldBeView {
    let (severity, words, sentence) = match would_be {
        WouldBe::Deny => (
            Mode::Deny,
            "would deny",
            "Enforced, the rule refuses this object.",
        ),
        WouldBe::Tolerated => (
            Mode::Warn,
            "would warn",
            "Enforced, the rule allows this object with a warning, as the path was there before, and refuses a new one.",
        ),
        WouldBe::Warn => (
            Mode::Warn,
            "would warn",
            "Enforced, the rule allows this object with a warning.",
        ),
    };
    WouldBeView {
        severity: severity.as_str(),
        words,
        sentence,
    }
}

fn certainty(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "objects prove both ends of this path",
        Confidence::Likely => "an object that would prove it is not visible here",
    }
}
