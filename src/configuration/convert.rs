//! A document to the policy's configuration. What is left out, or wrong, keeps the default.

use l7guard_policy::configuration::{
    Admission, Aws, Configuration, Date, Likely, Messages, Ratchet,
};

use super::audit::AuditSettings;
use super::document::{
    AdmissionDocument, AwsDocument, Document, MessagesDocument, RatchetDocument,
};
use super::field::Field;
use super::mapping::Mapping;
use super::names::Names;
use super::pointer::Pointer;
use super::problem::Problems;
use super::scalars::Flag;
use super::{audit, exemptions, expiry, istio, modes};

/// What a document holds.
#[derive(Debug)]
pub(super) struct Converted {
    pub(super) policy: Configuration,
    pub(super) audit: AuditSettings,
}

/// The configuration of a document, on this day (UTC). `None`: it is of another kind or version, so that nothing can be
/// said about the rest of it.
pub(super) fn convert(
    document: Mapping<Document>,
    today: Date,
    problems: &mut Problems<'_>,
) -> Option<Converted> {
    let root = Pointer::default();
    let Document {
        api_version, kind, ..
    } = document.fields();
    let version = api_version.clone().take(&root.key("apiVersion"), problems);
    let kind = kind.clone().take(&root.key("kind"), problems);
    if version.is_none() || kind.is_none() {
        return None;
    }
    let document = document.open(&root, problems);
    let likely = document.likely.take(&root.key("likely"), problems);
    let modes = modes::read(document.mode, document.rules, document.namespaces, problems);
    let audit = audit::read(document.audit, &root.key("audit"), problems);
    let policy = Configuration {
        likely: likely.map_or_else(Likely::default, |likely| likely.0),
        ratchet: ratchet(document.ratchet, &root.key("ratchet"), today, problems),
        aws: aws(document.aws, &root.key("aws"), problems),
        istio: istio::read(document.istio, &root.key("istio"), problems),
        exemptions: exemptions::read(document.exemptions, &modes, today, problems),
        admission: admission(document.admission, &root.key("admission"), problems),
        messages: messages(document.messages, &root.key("messages"), problems),
        modes,
    };
    Some(Converted { policy, audit })
}

fn ratchet(
    given: Field<Mapping<RatchetDocument>>,
    at: &Pointer,
    today: Date,
    problems: &mut Problems<'_>,
) -> Ratchet {
    let Some(section) = given.take(at, problems) else {
        return Ratchet::default();
    };
    let section = section.open(at, problems);
    let enabled = section.enabled.take(&at.key("enabled"), problems);
    let at = at.key("until");
    let until = section.until.take(&at, problems);
    match (enabled, until) {
        (Some(Flag(false)), None) => Ratchet::Off,
        (Some(Flag(false)), Some(_)) => {
            problems.error(
                &at,
                "a ratchet that is not enabled has no end: remove `until`",
            );
            Ratchet::Off
        }
        (_, Some(last)) => {
            expiry::tell_of_ratchet(last.0, &at, today, problems);
            Ratchet::Until(last.0)
        }
        (_, None) => Ratchet::On,
    }
}

fn messages(
    given: Field<Mapping<MessagesDocument>>,
    at: &Pointer,
    problems: &mut Problems<'_>,
) -> Messages {
    let Some(section) = given.take(at, problems) else {
        return Messages::default();
    };
    let section = section.open(at, problems);
    let page = section
        .documentation
        .take(&at.key("documentation"), problems);
    let contact = section.contact.take(&at.key("contact"), problems);
    Messages {
        documentation: page.map(|page| page.0.into()),
        contact: contact.map(Into::into),
    }
}

fn admission(
    given: Field<Mapping<AdmissionDocument>>,
    at: &Pointer,
    problems: &mut Problems<'_>,
) -> Admission {
    let Some(section) = given.take(at, problems) else {
        return Admission::default();
    };
    let section = section.open(at, problems);
    let names = section
        .cross_namespace_names
        .take(&at.key("crossNamespaceNames"), problems);
    Admission {
        cross_namespace_names: names.map(|names| names.0).unwrap_or_default(),
    }
}

fn aws(given: Field<Mapping<AwsDocument>>, at: &Pointer, problems: &mut Problems<'_>) -> Aws {
    let default = Aws::default();
    let Some(section) = given.take(at, problems) else {
        return default;
    };
    let section = section.open(at, problems);
    let classless = section
        .manage_classless_ingresses
        .take(&at.key("manageClasslessIngresses"), problems);
    let mut names = Names { at, problems };
    Aws {
        ingress_class_annotations: names.some(
            "ingressClassAnnotations",
            "no class annotation would make an ALB; write the --ingress-class of the controller, which is alb by default",
            section.ingress_class_annotations,
            default.ingress_class_annotations,
        ),
        ingress_controllers: names.some(
            "ingressControllers",
            "no IngressClass would make an ALB; leave the key out for the AWS controllers, or name those of this cluster",
            section.ingress_controllers,
            default.ingress_controllers,
        ),
        manages_classless_ingresses: classless
            .map_or(default.manages_classless_ingresses, |Flag(manages)| manages),
        well_known_class_names: names.any(
            "wellKnownIngressClassNames",
            section.well_known_ingress_class_names,
            default.well_known_class_names,
        ),
        gateway_controllers: names.some(
            "gatewayControllers",
            "no Gateway would make an ALB; leave the key out for the AWS controller, or name those of this cluster",
            section.gateway_controllers,
            default.gateway_controllers,
        ),
        well_known_gateway_class_names: names.any(
            "wellKnownGatewayClassNames",
            section.well_known_gateway_class_names,
            default.well_known_gateway_class_names,
        ),
    }
}
