//! Changes applied to objects, mechanically, and every liberty that a list takes on the way.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::{Action, Change, PatchType};
use crate::fault::Faults;
use crate::manifests::{Identity, Manifests};
use crate::{json_patch_rules, merge_patch_rules, ownership, placeholders};

/// What a list of changes makes of a world.
pub(crate) struct Applied {
    pub(crate) world: Manifests,
    pub(crate) faults: Faults,
}

/// Applies changes in their order.
pub(crate) fn apply(before: &Manifests, changes: &[Change]) -> Applied {
    let mut applied = Applied {
        world: before.clone(),
        faults: Faults::default(),
    };
    let mut seen = BTreeSet::new();
    for change in changes {
        let target = change.target.identity();
        shape(change, &mut applied.faults);
        applied.faults.require(
            !change.why.trim().is_empty(),
            "a change without a reason",
            &target,
        );
        if change.action == Action::Values {
            values(change, &mut applied.faults);
        } else {
            applied.faults.require(
                seen.insert(target.clone()),
                "two changes of one target",
                &target,
            );
            if let Some(owner) = before
                .get(&target)
                .and_then(|object| ownership::restored_by(before, object))
            {
                let detail = format!("{target} is written by {owner}");
                applied
                    .faults
                    .add("a change of what an owner restores", detail);
            }
            applied.one(change);
        }
        applied.effect(change);
    }
    applied
}

/// Every action has its fields and no others.
fn shape(change: &Change, faults: &mut Faults) {
    let wanted = match change.action {
        Action::Patch => [true, true, false, false],
        Action::Create => [false, false, true, false],
        Action::Delete => [false, false, false, false],
        Action::Values => [false, false, false, true],
    };
    let given = [
        change.patch_type.is_some(),
        change.patch.is_some(),
        change.object.is_some(),
        change.values.is_some(),
    ];
    faults.require(
        wanted == given,
        "fields that the action has not",
        format!("{:?} {}", change.action, change.target.identity()),
    );
}

fn values(change: &Change, faults: &mut Faults) {
    let target = change.target.identity();
    let has_owner = change
        .owner
        .as_ref()
        .is_some_and(|owner| !owner.tool.is_empty());
    faults.require(has_owner, "values without an owner", &target);
    faults.require(
        !change.effect.is_empty(),
        "values without an effect",
        &target,
    );
    let is_said = change
        .values
        .as_ref()
        .and_then(Value::as_object)
        .is_some_and(|values| !values.is_empty());
    faults.require(is_said, "empty values", &target);
}

impl Applied {
    /// What the owner will then write. Nobody owns what the owner writes.
    fn effect(&mut self, change: &Change) {
        for effect in &change.effect {
            let target = effect.target.identity();
            shape(effect, &mut self.faults);
            let is_plain = effect.action != Action::Values && effect.effect.is_empty();
            self.faults
                .require(is_plain, "an effect with an effect", &target);
            self.one(effect);
        }
    }

    fn one(&mut self, change: &Change) {
        let target = change.target.identity();
        match change.action {
            Action::Patch => self.patch(change, &target),
            Action::Create => self.create(change, &target),
            Action::Delete => {
                let exists = self.world.get(&target).is_some();
                self.faults
                    .require(exists, "a change of what does not exist", &target);
                self.world.remove(&target);
            }
            Action::Values => {}
        }
    }

    fn patch(&mut self, change: &Change, target: &Identity) {
        let Some(object) = self.world.get_mut(target) else {
            self.faults.add("a change of what does not exist", target);
            return;
        };
        let Some(patch) = &change.patch else { return };
        let patched = match change.patch_type {
            Some(PatchType::Merge) => {
                self.faults
                    .extend(merge_patch_rules::faults(target, object, patch));
                let mut patched = object.clone();
                json_patch::merge(&mut patched, patch);
                patched
            }
            Some(PatchType::Json) => match json_patch_rules::apply(object, patch) {
                Ok(patched) => {
                    self.faults
                        .extend(json_patch_rules::faults(target, object, patch));
                    patched
                }
                Err(error) => {
                    let detail = format!("{target}: {error}: {patch}");
                    self.faults.add("a patch that does not apply", detail);
                    return;
                }
            },
            None => return,
        };
        placeholders::of_patched(change, object, &patched, &mut self.faults);
        let is_same = Identity::of(&patched) == *target;
        self.faults
            .require(is_same, "a patch that renames its target", target);
        *object = patched;
    }

    fn create(&mut self, change: &Change, target: &Identity) {
        let Some(object) = &change.object else { return };
        self.faults.require(
            Identity::of(object) == *target,
            "an object that is not the target",
            target,
        );
        self.faults.require(
            self.world.get(target).is_none(),
            "a creation of what exists",
            target,
        );
        let is_desired = [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "ownerReferences",
        ]
        .iter()
        .all(|field| object["metadata"].get(field).is_none())
            && object.get("status").is_none();
        self.faults
            .require(is_desired, "a creation with what the server writes", target);
        placeholders::of_created(change, object, &mut self.faults);
        self.world.0.push(object.clone());
    }
}
