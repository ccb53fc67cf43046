//! The reports that the cluster keeps: which of the two APIs is served, what is stored, and writing it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResourceList;
use kube::api::{ApiResource, DeleteParams, ListParams, Patch, PatchParams};
use kube::core::DynamicObject;
use kube::{Api, Client, Error};
use serde_json::{Value, json};

use super::report::Report;
use super::wanted::SOURCE;
use super::writes::{Reports, Write};

/// How many reports are read at a time: each may have half a megabyte.
const PAGE: u32 = 20;

/// An API for reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportsApi {
    group: &'static str,
    version: &'static str,
    /// Kind and plural of a namespace's report.
    report: (&'static str, &'static str),
    /// Kind and plural of the cluster's.
    cluster_report: (&'static str, &'static str),
    /// Whether a report says who wrote it, as its results do.
    has_source: bool,
}

/// What may be served, the better one first.
const KNOWN: [ReportsApi; 2] = [
    ReportsApi {
        group: "openreports.io",
        version: "v1alpha1",
        report: ("Report", "reports"),
        cluster_report: ("ClusterReport", "clusterreports"),
        has_source: true,
    },
    ReportsApi {
        group: "wgpolicyk8s.io",
        version: "v1alpha2",
        report: ("PolicyReport", "policyreports"),
        cluster_report: ("ClusterPolicyReport", "clusterpolicyreports"),
        has_source: false,
    },
];

/// What of it is served, the better one first.
///
/// # Errors
/// When the API server does not say.
pub async fn served(client: &Client) -> Result<Vec<ReportsApi>, Error> {
    let mut served = Vec::new();
    for api in KNOWN {
        match client.list_api_group_resources(&api.api_version()).await {
            Ok(resources) if api.is_in(&resources) => served.push(api),
            Ok(_) => {}
            Err(Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(error),
        }
    }
    Ok(served)
}

impl ReportsApi {
    /// Group and version.
    #[must_use]
    pub fn api_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }

    fn is_in(&self, resources: &APIResourceList) -> bool {
        [self.report, self.cluster_report]
            .iter()
            .all(|(_, plural)| resources.resources.iter().any(|r| r.name == *plural))
    }

    fn resource(&self, (kind, plural): (&str, &str)) -> ApiResource {
        ApiResource {
            group: self.group.to_owned(),
            version: self.version.to_owned(),
            api_version: self.api_version(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
        }
    }

    /// The reports that bear these labels.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn stored(&self, client: &Client, labels: &str) -> Result<Reports, Error> {
        let mut stored = Reports::new();
        for names in [self.report, self.cluster_report] {
            let api: Api<DynamicObject> = Api::all_with(client.clone(), &self.resource(names));
            let mut page = ListParams::default().labels(labels).limit(PAGE);
            loop {
                let list = api.list(&page).await?;
                let reports = list.items.into_iter().map(read);
                stored.extend(reports.map(|report| {
                    (
                        report.metadata.namespace.clone().unwrap_or_default(),
                        report,
                    )
                }));
                match list.metadata.continue_.filter(|token| !token.is_empty()) {
                    Some(token) => page = page.continue_token(&token),
                    None => break,
                }
            }
        }
        Ok(stored)
    }

    /// Writes. What is gone already is no error.
    ///
    /// # Errors
    /// When the API server refuses, or cannot be reached.
    pub async fn write(&self, client: &Client, write: &Write<'_>) -> Result<(), Error> {
        let (Write::Apply(report) | Write::Remove(report)) = write;
        let api = self.api_of(client, report);
        let name = &report.metadata.name;
        match write {
            Write::Apply(report) => {
                let parameters = PatchParams::apply(SOURCE).force();
                let patch = Patch::Apply(self.body(report));
                api.patch(name, &parameters, &patch).await?;
            }
            Write::Remove(_) => match api.delete(name, &DeleteParams::default()).await {
                Ok(_) => {}
                Err(Error::Api(status)) if status.code == 404 => {}
                Err(error) => return Err(error),
            },
        }
        Ok(())
    }

    fn api_of(&self, client: &Client, report: &Report) -> Api<DynamicObject> {
        match &report.metadata.namespace {
            Some(namespace) => {
                Api::namespaced_with(client.clone(), namespace, &self.resource(self.report))
            }
            None => Api::all_with(client.clone(), &self.resource(self.cluster_report)),
        }
    }

    /// The object as it is sent.
    #[must_use]
    pub fn body(&self, report: &Report) -> Value {
        let (kind, _) = match report.metadata.namespace {
            Some(_) => self.report,
            None => self.cluster_report,
        };
        let mut body = json!(report);
        body["apiVersion"] = json!(self.api_version());
        body["kind"] = json!(kind);
        if self.has_source {
            body["source"] = json!(SOURCE);
        }
        body
    }
}

/// One that is not as we write it is written anew: what cannot be read of it counts as missing.
fn read(object: DynamicObject) -> Report {
    let metadata = object.metadata.clone();
    let report = serde_json::to_value(object).and_then(serde_json::from_value::<Report>);
    report.unwrap_or_else(|_| {
        let mut report = Report::default();
        report.metadata.name = metadata.name.unwrap_or_default();
        report.metadata.namespace = metadata.namespace;
        report
    })
}
