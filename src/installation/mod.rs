//! One installation of l7guard in a cluster: what it is called, and what its replicas share and keep up to date.
//!
//! ```text
//! identity ─▶ keeper, one a replica ─┬─▶ authority_secret: the authorities that all replicas sign with
//!                                    └─▶ webhook_configuration: caBundle, what the API server trusts
//! ```
//!
//! [`identity`] has the names of everything that belongs to an installation. They follow from its Service. Nothing here
//! knows of policy.

mod authority_secret;
mod failure;
pub mod identity;
mod keeper;
pub(crate) mod metrics;
mod pace;
mod replica;
mod trust;
mod wake;
mod webhook_configuration;

pub use failure::Failure;
pub use identity::{Installation, InvalidName, ServiceName};
pub use keeper::CertificateKeeper;
