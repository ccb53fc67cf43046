//! A certificate authority and a server certificate for development.
//!
//! The authority signs exactly one leaf and its key is dropped with the function that made it: nobody can sign
//! another certificate that a client which trusts it would accept. Only `l7guard certs` writes the leaf's key to a disk.

use std::time::{Duration, SystemTime};

use super::authority::{Authority, IssueError, Leaf};
use super::issued::Issued;

/// Names that every development certificate is valid for, besides those that are asked for.
pub const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How long a development certificate is valid: one year.
pub const VALIDITY: Duration = Duration::from_hours(8760);

/// A server certificate and the authority that vouches for it.
#[derive(Debug)]
pub struct Development {
    /// The authority's certificate in PEM: what a client has to trust (`curl --cacert`, `caBundle`). Public.
    pub authority_pem: String,
    /// The server's certificate chain (the leaf alone), its private key, and when it is valid.
    pub issued: Issued,
}

/// Makes an authority and a leaf for [`LOCAL_NAMES`] and `names` (DNS names such as `<service>.<namespace>.svc`, or IP
/// addresses), valid from an hour ago for [`VALIDITY`]. Neither private key is written anywhere.
///
/// # Errors
/// As [`Authority::issue`].
pub fn generate(names: &[String]) -> Result<Development, IssueError> {
    let (authority_pem, leaf) = generate_leaf(names)?;
    Ok(Development {
        authority_pem,
        issued: leaf.issued()?,
    })
}

/// Like [`generate`], with a leaf that can be written to files: the authority's certificate in PEM, and the leaf.
///
/// # Errors
/// As [`Authority::issue`].
pub fn generate_leaf(names: &[String]) -> Result<(String, Leaf), IssueError> {
    let now = SystemTime::now();
    let local = LOCAL_NAMES.iter().map(|&name| name.to_owned());
    let names: Vec<String> = local.chain(names.iter().cloned()).collect();
    let authority = Authority::generate("l7guard development authority", now, VALIDITY)?;
    let leaf = authority.issue(&names, now, VALIDITY)?;
    Ok((authority.certificate().pem(), leaf))
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

    use super::*;

    fn made() -> Development {
        generate(&["webhook.l7guard.svc".to_owned(), "10.0.0.7".to_owned()]).unwrap()
    }

    #[test]
    fn the_leaf_is_a_server_certificate_for_the_local_and_the_given_names() {
        let made = made();
        assert_eq!(made.issued.certificate.cert.len(), 1);
        let (_, leaf) = X509Certificate::from_der(&made.issued.certificate.cert[0]).unwrap();
        let usage = leaf.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && !usage.client_auth && !usage.any);
        assert!(!leaf.is_ca());
        let names: Vec<String> = leaf
            .subject_alternative_name()
            .unwrap()
            .unwrap()
            .value
            .general_names
            .iter()
            .map(|name| match name {
                GeneralName::DNSName(name) => (*name).to_owned(),
                GeneralName::IPAddress(bytes) => {
                    format!("{} bytes ending {}", bytes.len(), bytes[bytes.len() - 1])
                }
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(
            names,
            [
                "localhost",
                "4 bytes ending 1",
                "16 bytes ending 1",
                "webhook.l7guard.svc",
                "4 bytes ending 7"
            ]
        );
    }

    #[test]
    fn the_authority_may_sign_certificates_and_nothing_else_and_no_key_is_handed_out() {
        let made = made();
        let (_, pem) = x509_parser::pem::parse_x509_pem(made.authority_pem.as_bytes()).unwrap();
        let authority = pem.parse_x509().unwrap();
        let constraints = authority.basic_constraints().unwrap().unwrap().value;
        assert!(constraints.ca);
        assert_eq!(constraints.path_len_constraint, Some(0));
        let usage = authority.key_usage().unwrap().unwrap().value;
        assert!(usage.key_cert_sign() && !usage.digital_signature());
        assert_eq!(made.authority_pem.matches("BEGIN").count(), 1);
        assert!(
            made.authority_pem
                .starts_with("-----BEGIN CERTIFICATE-----")
        );
    }

    #[test]
    fn two_calls_share_neither_authority_nor_key() {
        let (one, two) = (made(), made());
        assert_ne!(one.authority_pem, two.authority_pem);
        assert_ne!(
            one.issued.certificate.key.public_key(),
            two.issued.certificate.key.public_key()
        );
    }

    #[test]
    fn a_name_that_is_none_is_refused_by_name() {
        for name in ["", "two words", "ümlaut.example", "a..b"] {
            let refused = generate(&[name.to_owned()]).unwrap_err();
            assert!(
                matches!(&refused, IssueError::Name { name: told } if told == name),
                "{refused}"
            );
        }
    }
}
