//! Certificates: what is served, where it comes from, and who may ask.
//!
//! [`served`] holds the certificate that handshakes are given. A source publishes it there: [`development`] makes a
//! certificate authority and a leaf in memory, [`certificate_files`] follows a chain and a key that somebody else issued, and
//! `installation::keeper` has one signed by the [`authority`] that replicas share; [`authority_set`] says how that is rotated.
//! Whoever serves TLS need not know which it was. [`clients`] checks those who ask. [`crypto`] names the one implementation
//! of cryptography of the whole program.

pub mod authority;
pub mod authority_set;
pub mod certificate_files;
pub mod clients;
pub mod crypto;
pub mod development;
pub mod files;
pub mod issued;
pub(crate) mod metrics;
pub mod served;
pub mod trusted;
pub mod verification;
