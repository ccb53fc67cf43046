//! Do the flags of the AWS Load Balancer Controller agree with the configuration?

use k8s_openapi::api::apps::v1::Deployment;
use l7guard_policy::configuration::Aws;
use l7guard_policy::identity::Kind;

use super::deployment::{flag, name};
use super::{Check, Examined, Seen, Verdict};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "aws-controller",
    question: "Do the flags of the AWS Load Balancer Controller agree with the configuration?",
    run,
};

/// The default of `--ingress-class`.
///
/// Source: aws-load-balancer-controller `pkg/config/ingress_config.go`.
const DEFAULT_CLASS: &str = "alb";

fn run(examined: &Examined) -> Vec<Verdict> {
    let controllers = match &examined.aws_controllers {
        Seen::There(controllers) if !controllers.is_empty() => controllers,
        Seen::Unknown(reason) => {
            let next = "Ask for the right to list Deployments in kube-system, or compare by hand.";
            return vec![Verdict::unknown(reason, next)];
        }
        Seen::There(_) | Seen::Absent => return vec![without_deployment(examined)],
    };
    let mut verdicts = Vec::new();
    for controller in controllers {
        verdicts.extend(class(controller, &examined.configuration.aws));
        if let Some(watched) =
            flag(controller, "watch-namespace").filter(|watched| !watched.is_empty())
        {
            verdicts.push(Verdict::warning(
                format!("{} has --watch-namespace={watched}: in other namespaces nobody builds ALBs, and l7guard refuses them all the same", name(controller)),
                "Set mode off for the other namespaces in the configuration, if that is meant.",
            ));
        }
    }
    let matched: Vec<&str> = controllers.iter().flat_map(matched).collect();
    let configured = examined.configuration.aws.ingress_class_annotations.iter();
    for annotation in configured.filter(|annotation| !matched.contains(&&***annotation)) {
        verdicts.push(Verdict::warning(
            format!("the configuration takes Ingresses annotated kubernetes.io/ingress.class: {annotation} for ALBs, no controller does"),
            "Remove it from aws.ingressClassAnnotations, unless another controller honours it.",
        ));
    }
    if verdicts.is_empty() {
        let names: Vec<String> = controllers.iter().map(name).collect();
        verdicts.push(Verdict::good(format!(
            "the flags of {} agree with the configuration",
            names.join(", ")
        )));
    }
    verdicts
}

fn without_deployment(examined: &Examined) -> Verdict {
    let has_bindings = |kinds: &Vec<crate::cluster::ServedKind>| {
        kinds
            .iter()
            .any(|kind| kind.kind == Kind::TargetGroupBinding)
    };
    match &examined.kinds {
        Seen::There(kinds) if !has_bindings(kinds) => Verdict::good(
            "the AWS Load Balancer Controller is not installed: its TargetGroupBindings are not served",
        ),
        _ => Verdict::unknown(
            "no Deployment with the label app.kubernetes.io/name=aws-load-balancer-controller was found",
            "Compare its --ingress-class and --watch-namespace with the section aws of the configuration by hand.",
        ),
    }
}

/// The values of the class annotation that a controller matches.
///
/// Source: aws-load-balancer-controller `pkg/ingress/class_annotation_matcher.go`.
fn matched(controller: &Deployment) -> Vec<&str> {
    match flag(controller, "ingress-class").unwrap_or(DEFAULT_CLASS) {
        "" => vec![DEFAULT_CLASS, ""],
        class => vec![class],
    }
}

fn class(controller: &Deployment, aws: &Aws) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let configured = |class: &str| {
        aws.ingress_class_annotations
            .iter()
            .any(|annotation| **annotation == *class)
    };
    for class in matched(controller) {
        if class.is_empty() && !aws.manages_classless_ingresses {
            verdicts.push(Verdict::bad(
                format!("{} has an empty --ingress-class and makes ALBs of Ingresses without a class, which the configuration does not say", name(controller)),
                "Set aws.manageClasslessIngresses to true.",
            ));
        } else if !class.is_empty() && !configured(class) {
            verdicts.push(Verdict::bad(
                format!("{} makes ALBs of Ingresses annotated kubernetes.io/ingress.class: {class}, which the configuration does not list", name(controller)),
                format!("Add {class} to aws.ingressClassAnnotations."),
            ));
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::super::samples::{deployment, examined, outcomes};
    use super::*;
    use crate::doctor::Outcome::{Bad, Good, Unknown, Warning};

    #[test]
    fn flags_are_held_against_the_configuration() {
        let mut examined = examined();
        for (flags, expected) in [
            (&[][..], &[Good][..]),
            (&["--ingress-class=alb"], &[Good]),
            (&["--ingress-class=internal"], &[Bad, Warning]),
            (&["--ingress-class="], &[Bad]),
            (&["--watch-namespace=shop"], &[Warning]),
        ] {
            examined.aws_controllers = Seen::There(vec![deployment(flags, &[])]);
            assert_eq!(outcomes(&CHECK, &examined), expected, "{flags:?}");
        }
        examined.configuration.aws.manages_classless_ingresses = true;
        examined.aws_controllers = Seen::There(vec![deployment(&["--ingress-class="], &[])]);
        assert_eq!(outcomes(&CHECK, &examined), [Good]);
    }

    #[test]
    fn without_a_deployment_it_is_unknown_unless_nothing_of_it_is_installed() {
        let mut examined = examined();
        examined.aws_controllers = Seen::Absent;
        assert_eq!(outcomes(&CHECK, &examined), [Good]);
        if let Seen::There(kinds) = &mut examined.kinds {
            kinds[0].kind = Kind::TargetGroupBinding;
        }
        assert_eq!(outcomes(&CHECK, &examined), [Unknown]);
        examined.aws_controllers = Seen::Unknown("no right".to_owned());
        assert_eq!(outcomes(&CHECK, &examined), [Unknown]);
    }
}
