//! Reads of the cluster itself, for the questions of one review.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Instant;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use kube::Api;
use kube::api::ListParams;
use kube::core::ApiResource;
use l7guard_policy::confirmation::{Answer, Question};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Scope;
use l7guard_policy::objects::{DecodeError, Object};
use thiserror::Error;

use super::kinds::{PAGE, label_selector};
use super::raw_object::RawObject;
use super::world::Shared;

/// How many reads of one review are under way at the same time.
const AT_ONCE: usize = 16;

/// From this many objects of one kind on a list of the kind takes their place.
const MANY: usize = 32;

/// The most pages of a list: no more can come in the time that a review has.
const PAGES: usize = 200;

/// Why the cluster could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The API server refused, or cannot be reached.
    #[error("cannot read {what} from the cluster: {source}")]
    Unanswered {
        /// What was to be read.
        what: String,
        /// What went wrong.
        source: Box<kube::Error>,
    },
    /// The object that was read has a field of a wrong type.
    #[error("{object} cannot be read: {source}")]
    Unreadable {
        /// The object.
        object: ObjectKey,
        /// The field and its problem.
        source: DecodeError,
    },
    /// The list is longer than can be read in the time of a review.
    #[error("there are too many {what} to read them all during a review")]
    TooMany {
        /// What was to be read.
        what: String,
    },
}

impl Shared {
    /// Answers questions, several at a time. All of them or none: what could not be read is no "it is not there".
    pub(super) async fn answer(
        &self,
        questions: BTreeSet<Question>,
    ) -> Result<Vec<Answer>, ReadError> {
        let reads = gathered(&questions).into_iter().map(|question| async {
            let began = Instant::now();
            let read = self.read(&question).await;
            let outcome = if read.is_ok() { "ok" } else { "error" };
            let kind = kind(&question).label();
            self.metrics.live_read(kind, outcome, began.elapsed());
            Ok((question, read?))
        });
        stream::iter(reads)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn read(&self, question: &Question) -> Result<Vec<Object>, ReadError> {
        let resource = self.resource(kind(question));
        match question {
            Question::Object(key) => Ok(self.get(&resource, key).await?.into_iter().collect()),
            Question::Objects(kind, scope) => {
                self.list(
                    *kind,
                    &resource,
                    scope,
                    label_selector(*kind).map(str::to_owned),
                )
                .await
            }
            Question::Pods(namespace, key, value) => {
                let scope = Scope::Namespace(namespace.clone());
                let labels = format!("{key}={value}");
                self.list(Kind::Pod, &resource, &scope, Some(labels)).await
            }
        }
    }

    async fn get(
        &self,
        resource: &ApiResource,
        key: &ObjectKey,
    ) -> Result<Option<Object>, ReadError> {
        let api = self.api(resource, &Scope::of(key));
        let object = match api.get_opt(&key.name).await {
            Ok(object) => object,
            Err(error) => return Err(unanswered(key, error)),
        };
        let read = object.map(|object| object.read(resource)).transpose();
        read.map(Option::flatten)
            .map_err(|source| ReadError::Unreadable {
                object: key.clone(),
                source,
            })
    }

    /// Of a kind that is not served there are no objects. One that cannot be read is skipped as the watch does it.
    async fn list(
        &self,
        kind: Kind,
        resource: &ApiResource,
        scope: &Scope,
        labels: Option<String>,
    ) -> Result<Vec<Object>, ReadError> {
        let api = self.api(resource, scope);
        let mut parameters = ListParams::default().limit(PAGE);
        parameters.label_selector = labels;
        let mut objects = Vec::new();
        for _ in 0..PAGES {
            let page = match api.list(&parameters).await {
                Ok(page) => page,
                Err(kube::Error::Api(status)) if status.code == 404 => return Ok(Vec::new()),
                Err(error) => return Err(unanswered(Listed(kind, scope), error)),
            };
            for object in &page.items {
                match object.read(resource) {
                    Ok(read) => objects.extend(read),
                    Err(error) => self.unreadable(&object.key(kind), &error),
                }
            }
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                None => return Ok(objects),
                token => parameters.continue_token = token,
            }
        }
        Err(ReadError::TooMany {
            what: Listed(kind, scope).to_string(),
        })
    }

    fn api(&self, resource: &ApiResource, scope: &Scope) -> Api<RawObject> {
        match scope {
            Scope::Cluster => Api::all_with(self.client.clone(), resource),
            Scope::Namespace(namespace) => {
                Api::namespaced_with(self.client.clone(), namespace, resource)
            }
        }
    }
}

fn unanswered(what: impl fmt::Display, error: kube::Error) -> ReadError {
    ReadError::Unanswered {
        what: what.to_string(),
        source: Box::new(error),
    }
}

fn kind(question: &Question) -> Kind {
    match question {
        Question::Object(key) => key.kind,
        Question::Objects(kind, _) => *kind,
        Question::Pods(..) => Kind::Pod,
    }
}

/// The questions, with one list in place of many single objects of a kind.
fn gathered(questions: &BTreeSet<Question>) -> BTreeSet<Question> {
    let of_kind = |asked: Kind| {
        questions
            .iter()
            .filter(move |question| matches!(question, Question::Object(key) if key.kind == asked))
    };
    let is_gathered = |question: &Question| match question {
        // Pods are too big and too many, and of EndpointSlices a list does not have all.
        Question::Object(key) if !matches!(key.kind, Kind::Pod | Kind::EndpointSlice) => {
            of_kind(key.kind).nth(MANY - 1).is_some()
        }
        _ => false,
    };
    let gather = |question: &Question| match question {
        Question::Object(key) if is_gathered(question) => {
            Question::Objects(key.kind, Scope::Cluster)
        }
        other => other.clone(),
    };
    questions.iter().map(gather).collect()
}

/// The objects of a kind in a scope, in words.
struct Listed<'a>(Kind, &'a Scope);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} objects", self.0)?;
        match self.1 {
            Scope::Cluster => Ok(()),
            Scope::Namespace(namespace) => write!(formatter, " of namespace {namespace}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_objects_of_a_kind_are_read_by_one_list_and_few_by_name() {
        let service = |number: usize| {
            Question::Object(ObjectKey::new(
                Kind::Service,
                "shop",
                format!("web-{number}"),
            ))
        };
        let class = Question::Object(ObjectKey::new(Kind::IngressClass, "", "alb"));
        let few: BTreeSet<Question> = (1..MANY).map(service).chain([class.clone()]).collect();
        assert_eq!(gathered(&few), few);
        let many = (0..MANY).map(service).chain([class.clone()]).collect();
        let all_services = Question::Objects(Kind::Service, Scope::Cluster);
        assert_eq!(gathered(&many), BTreeSet::from([class, all_services]));
    }
}
