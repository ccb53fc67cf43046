//! The judge that asks the policy: a review in, the policy's verdict as an answer out.

use std::sync::Mutex;
use std::time::Duration;

use l7guard_policy::configuration::Configuration;
use l7guard_policy::inventory::World;
use l7guard_policy::objects::{self, DecodeError, Naming, Object, Source};
use l7guard_policy::remedy::in_submitted;
use l7guard_policy::verdict::Change;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::cluster_view::ClusterView;
use super::confirm::Confirmed;
use super::outcome::{Outcome, Subject};
use super::undecodable::{self, Remark};
use super::work::Work;
use super::{Judge, JudgeError, confirm};
use crate::admission::{Operation, Review, ReviewedObject};
use crate::live::LiveConfiguration;
use crate::report::submitted_changes::SubmittedChanges;
use crate::shares::{SMALL, TokenBucket, Turns, long_work, off_workers, size};

/// Judges reviews by the policy in force, in the world as it is then known.
#[derive(Debug)]
pub struct PolicyJudge<W> {
    world: W,
    configuration: LiveConfiguration,
    /// The turns of what takes long to judge.
    long_work: Turns,
    /// What is said in short to writers of refused objects. It costs as much as the refusal, and is for people: a flood gets none.
    said_in_short: Mutex<TokenBucket>,
}

/// So many refusals in a row say what to change.
const SAID_IN_SHORT: u32 = 100;
/// One more may after so long.
const SAID_AGAIN: Duration = Duration::from_millis(100);

impl<W: ClusterView> PolicyJudge<W> {
    /// A judge for this world.
    #[must_use]
    pub fn new(world: W, configuration: LiveConfiguration) -> Self {
        Self {
            world,
            configuration,
            long_work: long_work(),
            said_in_short: Mutex::new(TokenBucket::new(SAID_IN_SHORT, SAID_AGAIN)),
        }
    }

    /// What the writer of a refused object can change in it; `None`: it is not refused, too large to be looked at again, or one of a
    /// flood of refusals.
    fn submitted(
        &self,
        review: &Review<'_>,
        change: &Change,
        confirmed: &Confirmed,
        configuration: &Configuration,
    ) -> Option<SubmittedChanges> {
        if !confirmed.verdict.is_denied() || review.body.len() > SMALL {
            return None;
        }
        let denials = || confirmed.verdict.denials().map(|judged| &judged.finding);
        if !denials().any(|finding| finding.object == change.new.key) {
            return None;
        }
        let mut said = self.said_in_short.lock();
        if !said.as_mut().is_ok_and(|said| said.take()) {
            return None;
        }
        drop(said);
        let object = review.submitted()?;
        let overlay = confirmed.overlay.clone().under(change.new.clone());
        let changes = self.world.with_inventory(|inventory| {
            let world = World::with_overlay(inventory, &overlay);
            let key = &change.new.key;
            in_submitted(&world, configuration, key, object.clone(), denials())
        });
        Some(SubmittedChanges {
            changes,
            object,
            is_stored: change.old.is_some(),
        })
    }

    /// What a review asks about. Objects that were not read with the envelope may be large.
    async fn asked(&self, review: &mut Review<'_>) -> Result<Asked, JudgeError> {
        let objects = [&review.object, &review.old_object].into_iter().flatten();
        let unread = objects.filter_map(|object| unread(Some(object)));
        let length = unread.map(|raw| raw.get().len()).sum();
        if length <= SMALL {
            return asked(review);
        }
        let _turn = self.long_work.take(review.flow(), size(length)).await;
        off_workers(|| asked(review))
    }

    /// What comes of a change.
    async fn judged(
        &self,
        review: &Review<'_>,
        change: &Change,
        deadline: Instant,
    ) -> Result<Outcome, JudgeError> {
        let configuration = self.configuration.current();
        let work = Work::of(review, &self.long_work);
        let confirmed =
            confirm::verdict(&self.world, &configuration, change, work, deadline).await?;
        let submitted = self.submitted(review, change, &confirmed, &configuration);
        let subject = Subject::of(change, configuration);
        let outcome = Outcome::of(review, confirmed, subject, self.world.age());
        Ok(outcome.with_submitted(submitted))
    }
}

impl<W: ClusterView> Judge for PolicyJudge<W> {
    async fn judge(&self, review: &mut Review<'_>, deadline: Instant) -> Outcome {
        let asked = match self.asked(review).await {
            Ok(asked) => asked,
            Err(error) => return Outcome::failed(error),
        };
        let outcome = match &asked.change {
            None => Outcome::nothing_to_judge(self.world.age()),
            Some(change) => {
                let judged = self.judged(review, change, deadline).await;
                judged.unwrap_or_else(Outcome::failed)
            }
        };
        outcome.with_remark(asked.remark)
    }
}

/// What a review asks about.
#[derive(Default)]
struct Asked {
    /// `None`: nothing that a rule reads is created or updated.
    change: Option<Change>,
    /// What is to be said of its objects.
    remark: Option<Remark>,
}

fn asked(review: &mut Review<'_>) -> Result<Asked, JudgeError> {
    let is_write = matches!(review.operation, Operation::Create | Operation::Update);
    if !is_write || review.sub_resource.is_some() {
        return Ok(Asked::default());
    }
    let (object, old_object) = (review.object.take(), review.old_object.take());
    let raw = (unread(object.as_ref()), unread(old_object.as_ref()));
    let new = match read(review, object) {
        Ok(Some(new)) => new,
        Ok(None) => return Ok(Asked::default()),
        Err(error) if undecodable::adds_no_path(review.operation, raw) => {
            return Ok(Asked {
                change: None,
                remark: Some(undecodable::unchanged(error)),
            });
        }
        Err(error) => return Err(error),
    };
    let old = match review.operation {
        Operation::Update => read(review, old_object),
        _ => Ok(None),
    };
    let (old, remark) = match old {
        Ok(old) => (old, None),
        Err(error) => (None, Some(undecodable::left_out(new.key.kind, error))),
    };
    let change = Some(Change { new, old });
    Ok(Asked { change, remark })
}

/// The text of an object, unless it has been read in passing. Where one object cannot be, neither has been.
fn unread<'a>(taken: Option<&ReviewedObject<'a>>) -> Option<&'a RawValue> {
    match taken {
        Some(ReviewedObject::Raw(raw)) => Some(raw),
        Some(ReviewedObject::Read(_)) | None => None,
    }
}

/// Reads an object of the review, unless that has been done. `None`: there is none, or no rule reads such an object.
///
/// An object without the fields that make it one is a patch in a file; here the API server has accepted it, so it is an
/// object that says nothing.
fn read(
    review: &Review<'_>,
    taken: Option<ReviewedObject<'_>>,
) -> Result<Option<Object>, JudgeError> {
    let raw = match taken {
        None => return Ok(None),
        Some(ReviewedObject::Read(object)) => return Ok(object),
        Some(ReviewedObject::Raw(raw)) => raw,
    };
    let naming = Naming {
        api_version: &review.kind.api_version(),
        kind: &review.kind.kind,
        default_namespace: review.namespace.as_deref().unwrap_or_default(),
        default_name: review.name.as_deref().unwrap_or_default(),
    };
    match objects::read(naming, Source::Json(raw.get())) {
        Ok(object) => Ok(object),
        Err(DecodeError::Incomplete { .. }) => Ok(None),
        Err(DecodeError::WrongType { pointer, message }) => Err(JudgeError::Field {
            field: pointer,
            problem: message,
        }),
    }
}
