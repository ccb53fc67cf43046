//! What exists, judged as it stands.

use serde_json::json;

use super::super::{Audit, LiveQuery};
use super::beside::BESIDE;
use super::cluster::Cluster;
use super::manifests::{APPLICATION, GATEWAY};
use super::{binding, fronts, ingress, named, object};
use crate::configuration::Date;
use crate::identity::Kind;
use crate::verdict::Verdict;

/// The verdict on all that is there, object by object, and what was asked for it.
fn audited(cluster: &Cluster) -> (Verdict, Vec<LiveQuery>) {
    let (mut verdict, mut asked) = (Verdict::default(), Vec::new());
    let (known, configuration) = (&cluster.known, &cluster.configuration);
    for object in known.objects() {
        let mut audit = Audit::new(configuration, Date::MIN);
        for _ in 0..8 {
            for query in audit.queries(known, object) {
                asked.push(query.clone());
                let answer = cluster.answer(&query);
                audit.take([(query, answer)]);
            }
        }
        assert!(audit.queries(known, object).is_empty());
        verdict.merge(audit.verdict(known, [object]));
    }
    verdict.sort();
    (verdict, asked)
}

#[test]
fn gateway_pods_beside_an_application_are_found_behind_every_front_that_exists() {
    for (what, beside) in BESIDE {
        for (args, is_found) in [(GATEWAY, true), (APPLICATION, false)] {
            for front in fronts() {
                let mut there = beside(args);
                there.push(front.clone());
                let (verdict, _) = audited(&Cluster::with(&there));
                let fronts: Vec<_> = verdict
                    .denials()
                    .map(|found| &found.finding.object)
                    .collect();
                let expected = object(&front).key;
                let expected: &[_] = if is_found { &[&expected] } else { &[] };
                assert_eq!(fronts, expected, "{what}: {front}");
            }
        }
    }
}

#[test]
fn only_what_no_watch_follows_is_read() {
    for (_, beside) in BESIDE {
        let mut there = beside(GATEWAY);
        there.extend(fronts());
        let (_, asked) = audited(&Cluster::with(&there));
        assert!(!asked.is_empty());
        for query in asked {
            let is_of_use = match &query {
                LiveQuery::Pods(_) | LiveQuery::PodMetadata(_) | LiveQuery::Revision(_) => true,
                LiveQuery::Object(key) => matches!(key.kind, Kind::Pod | Kind::Namespace),
                LiveQuery::Objects(..) | LiveQuery::Aliases => false,
            };
            assert!(is_of_use, "{query:?}");
        }
    }
}

#[test]
fn nothing_is_read_for_what_makes_no_alb() {
    let nginx = json!({"controller": "k8s.io/ingress-nginx"});
    let nginx = named("networking.k8s.io/v1", "IngressClass", "nginx", &nginx);
    for front in [ingress("nginx", "web"), binding("TCP", "web")] {
        let (verdict, asked) = audited(&Cluster::with(&[nginx.clone(), front]));
        assert!(asked.is_empty(), "{asked:?}");
        assert!(verdict.findings.is_empty());
    }
}
