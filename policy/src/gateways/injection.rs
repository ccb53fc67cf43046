//! Is a Pod injected? Its Namespace decides together with what the Pod asks for.

use std::sync::Arc;

use crate::identity::{Kind, ObjectKey};
use crate::inventory::World;
use crate::objects::Facts;
use crate::objects::namespace::NamespaceInjection;
use crate::proxy::injection::{InjectionRequest, is_ignored};

/// Whether a Pod that does not refuse it is injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Injection {
    /// It is, as this Namespace says, or does not forbid.
    Certain(ObjectKey),
    /// It may be: the Namespace is not visible, or leaves it to the mesh's default.
    Possible,
    /// It is not.
    Excluded,
}

/// Whether a Pod of a namespace is injected that asks for it like this.
pub(super) fn of_pod(
    world: &World<'_>,
    namespace: &Arc<str>,
    request: InjectionRequest,
) -> Injection {
    if is_ignored(namespace) {
        return Injection::Excluded;
    }
    let key = ObjectKey::new(Kind::Namespace, "", Arc::clone(namespace));
    let Some(Facts::Namespace(facts)) = world.facts(&key) else {
        return Injection::Possible;
    };
    match (facts.injection, request) {
        (NamespaceInjection::Disabled, _) => Injection::Excluded,
        (NamespaceInjection::Enabled, _)
        | (NamespaceInjection::Unsaid, InjectionRequest::Asked) => Injection::Certain(key),
        (NamespaceInjection::Unsaid, InjectionRequest::Unsaid) => Injection::Possible,
    }
}
