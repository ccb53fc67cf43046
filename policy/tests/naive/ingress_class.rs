//! Whose an Ingress is: the annotation, the field, the default class, and EKS Auto Mode.

use l7guard_policy::confidence::Confidence;
use l7guard_policy::identity::Kind;
use serde_json::Value;

use super::World;
use super::files::is_unrendered;
use super::manifest::{annotation, field, text};

/// The controller of EKS Auto Mode.
const AUTO_MODE: &str = "eks.amazonaws.com/alb";

/// What a front makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provisioning {
    Alb(Confidence),
    /// The class or the parent is missing.
    Unknown,
    Nothing,
}

/// What an Ingress makes: two controllers may look at it, each by its own reading.
pub(super) fn resolve(world: World<'_>, ingress: &Value) -> Provisioning {
    let auto_mode = by_auto_mode(world, ingress);
    let lbc = match by_load_balancer_controller(world, ingress) {
        // Ignored by the controller; that it would be an ALB's otherwise is worth saying.
        Provisioning::Alb(_) if has_invalid_group(world, ingress) => Provisioning::Unknown,
        provisioning => provisioning,
    };
    match (auto_mode, lbc) {
        (Provisioning::Alb(one), Provisioning::Alb(other)) => Provisioning::Alb(one.max(other)),
        (Provisioning::Alb(confidence), _) | (_, Provisioning::Alb(confidence)) => {
            Provisioning::Alb(confidence)
        }
        (Provisioning::Unknown, _) | (_, Provisioning::Unknown) => Provisioning::Unknown,
        (Provisioning::Nothing, Provisioning::Nothing) => Provisioning::Nothing,
    }
}

fn class_annotation(ingress: &Value) -> Option<&str> {
    annotation(ingress, "kubernetes.io/ingress.class")
}

/// The IngressClass that the field names, or the default ones.
fn classes<'a>(world: World<'a>, ingress: &Value) -> Vec<&'a Value> {
    match text(ingress, "/spec/ingressClassName") {
        Some(class) => world
            .get(Kind::IngressClass, "", class)
            .into_iter()
            .collect(),
        None => world
            .all(Kind::IngressClass)
            .filter(|class| {
                annotation(class, "ingressclass.kubernetes.io/is-default-class") == Some("true")
            })
            .collect(),
    }
}

/// A controller that knows the field and the default class, but no annotation. The API server sets no default class
/// beside a class annotation.
fn by_auto_mode(world: World<'_>, ingress: &Value) -> Provisioning {
    let is_auto = |class: &&Value| text(class, "/spec/controller") == Some(AUTO_MODE);
    let names_class = field(ingress, "/spec/ingressClassName").is_some();
    if class_annotation(ingress).is_some() && !names_class {
        return Provisioning::Nothing;
    }
    let classes = classes(world, ingress);
    match classes.len() {
        1 if is_auto(&classes[0]) => Provisioning::Alb(Confidence::Confirmed),
        0 | 1 => Provisioning::Nothing,
        _ if classes.iter().any(is_auto) => Provisioning::Alb(Confidence::Likely),
        _ => Provisioning::Nothing,
    }
}

fn is_matched_by_annotation(world: World<'_>, ingress: &Value) -> bool {
    let aws = &world.configuration.aws;
    class_annotation(ingress).is_some_and(|annotation| {
        let mut known = aws.ingress_class_annotations.iter();
        known.any(|value| **value == *annotation)
            || (aws.manages_classless_ingresses && annotation.is_empty())
    })
}

fn by_load_balancer_controller(world: World<'_>, ingress: &Value) -> Provisioning {
    let aws = &world.configuration.aws;
    if class_annotation(ingress).is_some() {
        return if is_matched_by_annotation(world, ingress) {
            Provisioning::Alb(Confidence::Confirmed)
        } else if class_annotation(ingress).is_some_and(is_unrendered) {
            Provisioning::Unknown
        } else {
            Provisioning::Nothing
        };
    }
    let is_albs = |class: &&Value| {
        let controller = text(class, "/spec/controller").unwrap_or_default();
        controller != AUTO_MODE && aws.ingress_controllers.iter().any(|c| **c == *controller)
    };
    let classes = classes(world, ingress);
    let unknown = classes.iter().filter(|class| has_unknown_controller(class));
    match (text(ingress, "/spec/ingressClassName"), classes.len()) {
        // A class whose controller is not rendered yet is as good as none.
        (Some(class), known) if known == unknown.clone().count() => {
            if aws.well_known_class_names.iter().any(|n| **n == *class)
                || (has_word_alb(class) && has_alb_annotation(ingress))
            {
                Provisioning::Alb(Confidence::Likely)
            } else {
                Provisioning::Unknown
            }
        }
        (None, 0) if aws.manages_classless_ingresses => Provisioning::Alb(Confidence::Confirmed),
        (None, 0) if world.is_of_files && has_alb_annotation(ingress) => Provisioning::Unknown,
        (_, 1) if is_albs(&classes[0]) => Provisioning::Alb(Confidence::Confirmed),
        _ if classes.iter().any(is_albs) => Provisioning::Alb(Confidence::Likely),
        _ if unknown.count() > 0 => Provisioning::Unknown,
        _ => Provisioning::Nothing,
    }
}

fn has_unknown_controller(class: &Value) -> bool {
    text(class, "/spec/controller").is_some_and(is_unrendered)
}

/// Whether `alb` stands between dashes, dots and underscores.
fn has_word_alb(class: &str) -> bool {
    class.split(|c| "-_.".contains(c)).any(|word| word == "alb")
}

fn has_alb_annotation(ingress: &Value) -> bool {
    let annotations = field(ingress, "/metadata/annotations").and_then(Value::as_object);
    annotations
        .into_iter()
        .flatten()
        .any(|(key, value)| key.starts_with("alb.ingress.kubernetes.io/") && !value.is_null())
}

/// The explicit group of an Ingress: its class's parameters beat the annotation. Beside a class annotation the
/// parameters are not read, and EKS Auto Mode reads neither annotation. Of several default classes none is chosen.
pub(super) fn group<'a>(world: World<'a>, ingress: &'a Value) -> Option<&'a str> {
    let of_params = || {
        let [class] = classes(world, ingress)[..] else {
            return None;
        };
        let params = text(class, "/spec/parameters/name")?;
        let kind = match text(class, "/spec/parameters/apiGroup")? {
            "elbv2.k8s.aws" => Kind::IngressClassParams,
            "eks.amazonaws.com" => Kind::EksIngressClassParams,
            _ => return None,
        };
        text(world.get(kind, "", params)?, "/spec/group/name")
    };
    let is_auto_modes = matches!(by_auto_mode(world, ingress), Provisioning::Alb(_))
        && !is_matched_by_annotation(world, ingress);
    let reads_params = class_annotation(ingress).is_none() || is_auto_modes;
    if let Some(group) = reads_params.then(of_params).flatten() {
        return Some(group);
    }
    if is_auto_modes {
        return None;
    }
    annotation(ingress, "alb.ingress.kubernetes.io/group.name")
}

/// `^([a-z0-9][-a-z0-9.]*)?[a-z0-9]$`, at most 63 characters.
fn has_invalid_group(world: World<'_>, ingress: &Value) -> bool {
    let Some(group) = group(world, ingress) else {
        return false;
    };
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_valid = group.len() <= 63
        && group.starts_with(is_letter)
        && group.ends_with(is_letter)
        && group.chars().all(|c| is_letter(c) || c == '-' || c == '.');
    !is_valid && !is_unrendered(group)
}
