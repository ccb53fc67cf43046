//! Mode `audit` as a dry run: what it would do, and the preview that a server-side dry run gives.

use l7guard_policy::configuration::{Configuration, Date, Likely, Modes, Ratchet};
use l7guard_policy::rules::{Mode, RuleCode};

use super::judged::{concluded, ingress, inventory, request};
use super::*;
use crate::judge::PolicyJudge;
use crate::judge::metrics::ReviewMetrics;
use crate::live::Live;

fn audit() -> Configuration {
    Configuration {
        modes: Modes {
            at_most: Mode::Audit,
            ..Modes::default()
        },
        ..Configuration::default()
    }
}

/// The answer under a configuration, and what was counted.
async fn judged(
    configuration: Configuration,
    operation: &str,
    members: &Value,
) -> (Answer, String) {
    let metrics = ReviewMetrics::new();
    let judge = PolicyJudge::new(Live::new(inventory()), Live::new(configuration));
    let review = request(operation, members);
    let mut review = Review::decode(review.as_bytes()).unwrap();
    let answer = concluded(&judge, &mut review, &metrics).await.unwrap();
    (answer, metrics.encode().unwrap())
}

fn creation() -> Value {
    json!({"object": ingress("edge")})
}

fn update() -> Value {
    json!({"object": ingress("edge"), "oldObject": ingress("edge")})
}

#[tokio::test]
async fn mode_audit_says_what_it_would_do_in_annotation_and_metric() {
    let with_ratchet = |ratchet| Configuration { ratchet, ..audit() };
    let of_the_rule = |mode| {
        let mut configuration = audit();
        configuration.modes.rules.insert(RuleCode::L7G001, mode);
        configuration
    };
    for (configuration, operation, members, would_be) in [
        (audit(), "CREATE", creation(), "deny"),
        (audit(), "UPDATE", update(), "tolerated"),
        (with_ratchet(Ratchet::Off), "UPDATE", update(), "deny"),
        (
            with_ratchet(Ratchet::Until(Date::MIN)),
            "UPDATE",
            update(),
            "deny",
        ),
        (of_the_rule(Mode::Warn), "CREATE", creation(), "warn"),
        (of_the_rule(Mode::Warn), "UPDATE", update(), "warn"),
        // The rule's own default stands behind its `audit`.
        (of_the_rule(Mode::Audit), "CREATE", creation(), "deny"),
    ] {
        let (answer, metrics) = judged(configuration, operation, &members).await;
        assert!(answer.allowed);
        assert_eq!(answer.audit_annotations["mode"], "audit");
        assert_eq!(answer.audit_annotations["would_be"], would_be);
        let counted = format!(
            "l7guard_admission_findings_total{{rule=\"L7G001\",mode=\"audit\",would_be=\"{would_be}\",confidence=\"confirmed\"}} 1\n"
        );
        assert!(metrics.contains(&counted), "{metrics}");
    }
}

#[tokio::test]
async fn what_is_only_likely_would_do_what_likely_says() {
    for (likely, would_be) in [(Likely::Deny, "deny"), (Likely::Warn, "warn")] {
        let configuration = Configuration { likely, ..audit() };
        let members = json!({"object": ingress("istio-ingressgateway")});
        let (answer, _) = judged(configuration, "CREATE", &members).await;
        assert_eq!(answer.audit_annotations["would_be"], would_be);
    }
}

#[tokio::test]
async fn no_other_mode_says_what_it_would_do() {
    let (answer, metrics) = judged(Configuration::default(), "CREATE", &creation()).await;
    assert!(!answer.allowed);
    assert!(!answer.audit_annotations.contains_key("would_be"));
    assert!(
        metrics.contains("mode=\"deny\",would_be=\"none\","),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_dry_run_previews_what_mode_audit_is_silent_about() {
    let of_the_rule = |mode| {
        let mut configuration = audit();
        configuration.modes.rules.insert(RuleCode::L7G001, mode);
        configuration
    };
    let place = "Ingress shop/front: ALB in front of Istio gateway shop/edge";
    for (configuration, operation, mut members, effect) in [
        (audit(), "CREATE", creation(), "would be denied"),
        (
            audit(),
            "UPDATE",
            update(),
            "would be allowed, as it was there before",
        ),
        (
            of_the_rule(Mode::Warn),
            "CREATE",
            creation(),
            "would be a warning",
        ),
    ] {
        let (answer, _) = judged(configuration.clone(), operation, &members).await;
        assert!(answer.warnings.is_empty(), "{:?}", answer.warnings);
        assert_eq!(answer.audit_annotations["decision"], "allow");
        members["dryRun"] = json!(true);
        let (answer, _) = judged(configuration, operation, &members).await;
        assert!(answer.allowed);
        assert_eq!(answer.warnings, [format!("[L7G001] {effect}: {place}")]);
        assert_eq!(answer.audit_annotations["decision"], "warn");
    }
}
