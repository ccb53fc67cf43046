//! Reads of the cluster itself, for the questions of one review.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Instant;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use kube::Api;
use kube::api::ListParams;
use kube::core::ApiResource;
use kube::core::response::StatusDetails;
use l7guard_policy::confirmation::{Answer, Question};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Scope;
use l7guard_policy::objects::{Facts, Object};
use thiserror::Error;

use super::discovery::{self, DiscoveryError};
use super::gathering::gathered;
use super::kinds::{PAGE, label_selector};
use super::names::{is_name, may_be_in};
use super::raw_object::RawObject;
use super::world::Shared;

/// How many reads of one review are under way at the same time.
const AT_ONCE: usize = 16;

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
    /// The API server serves the kind where it was served no more, and does not say where it does now.
    #[error("{kind} objects cannot be read where they were served a moment ago: {source}")]
    NotServed {
        /// The kind.
        kind: Kind,
        /// What went wrong when the API server was asked.
        source: DiscoveryError,
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
        let kind = kind(question);
        let known = self.served_at(kind);
        let was_served = known.is_some();
        let resource = known.unwrap_or_else(|| discovery::assumed(kind));
        if let Some(objects) = self.read_from(&resource, question).await? {
            return Ok(objects);
        }
        // Of a kind that is served nowhere there are no objects. But one that was served here may have moved to another
        // version, and then its absence from here says nothing.
        let unserved = |source| ReadError::NotServed { kind, source };
        if !was_served {
            return Ok(Vec::new());
        }
        let now = discovery::served(&self.client).await.map_err(unserved)?;
        let Some(resource) = now.get(&kind) else {
            return Ok(Vec::new());
        };
        let read = self.read_from(resource, question).await?;
        read.ok_or_else(|| unserved(DiscoveryError::NotServed(kind)))
    }

    /// `None`: no such resource is served.
    async fn read_from(
        &self,
        resource: &ApiResource,
        question: &Question,
    ) -> Result<Option<Vec<Object>>, ReadError> {
        let every = |kind| ListParams {
            label_selector: label_selector(kind).map(str::to_owned),
            ..ListParams::default()
        };
        match question {
            Question::Object(key) => self.get(resource, key).await,
            Question::Objects(kind, scope) => self.list(*kind, resource, scope, every(*kind)).await,
            Question::Pods(namespace, key, value) => {
                let scope = Scope::Namespace(namespace.clone());
                let parameters = ListParams::default().labels(&format!("{key}={value}"));
                self.list(Kind::Pod, resource, &scope, parameters).await
            }
            Question::Aliases => self.aliases(resource).await,
        }
    }

    async fn get(
        &self,
        resource: &ApiResource,
        key: &ObjectKey,
    ) -> Result<Option<Vec<Object>>, ReadError> {
        if !is_name(&key.name) || !may_be_in(key) {
            return Ok(Some(Vec::new()));
        }
        match self.api(resource, &Scope::of(key)).get(&key.name).await {
            Ok(object) => Ok(Some(
                self.facts(key.kind, resource, &object)
                    .into_iter()
                    .collect(),
            )),
            Err(kube::Error::Api(status)) if status.code == 404 => {
                // Where no such resource is served, nothing is said of the object.
                let names_object = |details: &StatusDetails| details.name == *key.name;
                let is_absent = status.details.as_ref().is_some_and(names_object);
                Ok(is_absent.then(Vec::new))
            }
            Err(error) => Err(unanswered(key, error)),
        }
    }

    /// Services of type `ExternalName`. An API server before Kubernetes 1.31 cannot choose them.
    async fn aliases(&self, resource: &ApiResource) -> Result<Option<Vec<Object>>, ReadError> {
        let list = |parameters| self.list(Kind::Service, resource, &Scope::Cluster, parameters);
        let chosen = ListParams::default().fields("spec.type=ExternalName");
        let listed = match list(chosen).await {
            Err(error) if error.is_bad_request() => list(ListParams::default()).await?,
            listed => listed?,
        };
        Ok(listed.map(|mut services| {
            services.retain(|service| {
                matches!(&service.facts, Facts::Service(facts) if facts.external_name.is_some())
            });
            services
        }))
    }

    async fn list(
        &self,
        kind: Kind,
        resource: &ApiResource,
        scope: &Scope,
        parameters: ListParams,
    ) -> Result<Option<Vec<Object>>, ReadError> {
        if matches!(scope, Scope::Namespace(namespace) if !is_name(namespace)) {
            return Ok(Some(Vec::new()));
        }
        let api = self.api(resource, scope);
        let mut parameters = parameters.limit(PAGE);
        let mut objects = Vec::new();
        for _ in 0..PAGES {
            let page = match api.list(&parameters).await {
                Ok(page) => page,
                Err(kube::Error::Api(status)) if status.code == 404 => return Ok(None),
                Err(error) => return Err(unanswered(Listed(kind, scope), error)),
            };
            let read = page.items.iter();
            objects.extend(read.filter_map(|object| self.facts(kind, resource, object)));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                None => return Ok(Some(objects)),
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

impl ReadError {
    fn is_bad_request(&self) -> bool {
        matches!(self, Self::Unanswered { source, .. }
            if matches!(&**source, kube::Error::Api(status) if status.code == 400))
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
        Question::Aliases => Kind::Service,
    }
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
