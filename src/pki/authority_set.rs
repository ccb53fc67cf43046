//! The authorities of one installation, and how they are rotated without a moment in which a client trusts too few.
//!
//! ```text
//! made ──▶ next: trusted, signs nothing yet ──overlap──▶ signing ──the next one is promoted──▶ previous: trusted ──▶ gone
//! ```
//!
//! Clients trust the [bundle](AuthoritySet::bundle): all of them. So a replica that has not heard yet of a new signing
//! authority is still verified, and so is one that has. An authority is promoted only when every client has been told of it.

use std::time::{Duration, SystemTime};

use super::authority::{Authority, CLOCK_SKEW, IssueError};
use super::issued::Validness;
use super::trusted::TrustedCertificate;

/// How many previous authorities stay trusted at most.
const PREVIOUS: usize = 4;

/// How long certificates live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of an authority. When two thirds of it have passed the next one is made.
    pub authority: Duration,
    /// Of a leaf. It is renewed when half of it has passed. For one and a half times as long a previous authority stays
    /// trusted.
    pub leaf: Duration,
    /// For how long at least a new authority is trusted before it signs.
    pub overlap: Duration,
}

impl Default for Lifetimes {
    /// One year, a week and a day: a leaf outlives a long weekend in which nothing can be renewed.
    fn default() -> Self {
        Self {
            authority: Duration::from_hours(8760),
            leaf: Duration::from_hours(168),
            overlap: Duration::from_hours(24),
        }
    }
}

impl Lifetimes {
    fn next_after(&self) -> Duration {
        self.authority / 3 * 2
    }

    fn previous_for(&self) -> Duration {
        self.leaf + self.leaf / 2
    }
}

/// The authorities of an installation.
#[derive(Debug)]
pub struct AuthoritySet {
    /// Signs leaves.
    pub signing: Authority,
    /// Will sign them.
    pub next: Option<Authority>,
    /// Have signed leaves that may still be served.
    pub previous: Vec<TrustedCertificate>,
    /// Since when none of `previous` has signed any.
    pub previous_since: SystemTime,
}

/// What has changed in a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The next authority was made.
    NextMade,
    /// The next authority signs from now on.
    Promoted,
    /// Authorities that have signed nothing valid any more are not trusted any longer.
    PreviousDropped,
}

impl Rotation {
    /// A word for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NextMade => "next_made",
            Self::Promoted => "promoted",
            Self::PreviousDropped => "previous_dropped",
        }
    }
}

impl AuthoritySet {
    /// A new signing authority, beside whatever clients trust now and no longer than that is valid.
    ///
    /// # Errors
    /// As [`Authority::generate`].
    pub fn found(
        now: SystemTime,
        lifetimes: &Lifetimes,
        trusted: Vec<TrustedCertificate>,
    ) -> Result<Self, IssueError> {
        let mut set = Self {
            signing: authority(now, lifetimes)?,
            next: None,
            previous: Vec::new(),
            previous_since: now,
        };
        for certificate in trusted {
            set.keep_trusting(certificate, now);
        }
        Ok(set)
    }

    /// Every certificate that clients have to trust.
    pub fn bundle(&self) -> impl Iterator<Item = &TrustedCertificate> {
        let authorities = [Some(&self.signing), self.next.as_ref()];
        let authorities = authorities.into_iter().flatten();
        authorities
            .map(Authority::certificate)
            .chain(&self.previous)
    }

    /// Whether clients are told to trust this certificate.
    #[must_use]
    pub fn trusts(&self, certificate: &TrustedCertificate) -> bool {
        self.bundle().any(|trusted| trusted == certificate)
    }

    /// Goes on trusting a certificate for as long as leaves that it has signed may be served. One that has expired is left
    /// out, and so is the oldest when there are too many.
    pub fn keep_trusting(&mut self, certificate: TrustedCertificate, now: SystemTime) {
        let is_expired = matches!(certificate.validity().at(now), Validness::Expired(_));
        if is_expired || self.trusts(&certificate) {
            return;
        }
        self.previous.insert(0, certificate);
        self.previous.truncate(PREVIOUS);
        self.previous_since = now;
    }

    /// Whether leaves can be signed.
    #[must_use]
    pub fn can_sign(&self, now: SystemTime) -> bool {
        let validity = self.signing.certificate().validity();
        !matches!(validity.at(now), Validness::Expired(_))
    }

    /// One step of the rotation, if one is due. `is_trusted` says whether every client has been told of a certificate.
    ///
    /// # Errors
    /// As [`Authority::generate`].
    pub fn rotate(
        &mut self,
        now: SystemTime,
        lifetimes: &Lifetimes,
        is_trusted: impl Fn(&TrustedCertificate) -> bool,
    ) -> Result<Option<Rotation>, IssueError> {
        if age(&self.signing, now) >= lifetimes.next_after() && self.next.is_none() {
            self.next = Some(authority(now, lifetimes)?);
            return Ok(Some(Rotation::NextMade));
        }
        // One that has expired is trusted by nobody: there is nothing left to wait for.
        let can_sign = self.can_sign(now);
        let is_due = |next: &Authority| {
            !can_sign || age(next, now) >= lifetimes.overlap && is_trusted(next.certificate())
        };
        if let Some(next) = self.next.take_if(|next| is_due(next)) {
            let last = std::mem::replace(&mut self.signing, next);
            self.keep_trusting(last.certificate().clone(), now);
            self.previous_since = now;
            return Ok(Some(Rotation::Promoted));
        }
        let unused_for = now.duration_since(self.previous_since).unwrap_or_default();
        if !self.previous.is_empty() && unused_for >= lifetimes.previous_for() {
            self.previous.clear();
            return Ok(Some(Rotation::PreviousDropped));
        }
        Ok(None)
    }
}

fn authority(now: SystemTime, lifetimes: &Lifetimes) -> Result<Authority, IssueError> {
    // Names differ, so that clients find the right one of a bundle by it.
    let name = format!("l7guard authority {:08x}", fastrand::u32(..));
    Authority::generate(&name, now, lifetimes.authority)
}

/// How long ago an authority was made.
fn age(authority: &Authority, now: SystemTime) -> Duration {
    let made = authority.certificate().validity().not_before + CLOCK_SKEW;
    now.duration_since(made).unwrap_or_default()
}

#[cfg(test)]
#[path = "authority_set_tests.rs"]
mod tests;
