//! What a check says of each replica, where one of them may not be reached.

use super::{Examined, Replica, Seen, Verdict, not_seen};

/// What is said of replicas that could not be looked into.
const NEXT: &str =
    "Ask for the rights to list Pods and to port-forward to them in the installation's namespace.";

/// The name of the replica's Pod.
pub(super) fn name(replica: &Replica) -> &str {
    replica.pod.metadata.name.as_deref().unwrap_or_default()
}

/// Sorts replicas into those of which `look` sees what it needs, and what is said of the others.
pub(super) fn seen<'a, T>(
    examined: &'a Examined,
    look: impl Fn(&'a Replica) -> &'a Seen<T>,
) -> (Vec<(&'a str, &'a T)>, Vec<Verdict>) {
    let replicas = match &examined.replicas {
        Seen::There(replicas) if !replicas.is_empty() => replicas,
        Seen::There(_) | Seen::Absent => {
            let nobody = not_seen::<()>(
                &Seen::Absent,
                "there is no Pod behind the Service",
                "See endpoints above.",
            );
            return (Vec::new(), nobody);
        }
        Seen::Unknown(_) => return (Vec::new(), not_seen(&examined.replicas, "", NEXT)),
    };
    let (mut there, mut verdicts) = (Vec::new(), Vec::new());
    for replica in replicas {
        match look(replica) {
            Seen::There(value) => there.push((name(replica), value)),
            Seen::Absent => {}
            Seen::Unknown(reason) => verdicts.push(Verdict::unknown(
                format!("Pod {}: {reason}", name(replica)),
                NEXT,
            )),
        }
    }
    if examined.more_replicas > 0 && !there.is_empty() {
        verdicts.push(Verdict::unknown(
            format!("{} more Pods were not looked into", examined.more_replicas),
            "Their metrics say the same of them.",
        ));
    }
    (there, verdicts)
}
