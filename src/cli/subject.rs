//! Which object `KIND/NAME` means, as users of `kubectl` write it.

use std::fmt::{self, Write as _};

use l7guard_policy::identity::Kind;
use l7guard_policy::inventory::Inventory;
use l7guard_policy::objects::Object;

use crate::nearest_word;
use crate::visible_text::one_line;

/// Short names: those that `kubectl api-resources` shows, and `tgb`, as the AWS Load Balancer Controller's pages call a
/// TargetGroupBinding.
const SHORT_NAMES: [(&str, &str); 16] = [
    ("deploy", "Deployment"),
    ("ds", "DaemonSet"),
    ("ep", "Endpoints"),
    ("gc", "GatewayClass"),
    ("gtw", "Gateway"),
    ("gw", "Gateway"),
    ("ing", "Ingress"),
    ("iop", "IstioOperator"),
    ("lset", "ListenerSet"),
    ("ns", "Namespace"),
    ("po", "Pod"),
    ("ro", "Rollout"),
    ("rs", "ReplicaSet"),
    ("sts", "StatefulSet"),
    ("svc", "Service"),
    ("tgb", "TargetGroupBinding"),
];

/// How many objects are named in an error.
const MOST: usize = 8;

/// An object that somebody asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// A kind in any case, in the plural or short (`ingress`, `services`, `deploy`), with its API group where one kind
    /// of several is meant (`gateway.networking.istio.io`).
    pub(super) kind: &'a str,
    /// The name.
    pub(super) name: &'a str,
    /// The namespace, if one was given.
    pub(super) namespace: Option<&'a str>,
    /// Where it is looked for, as it is said in an error: `these files`.
    pub(super) place: &'static str,
}

/// Why there is not exactly one.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotOne {
    /// No kind that a rule reads.
    #[error("l7guard reads no kind {kind:?}; it reads {}", kinds())]
    UnknownKind {
        /// As it was given.
        kind: String,
    },
    /// Several.
    #[error("{wanted} may be any of these, say which:{candidates}")]
    Several {
        /// What was asked for.
        wanted: String,
        /// How to ask for each.
        candidates: String,
    },
    /// None.
    #[error("there is no {wanted} in {place}{candidates}")]
    Missing {
        /// Where it was looked for.
        place: &'static str,
        /// What was asked for.
        wanted: String,
        /// What is there instead.
        candidates: String,
    },
}

impl Subject<'_> {
    /// The only object that is meant.
    ///
    /// # Errors
    ///
    /// When there is none or there are several; the error says which there are.
    pub(super) fn find<'o>(&self, inventory: &'o Inventory) -> Result<&'o Object, NotOne> {
        if !Kind::all().any(|kind| self.means(kind)) {
            return Err(NotOne::UnknownKind {
                kind: self.kind.to_owned(),
            });
        }
        let mut of_kind: Vec<&Object> = inventory
            .objects()
            .filter(|object| self.means(object.key.kind))
            .collect();
        of_kind.sort_by(|one, other| one.key.cmp(&other.key));
        let is_meant = |object: &&&Object| {
            *object.key.name == *self.name && self.is_in_namespace(&object.key.namespace)
        };
        let found: Vec<&Object> = of_kind.iter().filter(is_meant).copied().collect();
        match found[..] {
            [object] => Ok(object),
            [] => Err(self.missing(&of_kind)),
            _ => Err(NotOne::Several {
                wanted: self.to_string(),
                candidates: listed(&found),
            }),
        }
    }

    fn is_in_namespace(&self, namespace: &str) -> bool {
        namespace.is_empty() || self.namespace.is_none_or(|wanted| wanted == namespace)
    }

    fn means(&self, kind: Kind) -> bool {
        let (word, group) = match self.kind.split_once('.') {
            Some((word, group)) => (word, Some(group)),
            None => (self.kind, None),
        };
        let name = kind.name();
        let plural = match name {
            "Endpoints" => name.to_owned(),
            _ if name.ends_with("ss") => format!("{name}es"),
            _ if name.ends_with("Params") => name.to_owned(),
            _ if name.ends_with("cy") => format!("{}ies", &name[..name.len() - 1]),
            _ => format!("{name}s"),
        };
        let is_short = SHORT_NAMES
            .iter()
            .any(|(short, long)| short.eq_ignore_ascii_case(word) && *long == name);
        (word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(&plural) || is_short)
            && group.is_none_or(|group| group.eq_ignore_ascii_case(group_of(kind)))
    }

    /// The objects of that name elsewhere, or else those of a name that is near, or else all of that kind.
    fn missing(&self, of_kind: &[&Object]) -> NotOne {
        let is_near = |object: &Object| nearest_word::slips(self.name, &object.key.name).is_some();
        let chosen = |choice: &dyn Fn(&Object) -> bool| -> Vec<&Object> {
            of_kind
                .iter()
                .copied()
                .filter(|object| choice(object))
                .collect()
        };
        let same = chosen(&|object| *object.key.name == *self.name);
        let near = chosen(&is_near);
        let candidates = if !same.is_empty() {
            format!("; there is:{}", listed(&same))
        } else if !near.is_empty() {
            format!("; did you mean:{}", listed(&near))
        } else if of_kind.is_empty() {
            "; nothing of that kind is".to_owned()
        } else {
            format!("; of that kind there is:{}", listed(of_kind))
        };
        NotOne::Missing {
            place: self.place,
            wanted: self.to_string(),
            candidates,
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", one_line(self.kind), one_line(self.name))?;
        match self.namespace {
            Some(namespace) => write!(f, " -n {}", one_line(namespace)),
            None => Ok(()),
        }
    }
}

/// One line for each object, as it can be asked for.
fn listed(objects: &[&Object]) -> String {
    let mut lines = String::new();
    for object in objects.iter().take(MOST) {
        let key = &object.key;
        let is_one_of_two =
            Kind::all().any(|kind| kind != key.kind && kind.name() == key.kind.name());
        let group = match group_of(key.kind) {
            group if is_one_of_two => format!(".{group}"),
            _ => String::new(),
        };
        let name = one_line(&key.name);
        let _ = write!(lines, "\n  {}{group}/{name}", key.kind.name());
        if !key.namespace.is_empty() {
            let _ = write!(lines, " -n {}", one_line(&key.namespace));
        }
    }
    if let Some(more @ 1..) = objects.len().checked_sub(MOST) {
        let _ = write!(lines, "\n  and {more} more");
    }
    lines
}

fn group_of(kind: Kind) -> &'static str {
    kind.api_version()
        .split_once('/')
        .map_or("", |(group, _)| group)
}

fn kinds() -> String {
    let mut names: Vec<&str> = Kind::all().map(Kind::name).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}
