use std::time::Duration;

use super::*;
use crate::pki::authority_set::Lifetimes;

fn secret(set: &AuthoritySet) -> Secret {
    Secret {
        data: Some(data(set)),
        ..Secret::default()
    }
}

fn set() -> AuthoritySet {
    let (now, lifetimes) = (SystemTime::now(), Lifetimes::default());
    let founded = || {
        AuthoritySet::found(now, &lifetimes, Vec::new())
            .unwrap()
            .signing
    };
    let previous = [founded(), founded()].map(|authority| authority.certificate().clone());
    AuthoritySet {
        signing: founded(),
        next: Some(founded()),
        previous: previous.into(),
        previous_since: SystemTime::UNIX_EPOCH + Duration::from_hours(490_000),
    }
}

#[test]
fn what_is_written_is_read() {
    let (set, now) = (set(), SystemTime::now());
    let read = read_set(&secret(&set), now).unwrap();
    assert!(read.bundle().eq(set.bundle()));
    assert_eq!(read.signing.key_pem(), set.signing.key_pem());
    assert_eq!(read.next.unwrap().key_pem(), set.next.unwrap().key_pem());
    assert_eq!(read.previous_since, set.previous_since);
}

#[test]
fn a_part_that_is_broken_is_left_out_and_a_broken_signing_authority_is_an_error() {
    let (set, now) = (set(), SystemTime::now());
    let broken = |key: &str, text: &str| {
        let mut secret = secret(&set);
        let bytes = ByteString(text.as_bytes().to_vec());
        secret.data.as_mut().unwrap().insert(key.to_owned(), bytes);
        read_set(&secret, now)
    };
    assert!(broken("next.key", "x").unwrap().next.is_none());
    assert!(broken("previous.crt", "x").unwrap().previous.is_empty());
    assert_eq!(broken("previous.since", "x").unwrap().previous_since, now);
    for (key, told) in [
        ("authority.crt", "certificate cannot be read"),
        ("authority.key", "key cannot be read"),
    ] {
        let error = broken(key, "-----BEGIN SECRET").unwrap_err();
        assert!(error.contains(told), "{error}");
    }
    let other = set.next.as_ref().unwrap().key_pem();
    let error = broken("authority.key", &other).unwrap_err();
    assert!(error.contains("does not belong"), "{error}");
    assert!(
        read_set(&Secret::default(), now)
            .unwrap_err()
            .contains("missing")
    );
}

#[test]
fn previous_authorities_of_no_date_or_of_one_to_come_are_dated() {
    let (mut set, now) = (set(), SystemTime::now());
    let dated = secret(&set);
    assert!(!is_undated(&dated, &set, now));
    for since in ["", "garbage", "9999-01-01T00:00:00Z"] {
        let mut undated = dated.clone();
        let bytes = ByteString(since.as_bytes().to_vec());
        let data = undated.data.as_mut().unwrap();
        data.insert(PREVIOUS_SINCE.to_owned(), bytes);
        assert_eq!(read_set(&undated, now).unwrap().previous_since, now);
        assert!(is_undated(&undated, &set, now), "{since}");
    }
    set.previous.clear();
    assert!(!is_undated(&secret(&set), &set, now));
}
