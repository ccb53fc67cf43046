//! Reads of the cluster itself, for the queries of one review.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use kube::api::ListParams;
use kube::core::ApiResource;
use kube::core::response::StatusDetails;
use kube::{Api, Client};
use l7guard_policy::confirmation::{LiveQuery, LiveRead, LiveResult};
use l7guard_policy::identity::{Kind, ObjectKey};
use l7guard_policy::inventory::Scope;
use l7guard_policy::objects::{Facts, Object};

use super::discovery;
use super::kinds::{PAGE, label_selector};
use super::object_name::{is_name, may_be_in};
use super::pods;
use super::raw_object::RawObject;
use super::read_batching::gathered;
use super::read_error::ReadError;
use super::read_shares::{ReadShares, Reading};
use super::state::ClusterState;
use crate::shares::ReadAllowance;

/// How many reads of one review are under way at the same time.
const AT_ONCE: usize = 8;

/// Reads the cluster of a state.
pub(super) struct LiveReads {
    client: Client,
    state: Arc<ClusterState>,
    /// Who may read now.
    shares: ReadShares,
}

impl LiveReads {
    /// With this client.
    pub(super) fn new(client: Client, state: Arc<ClusterState>) -> Self {
        Self {
            client,
            state,
            shares: ReadShares::default(),
        }
    }

    /// Answers queries, several at a time. All of them or none: what could not be read is no "it is not there".
    pub(super) async fn read(
        &self,
        queries: BTreeSet<LiveQuery>,
        allowance: &ReadAllowance,
    ) -> Result<Vec<LiveRead>, ReadError> {
        let queries = gathered(&queries);
        let reading = &self.shares.of(allowance, queries.len());
        let reads = queries.into_iter().map(|query| async move {
            let began = Instant::now();
            let read = self.read_one(&query, reading).await;
            let outcome = if read.is_ok() { "ok" } else { "error" };
            let kind = query.kind().label();
            self.state.metrics.live_read(kind, outcome, began.elapsed());
            Ok((query, read?))
        });
        stream::iter(reads)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn read_one(
        &self,
        query: &LiveQuery,
        reading: &Reading<'_>,
    ) -> Result<LiveResult, ReadError> {
        let kind = query.kind();
        let resource = self
            .state
            .served_at(kind)
            .unwrap_or_else(|| discovery::assumed(kind));
        if let LiveQuery::PodMetadata(selection) = query {
            let read = pods::read_metadata(&self.client, &resource, selection, reading).await;
            return read.map(LiveResult::Pods);
        }
        if let Some(objects) = self.read_from(&resource, query, reading).await? {
            return Ok(objects.into());
        }
        // Its CRD may have been installed, or moved to another version, since it was last looked: only of a kind that its
        // group serves in no version there are no objects.
        let others = discovery::elsewhere(&self.client, kind, &resource).await;
        for other in others.map_err(|source| ReadError::NotServed { kind, source })? {
            if let Some(objects) = self.read_from(&other, query, reading).await? {
                return Ok(objects.into());
            }
        }
        Ok(Vec::new().into())
    }

    /// `None`: no such resource is served.
    async fn read_from(
        &self,
        resource: &ApiResource,
        query: &LiveQuery,
        reading: &Reading<'_>,
    ) -> Result<Option<Vec<Object>>, ReadError> {
        let every = |kind| ListParams {
            label_selector: label_selector(kind).map(str::to_owned),
            ..ListParams::default()
        };
        let list = |kind, scope, parameters| {
            let every_one = || |_: &Object| true;
            self.list(kind, resource, scope, parameters, reading, every_one)
        };
        match query {
            LiveQuery::Object(key) => {
                let kept = |object: &RawObject| self.state.facts(key.kind, resource, object);
                self.get(resource, key, reading, kept).await
            }
            LiveQuery::Revision(key) => {
                // One that cannot be read explains no Pod: these are read whole then.
                let any = |object: &RawObject| object.read(resource).ok().flatten();
                self.get(resource, key, reading, any).await
            }
            LiveQuery::Objects(kind, scope) => list(*kind, scope, every(*kind)).await,
            LiveQuery::Pods(selection) if !pods::can_exist(selection) => Ok(Some(Vec::new())),
            LiveQuery::Pods(selection) => {
                let scope = Scope::Namespace(Arc::clone(&selection.namespace));
                let parameters = pods::chosen(selection);
                self.list(
                    Kind::Pod,
                    resource,
                    &scope,
                    parameters,
                    reading,
                    pods::keeper,
                )
                .await
            }
            // It is answered by no objects.
            LiveQuery::PodMetadata(_) => Ok(None),
            LiveQuery::Aliases => self.aliases(resource, reading).await,
        }
    }

    async fn get(
        &self,
        resource: &ApiResource,
        key: &ObjectKey,
        reading: &Reading<'_>,
        read: impl Fn(&RawObject) -> Option<Object>,
    ) -> Result<Option<Vec<Object>>, ReadError> {
        if !is_name(&key.name) || !may_be_in(key) {
            return Ok(Some(Vec::new()));
        }
        let turn = reading.turn().await;
        let got = self.api(resource, &Scope::of(key)).get(&key.name).await;
        drop(turn);
        match got {
            Ok(object) => {
                reading.keeps(object.size()).await;
                Ok(Some(read(&object).into_iter().collect()))
            }
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
    async fn aliases(
        &self,
        resource: &ApiResource,
        reading: &Reading<'_>,
    ) -> Result<Option<Vec<Object>>, ReadError> {
        let is_alias = |service: &Object| matches!(&service.facts, Facts::Service(facts) if facts.external_name.is_some());
        let list = |parameters| {
            self.list(
                Kind::Service,
                resource,
                &Scope::Cluster,
                parameters,
                reading,
                || is_alias,
            )
        };
        let chosen = ListParams::default().fields("spec.type=ExternalName");
        match list(chosen).await {
            Err(error) if error.is_bad_request() => list(ListParams::default()).await,
            listed => listed,
        }
    }

    /// All objects, however many: the time that the review has is the bound. Of each page only the facts of what a
    /// filter takes are kept; one that counts begins anew where the list does.
    async fn list<F: FnMut(&Object) -> bool>(
        &self,
        kind: Kind,
        resource: &ApiResource,
        scope: &Scope,
        parameters: ListParams,
        reading: &Reading<'_>,
        filter: impl Fn() -> F,
    ) -> Result<Option<Vec<Object>>, ReadError> {
        if matches!(scope, Scope::Namespace(namespace) if !is_name(namespace)) {
            return Ok(Some(Vec::new()));
        }
        let api = self.api(resource, scope);
        let mut parameters = parameters.limit(PAGE);
        let mut objects = Vec::new();
        let mut has_expired = false;
        let mut is_asked = filter();
        loop {
            let turn = reading.turn_of_list(scope).await;
            let page = api.list(&parameters).await;
            drop(turn);
            let page = match page {
                Ok(page) => page,
                Err(kube::Error::Api(status)) if status.code == 404 => return Ok(None),
                // The state of the cluster that the first page was of is forgotten: once more from the beginning.
                Err(kube::Error::Api(status)) if status.code == 410 && !has_expired => {
                    has_expired = true;
                    parameters.continue_token = None;
                    objects.clear();
                    is_asked = filter();
                    continue;
                }
                Err(error) => return Err(unanswered(Listed(kind, scope), error)),
            };
            let mut kept = 0;
            for object in &page.items {
                if let Some(facts) = self
                    .state
                    .facts(kind, resource, object)
                    .filter(&mut is_asked)
                {
                    kept += object.size();
                    objects.push(facts);
                }
            }
            let next = page.metadata.continue_.filter(|token| !token.is_empty());
            drop(page.items);
            reading.keeps(kept).await;
            match next {
                None => return Ok(Some(objects)),
                token => parameters.continue_token = token,
            }
        }
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
