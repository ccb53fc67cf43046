//! Ingress: its class says whether it makes an ALB, its backends and actions where that routes.

use std::sync::Arc;

use super::aws::Aws;
use super::{Destination, Provisioning, Target, ingress_class};
use crate::actions::{Action, ForwardTarget};
use crate::inventory::World;
use crate::objects::ingress::{BackendTarget, GROUP_ANNOTATION, Ingress};
use crate::objects::target_group_binding::TargetGroup;
use crate::objects::{Facts, Object};
use crate::wording::Wording;

/// What an Ingress makes.
pub(super) fn provisioning(world: &World<'_>, aws: &Aws, ingress: &Ingress) -> Provisioning {
    let mut provisioning = ingress_class::resolve(world, aws, ingress);
    if let Provisioning::Alb(_) = provisioning
        && let Group::Invalid(name) = group(world, aws, ingress)
    {
        provisioning = ingress_class::by_auto_mode(world, aws, ingress).unwrap_or_else(|| {
            Provisioning::Unknown(
                Wording::ours(GROUP_ANNOTATION)
                    .then(" ")
                    .said(format_args!("{name:?}"))
                    .then(" is no valid group name, so the controller ignores the Ingress"),
            )
        });
    }
    provisioning
}

/// The explicit IngressGroup of an Ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group<'a> {
    /// None: the Ingress is a group by itself.
    Implicit,
    /// This one.
    Explicit(&'a str),
    /// One whose name the controller refuses.
    Invalid(&'a str),
    /// One whose name is not rendered yet.
    Unknown,
}

/// The group: a visible IngressClassParams' beats the annotation, which is then not read. The AWS Load Balancer
/// Controller reads no class beside a class annotation; EKS Auto Mode knows neither annotation. Which of the two kinds of
/// parameters a class means, its reference says, also where its controller is not known.
///
/// Source: AWS Load Balancer Controller `pkg/ingress/group_loader.go` (`loadGroupID`).
#[must_use]
pub fn group<'a>(world: &World<'a>, aws: &Aws, ingress: &'a Ingress) -> Group<'a> {
    let class = ingress_class::of_ingress(world, ingress);
    let is_auto_mode = ingress_class::may_be_auto_modes(world, ingress)
        && !ingress_class::is_matched_by_annotation(aws, ingress);
    let params = class
        .filter(|_| is_auto_mode || ingress.class_annotation.is_none())
        .and_then(|class| class.params.as_ref())
        .and_then(|reference| match world.facts(&reference.key()) {
            Some(Facts::IngressClassParams(params)) => params.group.as_deref(),
            _ => None,
        });
    let annotation = ingress
        .group_annotation
        .as_deref()
        .filter(|_| !is_auto_mode);
    match params.or(annotation) {
        None => Group::Implicit,
        Some(name) if world.is_unrendered(name) => Group::Unknown,
        Some(name) if is_valid_group_name(name) => Group::Explicit(name),
        Some(name) => Group::Invalid(name),
    }
}

/// `^([a-z0-9][-a-z0-9.]*)?[a-z0-9]$`, at most 63 characters.
fn is_valid_group_name(name: &str) -> bool {
    let is_edge = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let bytes = name.as_bytes();
    bytes.len() <= 63
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && bytes.iter().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
        })
}

/// Where an Ingress routes.
pub(super) fn destinations(object: &Object, ingress: &Ingress) -> Vec<Destination> {
    let mut destinations = Vec::with_capacity(ingress.backends.len());
    let namespace = &object.key.namespace;
    for backend in &ingress.backends {
        let field: Arc<str> = ingress.field(backend).into();
        let mut push = |target| {
            destinations.push(Destination {
                field: Arc::clone(&field),
                target,
            });
        };
        match &backend.target {
            BackendTarget::Service(name) => {
                push(Target::Service((Arc::clone(namespace), Arc::clone(name))));
            }
            BackendTarget::Action { action, name } => match action {
                Ok(Action::Forward(targets)) => {
                    for target in targets {
                        push(match target {
                            ForwardTarget::Service(service) => {
                                Target::Service((Arc::clone(namespace), Arc::from(&**service)))
                            }
                            ForwardTarget::TargetGroupArn(arn) => {
                                Target::TargetGroup(TargetGroup::Arn(arn.clone()))
                            }
                            ForwardTarget::TargetGroupName(name) => {
                                Target::TargetGroup(TargetGroup::Name(name.clone()))
                            }
                        });
                    }
                }
                Ok(Action::Redirect | Action::FixedResponse) => {}
                Err(reason) => push(Target::Unreadable {
                    action: name.clone(),
                    reason: reason.clone(),
                }),
            },
        }
    }
    destinations
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Group, group, is_valid_group_name};
    use crate::fronts::aws::Aws;
    use crate::inventory::{Inventory, World};
    use crate::objects::{Facts, Naming, Object, Source, read};

    fn object(version: &str, kind: &str, name: &str, spec: &Value) -> Object {
        let naming = Naming {
            api_version: version,
            kind,
            default_namespace: "shop",
            default_name: "",
        };
        let manifest = json!({"metadata": {"name": name}, "spec": spec});
        read(naming, Source::Value(&manifest)).unwrap().unwrap()
    }

    #[test]
    fn the_group_is_of_the_parameters_that_the_class_refers_to_whosever_class_it_is() {
        let params = |version: &str, group: &str| {
            let spec = json!({"group": {"name": group}});
            object(version, "IngressClassParams", "one", &spec)
        };
        let both = [
            params("elbv2.k8s.aws/v1beta1", "controllers"),
            params("eks.amazonaws.com/v1", "auto-modes"),
        ];
        let spec = json!({"ingressClassName": "alb"});
        let front = object("networking.k8s.io/v1", "Ingress", "front", &spec);
        let Facts::Ingress(ingress) = &front.facts else {
            panic!("no Ingress: {front:?}");
        };
        let meant = [
            (json!("elbv2.k8s.aws"), Group::Explicit("controllers")),
            (json!("eks.amazonaws.com"), Group::Explicit("auto-modes")),
            (json!("example.com"), Group::Implicit),
            (json!("${GROUP}"), Group::Implicit),
            (json!(null), Group::Implicit),
        ];
        for controller in ["ingress.k8s.aws/alb", "eks.amazonaws.com/alb", "${a}"] {
            for (api_group, group_meant) in &meant {
                let parameters =
                    json!({"apiGroup": api_group, "kind": "IngressClassParams", "name": "one"});
                let spec = json!({"controller": controller, "parameters": parameters});
                let class = object("networking.k8s.io/v1", "IngressClass", "alb", &spec);
                let mut inventory = Inventory::new();
                for object in both.iter().cloned().chain([class, front.clone()]) {
                    inventory.apply(object);
                }
                let found = group(&World::new(&inventory), &Aws::default(), ingress);
                assert_eq!(found, *group_meant, "{controller} {api_group}");
            }
        }
    }

    #[test]
    fn group_names_are_checked_as_the_controller_does() {
        for name in ["a", "9", "shared-alb", "a.b-c", "a..b"] {
            assert!(is_valid_group_name(name), "{name}");
        }
        let long = "a".repeat(64);
        for name in ["", "-a", "a-", ".a", "A", "a_b", "ä", &long] {
            assert!(!is_valid_group_name(name), "{name}");
        }
        assert!(is_valid_group_name(&"a".repeat(63)));
    }
}
