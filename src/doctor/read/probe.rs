//! Sends an object that must be refused, as a dry run: an Ingress that makes an ALB and routes to a gateway's Service. And one
//! that must not be: the same, but that it routes to a Service that is no gateway's.

use http_body_util::BodyExt as _;
use hyper::{Request, header};
use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::networking::v1::IngressClass;
use kube::client::{Body, Client};
use kube::{Api, core::Status};
use serde_json::json;

use super::api;
use crate::doctor::examined::{Answer, Examined, Probe};
use crate::doctor::seen::{Seen, missing};
use crate::doctor::webhook;
use crate::installation::ServiceName;

/// Where gateways often are. One that is there proves both ends of the path.
const USUAL: [(&str, &str); 3] = [
    ("istio-system", "istio-ingressgateway"),
    ("istio-ingress", "istio-ingress"),
    ("istio-ingress", "istio-ingressgateway"),
];

/// The Service of an application. It does not exist, and no gateway has such a name.
const HARMLESS: &str = "l7guard-doctor-application";

/// How much of an answer is read: a denial is far shorter.
const ANSWER_LIMIT: usize = 1 << 20;

/// Sends it; unknown where the caller may not create Ingresses, or where no namespace is judged.
pub(super) async fn send(
    client: &Client,
    wanted: Option<&ServiceName>,
    examined: &Examined,
) -> Seen<Probe> {
    let target = match wanted {
        Some(target) => target.clone(),
        None => match target(client, examined).await {
            Some(target) => target,
            None => {
                return Seen::Unknown("no namespace was found whose objects are judged".to_owned());
            }
        },
    };
    let class = class(client, examined).await;
    let what = format!(
        "an Ingress of class {class} in namespace {} that routes to Service {} (dry run)",
        target.namespace, target.name
    );
    let (answer, harmless) = tokio::join!(
        post(client, &target.namespace, &target.name, &class),
        post(client, &target.namespace, HARMLESS, &class)
    );
    match answer {
        Ok(Answer {
            status: 403,
            message,
            ..
        }) if message.contains("cannot create resource") => {
            let what = format!(
                "ingresses.networking.k8s.io in namespace {}",
                target.namespace
            );
            Seen::Unknown(missing("create", &what))
        }
        Ok(answer) => Seen::There(Probe {
            what,
            answer,
            harmless: match harmless {
                Ok(answer) => Seen::There(answer),
                Err(error) => Seen::Unknown(format!("cannot send a harmless Ingress: {error}")),
            },
        }),
        Err(error) => Seen::Unknown(format!("cannot send {what}: {error}")),
    }
}

/// A gateway's Service in a namespace that is judged; else a well-known name, which counts without the object.
async fn target(client: &Client, examined: &Examined) -> Option<ServiceName> {
    for (namespace, name) in USUAL {
        let services = Api::<Service>::namespaced(client.clone(), namespace);
        let is_there = api::in_time(services.get_metadata_opt(name)).await;
        if matches!(is_there, Ok(Some(_))) && is_judged(examined, namespace) {
            return Some(ServiceName {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            });
        }
    }
    let name = examined
        .configuration
        .istio
        .well_known_service_names
        .first()?;
    let namespaces = examined
        .namespaces
        .there()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names = namespaces
        .iter()
        .filter_map(|namespace| namespace.metadata.name.as_deref());
    let namespace = std::iter::once("default")
        .chain(names)
        .find(|namespace| is_judged(examined, namespace))?;
    Some(ServiceName {
        namespace: namespace.to_owned(),
        name: name.to_string(),
    })
}

/// Whether Ingresses of the namespace are judged, as far as can be seen.
fn is_judged(examined: &Examined, namespace: &str) -> bool {
    let (Seen::There(entries), Seen::There(namespaces)) =
        (examined.entries(), &examined.namespaces)
    else {
        return true;
    };
    let named = |known: &&Namespace| known.metadata.name.as_deref() == Some(namespace);
    let Some(namespace) = namespaces.iter().find(named) else {
        return false;
    };
    let is_covered = |entry| webhook::covers(entry, namespace);
    entries.into_iter().any(is_covered)
}

/// An IngressClass of an ALB controller, else a well-known name.
async fn class(client: &Client, examined: &Examined) -> String {
    let aws = &examined.configuration.aws;
    let classes = Api::<IngressClass>::all(client.clone());
    let classes = api::list(&classes, "", "ingressclasses.networking.k8s.io").await;
    let makes_albs = |class: &&IngressClass| {
        let controller = class
            .spec
            .as_ref()
            .and_then(|spec| spec.controller.as_deref());
        controller.is_some_and(|controller| aws.is_ingress_controller(controller))
    };
    let found = classes
        .there()
        .and_then(|classes| classes.iter().find(makes_albs));
    let name = found.and_then(|class| class.metadata.name.clone());
    let well_known = || {
        aws.well_known_class_names
            .first()
            .map_or("alb", |name| name)
    };
    name.unwrap_or_else(|| well_known().to_owned())
}

/// Sends an Ingress of this class with this Service as its backend.
async fn post(
    client: &Client,
    namespace: &str,
    service: &str,
    class: &str,
) -> Result<Answer, kube::Error> {
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"generateName": "l7guard-doctor-", "namespace": namespace},
        "spec": {
            "ingressClassName": class,
            "defaultBackend": {"service": {"name": service, "port": {"number": 80}}},
        },
    });
    let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses?dryRun=All");
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(ingress.to_string().into_bytes()))
        .map_err(kube::Error::HttpError)?;
    // The API server gives a webhook up to 30 s; whoever asks waits for its answer.
    let limit = api::LIMIT * 4;
    let response = tokio::time::timeout(limit, client.send(request))
        .await
        .map_err(|_| kube::Error::Service("no answer".into()))??;
    let status = response.status().as_u16();
    let warnings = response.headers().get_all(header::WARNING).iter();
    let warnings = warnings
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let body = http_body_util::Limited::new(response.into_body(), ANSWER_LIMIT);
    let body = body
        .collect()
        .await
        .map_err(kube::Error::Service)?
        .to_bytes();
    let failure = serde_json::from_slice::<Status>(&body).unwrap_or_default();
    Ok(Answer {
        status,
        message: failure.message,
        warnings,
    })
}
