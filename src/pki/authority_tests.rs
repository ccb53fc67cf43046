use x509_parser::prelude::{FromDer, X509Certificate};

use super::super::issued::Validness;
use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn made() -> Authority {
    Authority::generate("authority of a test", SystemTime::now(), HOUR * 24).unwrap()
}

fn pem(authority: &Authority) -> (String, String) {
    (authority.certificate().pem(), authority.key_pem())
}

#[test]
fn an_authority_that_was_written_and_read_signs_as_before() {
    let made = made();
    let (certificate, key) = pem(&made);
    let read = Authority::parse(certificate.as_bytes(), key.as_bytes()).unwrap();
    assert_eq!(read.certificate(), made.certificate());
    let leaf = read
        .issue(&["a.example".to_owned()], SystemTime::now(), HOUR)
        .unwrap()
        .issued()
        .unwrap();
    let (_, leaf) = X509Certificate::from_der(&leaf.certificate.cert[0]).unwrap();
    let (_, authority) = X509Certificate::from_der(made.certificate().der()).unwrap();
    assert_eq!(leaf.issuer().as_raw(), authority.subject().as_raw());
    leaf.verify_signature(Some(authority.public_key())).unwrap();
}

#[test]
fn a_leaf_outlives_no_authority() {
    let (made, now) = (made(), SystemTime::now());
    let issued = made.issue(&[], now, HOUR * 1000).unwrap().issued().unwrap();
    assert_eq!(
        issued.validity.not_after,
        (now + HOUR * 1000).min(made.certificate().validity().not_after)
    );
    let far = now + HOUR * 25;
    assert!(matches!(issued.validity.at(far), Validness::Expired(_)));
}

#[test]
fn what_is_no_authority_is_refused_with_the_reason() {
    let (one, two) = (made(), made());
    let leaf = one
        .issue(&["a.example".to_owned()], SystemTime::now(), HOUR)
        .unwrap();
    let ((certificate, key), (_, other_key)) = (pem(&one), pem(&two));
    let truncated = &certificate[..certificate.len() / 2];
    for (certificate, key, told) in [
        (certificate.as_str(), other_key.as_str(), "does not belong"),
        (&certificate, "", "key cannot be read"),
        (&certificate, &certificate, "key cannot be read"),
        ("", &key, "certificate cannot be read"),
        (truncated, &key, "certificate cannot be read"),
        (
            &leaf.certificate_pem(),
            &leaf.key_pem(),
            "not that of an authority",
        ),
    ] {
        let refused = Authority::parse(certificate.as_bytes(), key.as_bytes()).unwrap_err();
        assert!(refused.to_string().contains(told), "{refused}");
    }
    assert!(Authority::parse(certificate.as_bytes(), &[0xff, 0xfe]).is_err());
}
