//! Whose work a review is: the key by which shares are given.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::LazyLock;

/// Makes keys of text that senders choose, of any length. It is random, so that nobody can aim at the key of somebody else.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Who sent a request, as far as the connection shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The address of the other end; `None`: not known.
    pub address: Option<IpAddr>,
    /// Whether it showed a client certificate that was verified (`--client-ca`).
    pub is_verified: bool,
}

/// Whose work it is. Shares go by the outer key first, then within it by the inner one.
///
/// What a verified sender (an API server) says is believed: outer is the namespace of the object, or the kind of one that has
/// none; inner is the user. Any other sender may write whatever namespace and user it likes into its reviews, so outer is its
/// address, which it cannot choose; inner is the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    pub(super) outer: u64,
    pub(super) inner: u64,
    /// The address that live reads are paced by: of a sender that is not verified.
    paced: Option<IpAddr>,
}

impl Sender {
    /// The flow of a request of which nothing is read yet.
    #[must_use]
    pub fn flow(self) -> Flow {
        Flow {
            outer: key((self.is_verified, self.address)),
            inner: 0,
            paced: self.paced(),
        }
    }

    /// The flow of a review of an object of `kind` in `namespace`, by `user`.
    #[must_use]
    pub fn flow_of(self, namespace: Option<&str>, kind: &str, user: &str) -> Flow {
        let object = key((namespace, namespace.is_none().then_some(kind)));
        let (outer, inner) = if self.is_verified {
            (object, key(user))
        } else {
            (self.flow().outer, object)
        };
        Flow {
            outer,
            inner,
            paced: self.paced(),
        }
    }

    fn paced(self) -> Option<IpAddr> {
        self.address.filter(|_| !self.is_verified)
    }
}

impl Flow {
    /// The flow of the audit: this process's own work, which has one share beside those of reviews.
    #[must_use]
    pub fn of_audit() -> Self {
        Self {
            outer: key("audit"),
            inner: 0,
            paced: None,
        }
    }

    /// The address whose live reads are paced; `None`: those of this flow are not.
    #[must_use]
    pub fn paced(self) -> Option<IpAddr> {
        self.paced
    }

    #[cfg(test)]
    pub(super) fn of(outer: u64, inner: u64) -> Self {
        let paced = None;
        Self {
            outer,
            inner,
            paced,
        }
    }
}

fn key(value: impl Hash) -> u64 {
    HASHER.hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(last: u8, is_verified: bool) -> Sender {
        Sender {
            address: Some(IpAddr::from([10, 0, 0, last])),
            is_verified,
        }
    }

    #[test]
    fn a_sender_without_certificate_is_one_outer_key_whatever_it_writes() {
        let one = sender(1, false);
        let flows = [
            one.flow_of(Some("a"), "Ingress", "alice"),
            one.flow_of(Some("b"), "Ingress", "bob"),
            one.flow_of(None, "IngressClass", "bob"),
            one.flow(),
        ];
        assert!(flows.iter().all(|flow| flow.outer == flows[0].outer));
        assert_ne!(flows[0].inner, flows[1].inner);
        assert_ne!(flows[1].inner, flows[2].inner);
        assert_ne!(sender(2, false).flow().outer, flows[0].outer);
        assert_eq!(flows[0].paced(), one.address);
    }

    #[test]
    fn the_user_of_a_review_counts_only_where_the_sender_is_verified() {
        for (is_verified, counts) in [(true, true), (false, false)] {
            let one = sender(1, is_verified);
            let [alice, bob] =
                ["alice", "bob"].map(|user| one.flow_of(Some("shop"), "Ingress", user));
            assert_eq!(alice != bob, counts);
        }
    }

    #[test]
    fn of_verified_senders_the_namespace_comes_first_whichever_api_server_asks() {
        let flow =
            |last, namespace| sender(last, true).flow_of(Some(namespace), "Ingress", "alice");
        assert_eq!(flow(1, "shop"), flow(2, "shop"));
        assert_ne!(flow(1, "shop").outer, flow(1, "blog").outer);
        assert_eq!(flow(1, "shop").paced(), None);
        // A namespace is never mistaken for a kind of the same name.
        let class = sender(1, true).flow_of(None, "shop", "alice");
        assert_ne!(class.outer, flow(1, "shop").outer);
    }
}
