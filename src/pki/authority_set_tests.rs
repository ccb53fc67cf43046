use super::*;

const LIFETIMES: Lifetimes = Lifetimes {
    authority: Duration::from_hours(900),
    leaf: Duration::from_hours(10),
    overlap: Duration::from_hours(3),
};

const STEP: Duration = Duration::from_hours(1);

fn founded(now: SystemTime) -> AuthoritySet {
    AuthoritySet::found(now, &LIFETIMES, Vec::new()).unwrap()
}

/// A replica that reads the set only every so many hours, from which hour on, and what it serves.
struct Replica {
    reads: (u32, u32),
    signed_by: TrustedCertificate,
    issued: SystemTime,
    not_after: SystemTime,
}

impl Replica {
    fn issue(reads: (u32, u32), set: &AuthoritySet, now: SystemTime) -> Self {
        let leaf = set.signing.issue(&[], now, LIFETIMES.leaf).unwrap();
        Self {
            reads,
            signed_by: set.signing.certificate().clone(),
            issued: now,
            not_after: leaf.issued().unwrap().validity.not_after,
        }
    }
}

/// Replicas that read every hour, every four and only when their certificate is about to end, each at another hour; some
/// clients hear of a new bundle at once and some up to three hours late.
#[test]
fn clients_trust_every_certificate_at_every_moment_of_several_rotations() {
    let mut now = SystemTime::now();
    let mut set = founded(now);
    let bundle = |set: &AuthoritySet| set.bundle().cloned().collect::<Vec<_>>();
    let mut bundles = vec![bundle(&set); 3];
    let lagging = (0..9).map(|phase| (9, phase));
    let reads = lagging.chain([(1, 0), (4, 0)]);
    let mut replicas: Vec<_> = reads
        .map(|reads| Replica::issue(reads, &set, now))
        .collect();
    let mut seen = Vec::new();
    for hour in 0..2800_u32 {
        now += STEP;
        let told = bundles[bundles.len() - 3..].to_vec();
        let is_trusted = |certificate: &TrustedCertificate| {
            told.iter().all(|bundle| bundle.contains(certificate))
        };
        seen.extend(set.rotate(now, &LIFETIMES, is_trusted).unwrap());
        let by_all = |certificate| is_trusted(certificate) && set.trusts(certificate);
        for replica in &mut replicas {
            let (every, phase) = replica.reads;
            if hour % every == phase {
                let is_old = now >= replica.issued + LIFETIMES.leaf / 2 || every == 9;
                if is_old || replica.signed_by != *set.signing.certificate() {
                    *replica = Replica::issue(replica.reads, &set, now);
                }
            }
            assert!(replica.not_after > now, "hour {hour}");
            assert!(by_all(&replica.signed_by), "hour {hour}");
        }
        bundles.push(bundle(&set));
        assert!(bundles.last().unwrap().len() <= 3);
    }
    let count = |wanted| seen.iter().filter(|&&rotation| rotation == wanted).count();
    for rotation in [
        Rotation::NextMade,
        Rotation::Promoted,
        Rotation::PreviousDropped,
    ] {
        assert_eq!(count(rotation), 4, "{seen:?}");
    }
}

#[test]
fn an_authority_that_is_not_trusted_everywhere_is_not_promoted() {
    let now = SystemTime::now();
    let mut set = founded(now);
    let late = now + LIFETIMES.authority - STEP;
    let rotate = |set: &mut AuthoritySet, now, is_trusted| {
        set.rotate(now, &LIFETIMES, |_| is_trusted).unwrap()
    };
    assert_eq!(
        rotate(&mut set, late - STEP * 9, true),
        Some(Rotation::NextMade)
    );
    assert_eq!(rotate(&mut set, late, false), None);
    assert_eq!(rotate(&mut set, late, true), Some(Rotation::Promoted));
}

/// With nothing left that anybody trusts there is nothing to wait for.
#[test]
fn the_next_authority_takes_the_place_of_one_that_has_expired() {
    let now = SystemTime::now();
    let mut set = founded(now);
    let end = now + LIFETIMES.authority;
    set.rotate(end - STEP, &LIFETIMES, |_| false).unwrap();
    assert!(set.can_sign(end - STEP) && !set.can_sign(end + STEP));
    let rotated = set.rotate(end + STEP, &LIFETIMES, |_| false).unwrap();
    assert_eq!(rotated, Some(Rotation::Promoted));
    assert!(set.can_sign(end + STEP) && set.previous.is_empty());
}

#[test]
fn what_was_trusted_before_stays_trusted_for_a_while_and_not_without_end() {
    let now = SystemTime::now();
    let before: Vec<_> = (0..9)
        .map(|_| founded(now).signing.certificate().clone())
        .collect();
    let expired = AuthoritySet::found(now - LIFETIMES.authority - STEP, &LIFETIMES, Vec::new());
    let expired = expired.unwrap().signing.certificate().clone();
    let trusted = before
        .iter()
        .cloned()
        .chain([expired.clone(), before[8].clone()]);
    let mut set = AuthoritySet::found(now, &LIFETIMES, trusted.collect()).unwrap();
    assert_eq!(set.previous.len(), PREVIOUS);
    assert!(set.trusts(&before[8]) && !set.trusts(&before[0]) && !set.trusts(&expired));
    let end = now + LIFETIMES.leaf * 3 / 2;
    assert_eq!(set.rotate(end - STEP, &LIFETIMES, |_| true).unwrap(), None);
    let dropped = set.rotate(end, &LIFETIMES, |_| true).unwrap();
    assert_eq!(dropped, Some(Rotation::PreviousDropped));
    assert_eq!(set.bundle().count(), 1);
}
