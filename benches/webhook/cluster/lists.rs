//! The least that anybody who has to know a cluster has to do: list its kinds page by page, and read no object.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hyper::Request;
use kube::Client;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{APPS, CORE, NETWORKING, collection};

/// What l7guard lists of the kinds that every API server serves. EndpointSlices without those of the endpoint slice
/// controller.
const COLLECTIONS: [(&str, &str, &str); 8] = [
    (NETWORKING, "ingresses", ""),
    (NETWORKING, "ingressclasses", ""),
    (CORE, "services", ""),
    (APPS, "deployments", ""),
    (APPS, "statefulsets", ""),
    (APPS, "daemonsets", ""),
    (APPS, "replicasets", ""),
    (
        "/apis/discovery.k8s.io/v1",
        "endpointslices",
        "&labelSelector=endpointslice.kubernetes.io/managed-by!%3Dendpointslice-controller.k8s.io",
    ),
];

/// Objects a page, as l7guard asks for.
const PAGE: usize = 500;

#[derive(Deserialize)]
struct Page<'a> {
    metadata: PageMetadata,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

/// What listing took.
pub(super) struct Listed {
    pub(super) duration: Duration,
    pub(super) objects: usize,
    pub(super) bytes: usize,
}

/// Lists all kinds at the same time, as l7guard does.
pub(super) async fn list(client: &Client) -> Listed {
    let began = Instant::now();
    let kinds = COLLECTIONS.map(|(api, resource, query)| list_kind(client, api, resource, query));
    let sums = join_all(kinds).await;
    Listed {
        duration: began.elapsed(),
        objects: sums.iter().map(|sum| sum.0).sum(),
        bytes: sums.iter().map(|sum| sum.1).sum(),
    }
}

/// How many objects, and how many bytes.
async fn list_kind(client: &Client, api: &str, resource: &str, query: &str) -> (usize, usize) {
    let (mut objects, mut bytes, mut next) = (0, 0, String::new());
    loop {
        let path = collection(api, None, resource);
        let request = Request::get(format!("{path}?limit={PAGE}&continue={next}{query}"));
        let text = client
            .request_text(request.body(Vec::new()).unwrap())
            .await
            .unwrap();
        let page: Page = serde_json::from_str(&text).unwrap();
        objects += page.items.len();
        bytes += text.len();
        next = page.metadata.next;
        if next.is_empty() {
            return (objects, bytes);
        }
    }
}
