//! Many questions about single objects become few lists.

use std::collections::{BTreeMap, BTreeSet};

use l7guard_policy::confirmation::Question;
use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::Scope;

/// From this many objects of one kind in one namespace on a list of them takes their place.
const MANY: usize = 32;

/// From this many reads of one kind on a list of the whole cluster takes their place.
const TOO_MANY: usize = 256;

/// The questions, with lists in place of many single objects.
pub(super) fn gathered(questions: &BTreeSet<Question>) -> BTreeSet<Question> {
    let by_namespace = questions_with(questions, MANY, |kind, question| match question {
        Question::Object(key) => Some(Question::Objects(kind, Scope::of(key))),
        _ => None,
    });
    questions_with(&by_namespace, TOO_MANY, |kind, question| match question {
        Question::Object(_) | Question::Objects(_, Scope::Namespace(_)) => {
            Some(Question::Objects(kind, Scope::Cluster))
        }
        _ => None,
    })
}

/// The questions; `many` and more that have one list in common are replaced by it.
fn questions_with(
    questions: &BTreeSet<Question>,
    many: usize,
    list: impl Fn(Kind, &Question) -> Option<Question>,
) -> BTreeSet<Question> {
    let list = |question: &Question| gathered_kind(question).and_then(|kind| list(kind, question));
    let mut counts: BTreeMap<Question, usize> = BTreeMap::new();
    for wider in questions.iter().filter_map(list) {
        *counts.entry(wider).or_default() += 1;
    }
    let gather = |question: &Question| match list(question) {
        Some(wider) if counts.get(&wider).is_some_and(|count| *count >= many) => wider,
        _ => question.clone(),
    };
    questions.iter().map(gather).collect()
}

/// The kind, if a list has its objects: Pods are too big and too many, of EndpointSlices a list does not have all, and
/// Namespaces may only be read by name.
fn gathered_kind(question: &Question) -> Option<Kind> {
    match question {
        Question::Object(key)
            if matches!(key.kind, Kind::Pod | Kind::EndpointSlice | Kind::Namespace) =>
        {
            None
        }
        Question::Object(key) => Some(key.kind),
        Question::Objects(kind, _) => Some(*kind),
        Question::Pods(_)
        | Question::PodMetadata(_)
        | Question::Revision(_)
        | Question::Aliases => None,
    }
}

#[cfg(test)]
mod tests {
    use l7guard_policy::identity::ObjectKey;

    use super::*;

    fn service(namespace: &str, number: usize) -> Question {
        Question::Object(ObjectKey::new(
            Kind::Service,
            namespace,
            format!("web-{number}"),
        ))
    }

    fn class() -> Question {
        Question::Object(ObjectKey::new(Kind::IngressClass, "", "alb"))
    }

    #[test]
    fn many_objects_of_a_kind_and_namespace_are_read_by_one_list_and_few_by_name() {
        let few = |namespace| (1..MANY).map(move |number| service(namespace, number));
        let few: BTreeSet<Question> = few("shop").chain(few("blog")).chain([class()]).collect();
        assert_eq!(gathered(&few), few);
        let many = (0..MANY).map(|number| service("shop", number));
        let many = many.chain([service("blog", 1), class()]).collect();
        let of_shop = Question::Objects(Kind::Service, Scope::Namespace("shop".into()));
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
        let all_services = Question::Objects(Kind::Service, Scope::Cluster);
        assert_eq!(
            gathered(&of_namespaces(TOO_MANY)),
            BTreeSet::from([all_services])
        );
    }

    #[test]
    fn pods_and_namespaces_are_never_listed_in_place_of_a_few() {
        for kind in [Kind::Pod, Kind::Namespace] {
            let one = |number: usize| {
                Question::Object(ObjectKey::new(kind, "shop", format!("p{number}")))
            };
            let questions: BTreeSet<Question> = (0..TOO_MANY).map(one).collect();
            assert_eq!(gathered(&questions), questions);
        }
    }
}
