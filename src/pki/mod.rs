//! Certificates: where the server's certificate and key come from.
//!
//! Two sources, one result: [`development`] makes a certificate authority and a leaf in memory, [`files`] reads a
//! chain and a key that somebody else issued. Both give a [`rustls::sign::CertifiedKey`], so that whoever serves TLS
//! need not know which it was. [`rotating`] keeps the second up to date, [`clients`] checks those who ask. [`crypto`] names the one implementation of cryptography of the whole program.

pub mod clients;
pub mod crypto;
pub mod development;
pub mod files;
pub mod rotating;
