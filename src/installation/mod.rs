//! One installation of l7guard in a cluster: what it is called, and what its replicas share and keep up to date.
//!
//! ```text
//! keeper, one a replica ─▶ reconciler ─┬─▶ authority_secret: the authorities that all replicas sign with
//!   ▲                                  ├─▶ replica: its own certificate, in memory
//!   wake: something has changed        └─▶ webhook_configuration: caBundle, what the API server trusts
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
mod reconciler;
mod replica;
mod trust;
mod wake;
mod webhook_configuration;

pub use failure::Failure;
pub use identity::{Installation, InvalidName, ServiceName};
pub use keeper::CertificateKeeper;
