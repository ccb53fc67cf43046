//! What a list of changes is about.

use crate::front::Front;
use crate::gateway::Gateway;
use crate::manifests::Manifests;
use crate::report::Finding;

/// A finding, and both ends of its path as the world holds them.
pub(crate) struct Subject<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) front: Front,
    pub(crate) gateway: Gateway,
}

impl<'a> Subject<'a> {
    pub(crate) fn of(finding: &'a Finding, world: &Manifests) -> Self {
        let object = world.get(&finding.object);
        Self {
            finding,
            front: object.map_or_else(Front::default, |object| Front::of(object, world)),
            gateway: Gateway::of(finding, world),
        }
    }

    /// Whether the finding's object is a front, and not the gateway's own Service, or who makes that.
    pub(crate) fn has_front(&self) -> bool {
        let fronts = ["Ingress", "HTTPRoute", "GRPCRoute", "TargetGroupBinding"];
        fronts.contains(&self.finding.object.kind.as_str())
    }
}
