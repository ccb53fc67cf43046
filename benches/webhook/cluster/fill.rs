//! A cluster with as many objects as are asked for.

use std::time::Instant;

use control_plane::ControlPlane;
use futures_util::{StreamExt as _, stream};
use hyper::Request;
use kube::Client;
use serde_json::{Value, json};

use super::{APPS, Arguments, CORE, NETWORKING, client, collection};
use crate::objects::{deployment, ingress, ingress_class, service};

const CLIENTS: usize = 4;
/// How many writes of a client are under way at the same time.
const IN_FLIGHT: usize = 16;

/// Namespaces with applications, each of a Deployment, an ALB Ingress, and two Services.
pub(super) async fn fill(cluster: &ControlPlane, arguments: &Arguments) {
    let began = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(client(cluster).await);
    }
    for (name, controller) in [
        ("alb", "ingress.k8s.aws/alb"),
        ("nginx", "k8s.io/ingress-nginx"),
    ] {
        let path = collection(NETWORKING, None, "ingressclasses");
        create(&clients[0], &path, &ingress_class(name, controller)).await;
    }
    let applications = arguments.applications;
    let namespaces = stream::iter(0..arguments.namespaces);
    namespaces
        .for_each_concurrent(CLIENTS * IN_FLIGHT, |number| {
            let client = clients[number % CLIENTS].clone();
            async move { namespace(&client, &format!("team-{number}"), applications).await }
        })
        .await;
    println!(
        "cluster: {} namespaces; {} Ingresses, as many Deployments, twice as many Services; written in {:.0} s",
        arguments.namespaces,
        arguments.namespaces * applications,
        began.elapsed().as_secs_f64()
    );
}

/// A namespace with its applications.
pub(super) async fn namespace(client: &Client, name: &str, applications: usize) {
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    create(client, &collection(CORE, None, "namespaces"), &object).await;
    for number in 0..applications {
        let application = format!("app-{number}");
        let services = collection(CORE, Some(name), "services");
        create(client, &services, &service(name, &application)).await;
        let mut internal = service(name, &application);
        internal["metadata"]["name"] = json!(format!("{application}-internal"));
        // Headless, as an API server takes its time to draw a cluster IP.
        internal["spec"]["clusterIP"] = json!("None");
        create(client, &services, &internal).await;
        let deployments = collection(APPS, Some(name), "deployments");
        create(client, &deployments, &deployment(name, &application, false)).await;
        let ingresses = collection(NETWORKING, Some(name), "ingresses");
        create(client, &ingresses, &ingress(name, "alb", &application, "/")).await;
    }
}

/// The Pods of a Deployment, as its controllers would make them.
pub(super) async fn pods(client: &Client, namespace: &str, application: &str, count: usize) {
    let deployments = collection(APPS, Some(namespace), "deployments");
    let request = Request::get(format!("{deployments}/{application}"));
    let deployment: Value = client
        .request(request.body(Vec::new()).unwrap())
        .await
        .unwrap();
    let mut set =
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": deployment["spec"].clone()});
    let spec = set["spec"].as_object_mut().unwrap();
    spec.retain(|field, _| matches!(field.as_str(), "replicas" | "selector" | "template"));
    set["metadata"] =
        json!({"name": format!("{application}-1"), "ownerReferences": [owned_by(&deployment)]});
    let set = create(
        client,
        &collection(APPS, Some(namespace), "replicasets"),
        &set,
    )
    .await;
    for number in 0..count {
        let mut pod = deployment["spec"]["template"].clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!(format!("{application}-1-{number}"));
        pod["metadata"]["ownerReferences"] = json!([owned_by(&set)]);
        create(client, &collection(CORE, Some(namespace), "pods"), &pod).await;
    }
}

fn owned_by(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
    })
}

/// Creates an object, and returns it as it is then.
pub(super) async fn create(client: &Client, collection: &str, object: &Value) -> Value {
    let request = Request::post(collection).header("content-type", "application/json");
    let request = request.body(object.to_string().into_bytes()).unwrap();
    client.request(request).await.unwrap()
}
