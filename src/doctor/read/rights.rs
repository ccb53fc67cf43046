//! Asks for each right of the installation's `ServiceAccount` whether it has it (`SubjectAccessReview`).

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};

use super::api;
use crate::cluster::ServedKind;
use crate::doctor::examined::{CheckedRight, Examined, Replica};
use crate::doctor::seen::Seen;
use crate::installation::{Installation, ServiceName};

/// How many questions are under way at the same time.
const AT_ONCE: usize = 8;

/// A right.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Right {
    verb: &'static str,
    group: String,
    resource: String,
    /// Where; `None`: in the whole cluster.
    namespace: Option<String>,
    /// Of which object; `None`: of any.
    name: Option<String>,
    /// What does not work without it, beside judging.
    lost: Option<&'static str>,
}

impl Right {
    fn new(verb: &'static str, group: &str, resource: &str) -> Self {
        Self {
            verb,
            group: group.to_owned(),
            resource: resource.to_owned(),
            namespace: None,
            name: None,
            lost: None,
        }
    }

    fn of(self, name: &str) -> Self {
        let name = Some(name.to_owned());
        Self { name, ..self }
    }

    fn within(self, namespace: &str) -> Self {
        let namespace = Some(namespace.to_owned());
        Self { namespace, ..self }
    }

    fn losing(self, lost: &'static str) -> Self {
        let lost = Some(lost);
        Self { lost, ..self }
    }

    fn in_words(&self) -> String {
        let mut words = match self.group.as_str() {
            "" => format!("{} {}", self.verb, self.resource),
            group => format!("{} {}.{group}", self.verb, self.resource),
        };
        if let Some(name) = &self.name {
            words = format!("{words} {name}");
        }
        if let Some(namespace) = &self.namespace {
            words = format!("{words} in namespace {namespace}");
        }
        words
    }
}

/// What `serve` needs to judge, for the kinds that are served (docs/operations.md).
fn to_judge(kinds: &[ServedKind]) -> Vec<Right> {
    let mut rights = Vec::new();
    for kind in kinds.iter().filter(|kind| kind.is_watched()) {
        for verb in ["get", "list", "watch"] {
            rights.push(Right::new(verb, &kind.group, &kind.resource));
        }
    }
    rights.extend([
        Right::new("get", "", "pods"),
        Right::new("list", "", "pods"),
        Right::new("get", "", "namespaces"),
    ]);
    rights
}

/// What `serve` needs besides, by its arguments (docs/operations.md).
fn by_arguments(installation: &Installation, pod: &Pod) -> Vec<Right> {
    const WATCHING: &str = "it cannot watch its own webhook configuration";
    const AUDIT: &str = "findings of the audit are not published";
    const CERTIFICATES: &str = "certificates are not kept";
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let words: Vec<&str> = containers
        .flat_map(|container| container.command.iter().chain(&container.args).flatten())
        .map(String::as_str)
        .collect();
    let has = |flag: &str| {
        let is_it = |rest: &str| rest.is_empty() || rest.starts_with('=');
        words
            .iter()
            .any(|word| word.strip_prefix(flag).is_some_and(is_it))
    };
    let ServiceName { namespace, name } = &installation.service;
    let webhook = |verb| {
        Right::new(
            verb,
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
        )
        .of(&installation.webhook_configuration)
    };
    let mut rights = Vec::new();
    if has("--service") {
        rights.push(webhook("get").losing(WATCHING));
        let lease = |verb| Right::new(verb, "coordination.k8s.io", "leases").within(namespace);
        rights.extend(
            [
                lease("create"),
                lease("get").of(name),
                lease("patch").of(name),
            ]
            .map(|right| right.losing(AUDIT)),
        );
        let events = ["create", "patch"].map(|verb| Right::new(verb, "events.k8s.io", "events"));
        rights.extend(events.map(|right| right.losing(AUDIT)));
    }
    if has("--managed-certificates") {
        let secret = |verb| Right::new(verb, "", "secrets").within(namespace);
        let own = installation.authority_secret();
        let needed = [
            secret("create"),
            secret("get").of(&own),
            secret("update").of(&own),
            webhook("patch"),
        ];
        rights.extend(needed.map(|right| right.losing(CERTIFICATES)));
    }
    rights
}

/// Asks for all of them.
pub(super) async fn check(client: &Client, examined: &Examined) -> Seen<Vec<CheckedRight>> {
    let Seen::There(kinds) = &examined.kinds else {
        return Seen::Unknown("which kinds are served is not known".to_owned());
    };
    let replicas = examined.replicas.there();
    let first = replicas.and_then(|replicas| replicas.first());
    let (Some(Replica { pod, .. }), Some(installation)) = (first, examined.installation.there())
    else {
        return match &examined.replicas {
            Seen::Unknown(reason) => Seen::Unknown(reason.clone()),
            _ => {
                Seen::Unknown("no Pod was found whose ServiceAccount could be asked for".to_owned())
            }
        };
    };
    let namespace = &installation.service.namespace;
    let account = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.service_account_name.as_deref());
    let account = account.unwrap_or("default");
    let reviews = Api::<SubjectAccessReview>::all(client.clone());
    let (reviews, name) = (&reviews, &format!("{namespace}/{account}"));
    let user = &format!("system:serviceaccount:{namespace}:{account}");
    let groups = &[
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{namespace}"),
        "system:authenticated".to_owned(),
    ];
    let mut needed = to_judge(kinds);
    needed.extend(by_arguments(installation, pod));
    let asked = stream::iter(needed).map(|right| async move {
        let review = review(&right, user, groups);
        let parameters = PostParams::default();
        let answer = api::in_time(reviews.create(&parameters, &review)).await?;
        Ok::<_, kube::Error>(CheckedRight {
            account: name.clone(),
            right: right.in_words(),
            lost: right.lost,
            is_granted: answer.status.is_some_and(|status| status.allowed),
        })
    });
    let answers: Result<Vec<_>, _> = asked.buffered(AT_ONCE).try_collect().await;
    Seen::of(
        answers,
        "create",
        "subjectaccessreviews.authorization.k8s.io",
    )
}

fn review(right: &Right, user: &str, groups: &[String]) -> SubjectAccessReview {
    SubjectAccessReview {
        metadata: ObjectMeta::default(),
        spec: SubjectAccessReviewSpec {
            user: Some(user.to_owned()),
            groups: Some(groups.to_vec()),
            resource_attributes: Some(ResourceAttributes {
                verb: Some(right.verb.to_owned()),
                group: Some(right.group.clone()),
                resource: Some(right.resource.clone()),
                namespace: right.namespace.clone(),
                name: right.name.clone(),
                ..ResourceAttributes::default()
            }),
            ..SubjectAccessReviewSpec::default()
        },
        status: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_decide_which_rights_are_needed_besides() {
        let installation = Installation::of("guard/l7guard".parse().unwrap());
        let words = |arguments: &[&str]| -> Vec<String> {
            let container = json!({"name": "l7guard", "args": arguments});
            let pod = json!({"metadata": {}, "spec": {"containers": [container]}});
            let rights = by_arguments(&installation, &serde_json::from_value(pod).unwrap());
            rights.iter().map(Right::in_words).collect()
        };
        assert!(words(&["serve", "--service-x"]).is_empty());
        let service = words(&["serve", "--service=guard/l7guard"]);
        for right in [
            "get validatingwebhookconfigurations.admissionregistration.k8s.io l7guard",
            "patch leases.coordination.k8s.io l7guard in namespace guard",
        ] {
            assert!(service.contains(&right.to_owned()), "{service:?}");
        }
        let managed = words(&["--service", "guard/l7guard", "--managed-certificates"]);
        assert!(
            managed.contains(&"update secrets l7guard-ca in namespace guard".to_owned()),
            "{managed:?}"
        );
    }
}
