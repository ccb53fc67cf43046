//! Class resolution: whose an Ingress is, exactly as the controllers decide it.
//!
//! Source: AWS Load Balancer Controller `pkg/ingress/group_loader.go` (`classifyIngress`), `class_loader.go`,
//! `class_annotation_matcher.go`; Kubernetes admission plugin `DefaultIngressClass`; EKS user guide, "automode".

use std::sync::Arc;

use super::aws::{AUTO_MODE_CONTROLLER, Aws};
use super::{Proof, Provisioning};
use crate::confidence::Confidence;
use crate::identity::{Kind, ObjectKey};
use crate::inventory::{IndexKey, World};
use crate::objects::ingress::{CLASS_ANNOTATION, Ingress};
use crate::objects::ingress_class::IngressClass;
use crate::objects::{Facts, Object};
use crate::placeholder;
use crate::wording::Wording;

/// Whether a controller makes an ALB of the Ingress.
///
/// The annotation's presence beats the field, whatever its value: an annotation that the controller does not match
/// hides the field from it. EKS Auto Mode reads no annotation.
#[must_use]
pub fn resolve(world: &World<'_>, aws: &Aws, ingress: &Ingress) -> Provisioning {
    match (&ingress.class_annotation, &ingress.class_name) {
        (Some(annotation), _) if is_matched_by_annotation(aws, ingress) => alb(
            Confidence::Confirmed,
            Wording::ours("annotation ")
                .then(CLASS_ANNOTATION)
                .then(": ")
                .said(format_args!("{annotation:?}")),
            None,
        ),
        (Some(annotation), _) => by_auto_mode(world, aws, ingress).unwrap_or_else(|| {
            if world.is_unrendered(annotation) {
                Provisioning::Unknown(
                    Wording::ours("annotation ")
                        .then(CLASS_ANNOTATION)
                        .then(" is not rendered yet (")
                        .said(format_args!("{annotation:?}"))
                        .then(")"),
                )
            } else {
                Provisioning::Nothing
            }
        }),
        (None, Some(name)) => by_field(world, aws, ingress, name),
        (None, None) => by_default(world, aws, ingress),
    }
}

/// Whether the AWS Load Balancer Controller takes the Ingress by its class annotation.
pub(crate) fn is_matched_by_annotation(aws: &Aws, ingress: &Ingress) -> bool {
    let known = &aws.ingress_class_annotations;
    ingress.class_annotation.as_deref().is_some_and(|value| {
        known.iter().any(|known| **known == *value)
            || (aws.manages_classless_ingresses && value.is_empty())
    })
}

/// The visible IngressClass of an Ingress: the one that its field names, else the default one. Beside a class annotation
/// there is no default, and of several defaults none is known to be taken.
pub(crate) fn of_ingress<'a>(world: &World<'a>, ingress: &Ingress) -> Option<&'a IngressClass> {
    let object = match (&ingress.class_annotation, &ingress.class_name) {
        (_, Some(name)) => world.get(&class_key(name)),
        (Some(_), None) => None,
        (None, None) => {
            let mut defaults = world.find(&IndexKey::DefaultClass);
            defaults.next().filter(|_| defaults.next().is_none())
        }
    };
    match &object?.facts {
        Facts::IngressClass(class) => Some(class),
        _ => None,
    }
}

/// The default classes of which it cannot be told which one an Ingress gets; none where it names its class, or where there is
/// at most one.
pub(crate) fn undecided<'a>(
    world: &World<'a>,
    ingress: &Ingress,
) -> impl Iterator<Item = &'a IngressClass> {
    let is_open = ingress.class_annotation.is_none()
        && ingress.class_name.is_none()
        && world.at_most(&IndexKey::DefaultClass) > 1;
    let defaults = is_open.then(|| world.find(&IndexKey::DefaultClass));
    let defaults = defaults.into_iter().flatten();
    defaults.filter_map(|object| match &object.facts {
        Facts::IngressClass(class) => Some(class),
        _ => None,
    })
}

/// Whether the class of an Ingress is EKS Auto Mode's; of several default ones, whether one of them is.
pub(super) fn may_be_auto_modes(world: &World<'_>, ingress: &Ingress) -> bool {
    let is_auto_modes = |object: &Object| matches!(&object.facts, Facts::IngressClass(class) if *class.controller == *AUTO_MODE_CONTROLLER);
    match (&ingress.class_annotation, &ingress.class_name) {
        (_, Some(name)) => world.get(&class_key(name)).is_some_and(is_auto_modes),
        (Some(_), None) => false,
        (None, None) => world.find(&IndexKey::DefaultClass).any(is_auto_modes),
    }
}

fn class_key(name: &Arc<str>) -> ObjectKey {
    ObjectKey::new(Kind::IngressClass, "", Arc::clone(name))
}

fn by_field(world: &World<'_>, aws: &Aws, ingress: &Ingress, name: &Arc<str>) -> Provisioning {
    let key = class_key(name);
    match world.facts(&key) {
        Some(Facts::IngressClass(class)) if !world.is_unrendered(&class.controller) => {
            if aws.is_ingress_controller(&class.controller) {
                let text = Wording::ours("ingressClassName ")
                    .said(name)
                    .then(", controller ")
                    .said_by(&key, &class.controller);
                alb(Confidence::Confirmed, text, Some(key))
            } else {
                Provisioning::Nothing
            }
        }
        _ if aws
            .well_known_class_names
            .iter()
            .any(|known| **known == **name) =>
        {
            alb(
                Confidence::Likely,
                Wording::ours("ingressClassName ")
                    .said(name)
                    .then(", a well-known name of an ALB's class (the IngressClass ")
                    .then(world.absence())
                    .then(")"),
                None,
            )
        }
        _ if ingress.has_alb_annotations && has_word_alb(world, name) => alb(
            Confidence::Likely,
            Wording::ours("ingressClassName ")
                .said(name)
                .then(", a name with the word \"alb\", beside annotations ")
                .then(ALB_ANNOTATIONS)
                .then(" (the IngressClass ")
                .then(world.absence())
                .then(")"),
            None,
        ),
        Some(_) => Provisioning::Unknown(
            Wording::ours("the controller of IngressClass ")
                .said(name)
                .then(" is not rendered yet"),
        ),
        None if world.is_unrendered(name) => Provisioning::Unknown(
            Wording::ours("ingressClassName is not rendered yet (")
                .said(format_args!("{:?}", &**name))
                .then(")"),
        ),
        None => Provisioning::Unknown(
            Wording::ours("IngressClass ")
                .said(name)
                .then(" ")
                .then(world.absence()),
        ),
    }
}

/// The annotations that only the controllers of ALBs read.
const ALB_ANNOTATIONS: &str = "alb.ingress.kubernetes.io/*";
/// A longer text is no name of an object.
const LONGEST_NAME: usize = 253;

/// Whether one of the words of a class's name, what is known of it, is `alb`.
fn has_word_alb(world: &World<'_>, name: &str) -> bool {
    if name.len() > LONGEST_NAME {
        return false;
    }
    let known = if world.is_unrendered(name) {
        placeholder::known_parts(name)
    } else {
        name.into()
    };
    known.split(['-', '_', '.']).any(|word| word == "alb")
}

/// EKS Auto Mode makes an ALB of a class in the field, whatever an annotation says.
pub(super) fn by_auto_mode(
    world: &World<'_>,
    aws: &Aws,
    ingress: &Ingress,
) -> Option<Provisioning> {
    let key = class_key(ingress.class_name.as_ref()?);
    match world.facts(&key) {
        Some(Facts::IngressClass(class))
            if *class.controller == *AUTO_MODE_CONTROLLER
                && aws.is_ingress_controller(AUTO_MODE_CONTROLLER) =>
        {
            let text = Wording::ours("ingressClassName ")
                .said(&key.name)
                .then(", controller ")
                .then(AUTO_MODE_CONTROLLER);
            Some(alb(Confidence::Confirmed, text, Some(key)))
        }
        _ => None,
    }
}

fn by_default(world: &World<'_>, aws: &Aws, ingress: &Ingress) -> Provisioning {
    let mut defaults: Vec<(&ObjectKey, &IngressClass)> = world
        .find(&IndexKey::DefaultClass)
        .filter_map(|object| match &object.facts {
            Facts::IngressClass(class) => Some((&object.key, class)),
            _ => None,
        })
        .collect();
    defaults.sort_by_key(|(key, _)| *key);
    let alb_class = defaults
        .iter()
        .find(|(_, class)| aws.is_ingress_controller(&class.controller));
    match alb_class {
        Some((key, class)) => {
            let text = Wording::ours("no class, and the default IngressClass is ")
                .said_by(key, &key.name)
                .then(" (controller ")
                .said_by(key, &class.controller)
                .then(")");
            // With two defaults the API server takes the newest and the controller refuses to choose.
            let confidence = if defaults.len() == 1 {
                Confidence::Confirmed
            } else {
                Confidence::Likely
            };
            alb(confidence, text, Some((*key).clone()))
        }
        None if aws.manages_classless_ingresses && defaults.is_empty() => alb(
            Confidence::Confirmed,
            "no class, and the controller is configured to manage Ingresses without one".into(),
            None,
        ),
        None => without_default(world, ingress, &defaults),
    }
}

/// What an Ingress without a class makes where no default class is known to be an ALB's. Files may leave out what decides.
fn without_default(
    world: &World<'_>,
    ingress: &Ingress,
    defaults: &[(&ObjectKey, &IngressClass)],
) -> Provisioning {
    let unknown = defaults
        .iter()
        .find(|(_, class)| world.is_unrendered(&class.controller));
    match unknown {
        Some((key, _)) => Provisioning::Unknown(
            Wording::ours("no class, and the controller of the default ")
                .name(key)
                .then(" is not rendered yet"),
        ),
        None if world.is_of_files() && ingress.has_alb_annotations && defaults.is_empty() => {
            Provisioning::Unknown(
                Wording::ours("no class beside annotations ")
                    .then(ALB_ANNOTATIONS)
                    .then(", and no default IngressClass is visible: its class cannot be told"),
            )
        }
        None => Provisioning::Nothing,
    }
}

fn alb(confidence: Confidence, text: Wording, class: Option<ObjectKey>) -> Provisioning {
    Provisioning::Alb(Proof {
        confidence,
        text,
        rests_on: class.into_iter().collect(),
    })
}
