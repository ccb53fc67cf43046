//! Many queries about single objects become few lists.

use std::collections::{BTreeMap, BTreeSet};

use l7guard_policy::confirmation::LiveQuery;
use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::Scope;

/// From this many objects of one kind in one namespace on a list of them takes their place.
const MANY: usize = 32;

/// From this many reads of one kind on a list of the whole cluster takes their place.
const TOO_MANY: usize = 256;

/// The queries, with lists in place of many single objects.
pub(super) fn gathered(queries: &BTreeSet<LiveQuery>) -> BTreeSet<LiveQuery> {
    let by_namespace = queries_with(queries, MANY, |kind, query| match query {
        LiveQuery::Object(key) => Some(LiveQuery::Objects(kind, Scope::of(key))),
        _ => None,
    });
    queries_with(&by_namespace, TOO_MANY, |kind, query| match query {
        LiveQuery::Object(_) | LiveQuery::Objects(_, Scope::Namespace(_)) => {
            Some(LiveQuery::Objects(kind, Scope::Cluster))
        }
        _ => None,
    })
}

/// The queries; `many` and more that have one list in common are replaced by it.
fn queries_with(
    queries: &BTreeSet<LiveQuery>,
    many: usize,
    list: impl Fn(Kind, &LiveQuery) -> Option<LiveQuery>,
) -> BTreeSet<LiveQuery> {
    let list = |query: &LiveQuery| gathered_kind(query).and_then(|kind| list(kind, query));
    let mut counts: BTreeMap<LiveQuery, usize> = BTreeMap::new();
    for wider in queries.iter().filter_map(list) {
        *counts.entry(wider).or_default() += 1;
    }
    let gather = |query: &LiveQuery| match list(query) {
        Some(wider) if counts.get(&wider).is_some_and(|count| *count >= many) => wider,
        _ => query.clone(),
    };
    queries.iter().map(gather).collect()
}

/// The kind, if a list has its objects: Pods are too big and too many, of EndpointSlices a list does not have all, and
/// Namespaces may only be read by name.
fn gathered_kind(query: &LiveQuery) -> Option<Kind> {
    match query {
        LiveQuery::Object(key)
            if matches!(key.kind, Kind::Pod | Kind::EndpointSlice | Kind::Namespace) =>
        {
            None
        }
        LiveQuery::Object(key) => Some(key.kind),
        LiveQuery::Objects(kind, _) => Some(*kind),
        LiveQuery::Pods(_)
        | LiveQuery::PodMetadata(_)
        | LiveQuery::Revision(_)
        | LiveQuery::Aliases => None,
    }
}

#[cfg(test)]
mod tests {
    use l7guard_policy::identity::ObjectKey;

    use super::*;

    fn service(namespace: &str, number: usize) -> LiveQuery {
        LiveQuery::Object(ObjectKey::new(
            Kind::Service,
            namespace,
            format!("web-{number}"),
        ))
    }

    fn class() -> LiveQuery {
        LiveQuery::Object(ObjectKey::new(Kind::IngressClass, "", "alb"))
    }

    #[test]
    fn many_objects_of_a_kind_and_namespace_are_read_by_one_list_and_few_by_name() {
        let few = |namespace| (1..MANY).map(move |number| service(namespace, number));
        let few: BTreeSet<LiveQuery> = few("shop").chain(few("blog")).chain([class()]).collect();
        assert_eq!(gathered(&few), few);
        let many = (0..MANY).map(|number| service("shop", number));
        let many = many.chain([service("blog", 1), class()]).collect();
        let of_shop = LiveQuery::Objects(Kind::Service, Scope::Namespace("shop".into()));
        let expected = BTreeSet::from([of_shop, service("blog", 1), class()]);
        assert_eq!(gathered(&many), expected);
    }

    #[test]
    fn objects_of_very_many_namespaces_are_read_by_one_list_of_the_cluster() {
        let of_namespaces = |count: usize| {
            let services = (0..count).map(|number| service(&format!("team-{number}"), 1));
            services.collect::<BTreeSet<_>>()
        };
        assert_eq!(gathered(&of_namespaces(TOO_MANY - 1)).len(), TOO_MANY - 1);
        let all_services = LiveQuery::Objects(Kind::Service, Scope::Cluster);
        assert_eq!(
            gathered(&of_namespaces(TOO_MANY)),
            BTreeSet::from([all_services])
        );
    }

    #[test]
    fn pods_and_namespaces_are_never_listed_in_place_of_a_few() {
        for kind in [Kind::Pod, Kind::Namespace] {
            let one = |number: usize| {
                LiveQuery::Object(ObjectKey::new(kind, "shop", format!("p{number}")))
            };
            let queries: BTreeSet<LiveQuery> = (0..TOO_MANY).map(one).collect();
            assert_eq!(gathered(&queries), queries);
        }
    }
}
