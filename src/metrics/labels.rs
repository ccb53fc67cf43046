//! The sets of labels. Every value is one of a fixed few: what comes from outside is mapped to them before.

use prometheus_client::encoding::EncodeLabelSet;

/// The kinds that are judged at admission; of any other kind a review counts as `other`.
const JUDGED_KINDS: [&str; 9] = [
    "Ingress",
    "IngressClass",
    "Service",
    "Gateway",
    "GatewayClass",
    "ListenerSet",
    "HTTPRoute",
    "GRPCRoute",
    "TargetGroupBinding",
];

/// The label for a kind that came from outside.
pub(super) fn kind(kind: &str) -> &'static str {
    let known = JUDGED_KINDS.into_iter().find(|known| *known == kind);
    known.unwrap_or("other")
}

macro_rules! label_sets {
    ($($set:ident { $($label:ident),* })*) => {
        $(#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        pub(super) struct $set {
            $(pub(super) $label: &'static str,)*
        })*
    };
}

label_sets! {
    Review { operation, kind, decision, mode, dry_run }
    Judged { kind, decision }
    Reason { reason }
    Finding { rule, mode, confidence }
    Rule { rule }
    State { state }
    OfKind { kind }
    Restart { kind, reason }
    Read { kind, outcome }
    Reload { file, outcome }
    File { file }
    Version { version }
}

/// An HTTP status.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Status {
    pub(super) status: u16,
}
