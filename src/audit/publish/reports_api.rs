//! The reports that the cluster keeps: which of the two APIs is served, what is stored, and writing it.
//!
//! Every write names the state that it rests on, so that the API server refuses the one of a replica that does not know what
//! another one has written since.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIResourceList, ObjectMeta};
use kube::api::{
    ApiResource, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions,
};
use kube::core::DynamicObject;
use kube::{Api, Client, Error};
use serde_json::{Value, json};

use super::report::{Report, SOURCE};

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

/// A report that is stored.
#[derive(Clone, Debug)]
pub struct StoredReport {
    /// What it says.
    pub report: Report,
    /// Its state.
    pub version: Version,
    /// Whether a field of it was written by an l7guard.
    pub is_written_by_l7guard: bool,
}

/// The state of a stored object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    uid: Option<String>,
    resource_version: Option<String>,
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

    /// Visits the reports of this name: one a namespace, and one of the cluster. Others may bear our labels, and are not read.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn visit(
        &self,
        client: &Client,
        name: &str,
        mut visit: impl FnMut(StoredReport),
    ) -> Result<(), Error> {
        for names in [self.report, self.cluster_report] {
            let api: Api<DynamicObject> = Api::all_with(client.clone(), &self.resource(names));
            let fields = format!("metadata.name={name}");
            let mut page = ListParams::default().fields(&fields).limit(PAGE);
            loop {
                let list = api.list(&page).await?;
                list.items.into_iter().map(read).for_each(&mut visit);
                match list.metadata.continue_.filter(|token| !token.is_empty()) {
                    Some(token) => page = page.continue_token(&token),
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Creates a report. Returns its state.
    ///
    /// # Errors
    /// When the API server refuses it: also when there is one of its name.
    pub async fn create(&self, client: &Client, report: &Report) -> Result<Version, Error> {
        let parameters = PostParams {
            field_manager: Some(SOURCE.to_owned()),
            ..PostParams::default()
        };
        let object = serde_json::from_value(self.body(report)).map_err(Error::SerdeError)?;
        let namespace = report.metadata.namespace.as_deref();
        let api = self.api_of(client, namespace);
        let created = api.create(&parameters, &object).await?;
        Ok(Version::of(&created.metadata))
    }

    /// Replaces what we write of a report that is in this state. Returns its new state.
    ///
    /// # Errors
    /// When the API server refuses it: also when the report has changed since.
    pub async fn replace(
        &self,
        client: &Client,
        report: &Report,
        known: &Version,
    ) -> Result<Version, Error> {
        let mut body = self.body(report);
        body["metadata"]["resourceVersion"] = json!(known.resource_version);
        let parameters = PatchParams {
            field_manager: Some(SOURCE.to_owned()),
            ..PatchParams::default()
        };
        let api = self.api_of(client, report.metadata.namespace.as_deref());
        let name = &report.metadata.name;
        let replaced = api.patch(name, &parameters, &Patch::Merge(body)).await?;
        Ok(Version::of(&replaced.metadata))
    }

    /// Removes a report that is in this state.
    ///
    /// # Errors
    /// When the API server refuses it: also when the report has changed since. One that is gone is no error.
    pub async fn remove(
        &self,
        client: &Client,
        namespace: Option<&str>,
        name: &str,
        known: &Version,
    ) -> Result<(), Error> {
        let parameters = DeleteParams::default().preconditions(Preconditions {
            uid: known.uid.clone(),
            resource_version: known.resource_version.clone(),
        });
        match self
            .api_of(client, namespace)
            .delete(name, &parameters)
            .await
        {
            Ok(_) => Ok(()),
            Err(Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn api_of(&self, client: &Client, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => {
                Api::namespaced_with(client.clone(), namespace, &self.resource(self.report))
            }
            None => Api::all_with(client.clone(), &self.resource(self.cluster_report)),
        }
    }

    /// The object as it is sent. What a merge would leave of an older state is named.
    #[must_use]
    pub fn body(&self, report: &Report) -> Value {
        let (kind, _) = match report.metadata.namespace {
            Some(_) => self.report,
            None => self.cluster_report,
        };
        let mut body = json!(report);
        body["apiVersion"] = json!(self.api_version());
        body["kind"] = json!(kind);
        body["metadata"]["ownerReferences"] = json!(report.metadata.owner_references);
        if self.has_source {
            body["source"] = json!(SOURCE);
        }
        body
    }
}

impl Version {
    fn of(metadata: &ObjectMeta) -> Self {
        Self {
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
        }
    }
}

/// What cannot be read of a report counts as missing, so that it is written anew.
fn read(object: DynamicObject) -> StoredReport {
    let metadata = object.metadata.clone();
    let mut managers = metadata.managed_fields.iter().flatten();
    let is_written_by_l7guard = managers.any(|entry| entry.manager.as_deref() == Some(SOURCE));
    let version = Version::of(&metadata);
    let report = serde_json::to_value(object).and_then(serde_json::from_value::<Report>);
    let report = report.unwrap_or_else(|_| {
        let mut report = Report::default();
        report.metadata.name = metadata.name.unwrap_or_default();
        report.metadata.namespace = metadata.namespace;
        report.metadata.labels = metadata.labels.unwrap_or_default();
        report
    });
    StoredReport {
        report,
        version,
        is_written_by_l7guard,
    }
}
