//! Asks for each right of the installation's `ServiceAccount` whether it has it (`SubjectAccessReview`).

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};

use super::api;
use crate::cluster::ServedKind;
use crate::doctor::examined::{CheckedRight, Examined};
use crate::doctor::seen::Seen;

/// How many questions are under way at the same time.
const AT_ONCE: usize = 8;

/// A right: verb, group, resource.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Right {
    verb: &'static str,
    group: String,
    resource: String,
}

impl Right {
    fn new(verb: &'static str, group: &str, resource: &str) -> Self {
        Self {
            verb,
            group: group.to_owned(),
            resource: resource.to_owned(),
        }
    }

    fn in_words(&self) -> String {
        match self.group.as_str() {
            "" => format!("{} {}", self.verb, self.resource),
            group => format!("{} {}.{group}", self.verb, self.resource),
        }
    }
}

/// What `serve` needs for the kinds that are served (docs/operations.md).
fn needed(kinds: &[ServedKind]) -> Vec<Right> {
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

/// Asks for all of them.
pub(super) async fn check(client: &Client, examined: &Examined) -> Seen<Vec<CheckedRight>> {
    let Seen::There(kinds) = &examined.kinds else {
        return Seen::Unknown("which kinds are served is not known".to_owned());
    };
    let Some((namespace, account)) = account(examined) else {
        return match &examined.replicas {
            Seen::Unknown(reason) => Seen::Unknown(reason.clone()),
            _ => {
                Seen::Unknown("no Pod was found whose ServiceAccount could be asked for".to_owned())
            }
        };
    };
    let reviews = Api::<SubjectAccessReview>::all(client.clone());
    let (reviews, name) = (&reviews, &format!("{namespace}/{account}"));
    let user = &format!("system:serviceaccount:{namespace}:{account}");
    let groups = &[
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{namespace}"),
        "system:authenticated".to_owned(),
    ];
    let asked = stream::iter(needed(kinds)).map(|right| async move {
        let review = review(&right, user, groups);
        let parameters = PostParams::default();
        let answer = api::in_time(reviews.create(&parameters, &review)).await?;
        Ok::<_, kube::Error>(CheckedRight {
            account: name.clone(),
            right: right.in_words(),
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

/// Namespace and name of the `ServiceAccount` of the first Pod.
fn account(examined: &Examined) -> Option<(&str, &str)> {
    let pod = &examined.replicas.there()?.first()?.pod;
    let account = pod.spec.as_ref()?.service_account_name.as_deref();
    Some((
        pod.metadata.namespace.as_deref()?,
        account.unwrap_or("default"),
    ))
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
                ..ResourceAttributes::default()
            }),
            ..SubjectAccessReviewSpec::default()
        },
        status: None,
    }
}
