//! Who is at the other end of a connection.

use std::net::IpAddr;

/// What a connection shows of its other end. Every request that comes over it has this as extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address; `None`: the system does not say. An IPv4 address is one, also where the socket is of IPv6.
    pub address: Option<IpAddr>,
    /// Whether it showed a client certificate, which is verified then.
    pub has_certificate: bool,
}
