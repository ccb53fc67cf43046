//! One installation of l7guard in a cluster: what it is called, and what its replicas share.
//!
//! [`identity`] has the names of everything that belongs to it. They follow from its Service.

pub mod identity;

pub use identity::{Installation, InvalidName, ServiceName};
