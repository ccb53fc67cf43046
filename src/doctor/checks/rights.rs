//! Does the installation's `ServiceAccount` have the rights that it needs?

use std::collections::BTreeMap;

use super::listing::{counted, listed};
use super::{Check, Examined, Seen, Verdict, not_seen};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "rights",
    question: "Does the ServiceAccount have the rights that l7guard needs?",
    run,
};

const NEXT: &str = "Apply the roles of docs/operations.md (the chart has them) and bind them to this ServiceAccount.";

fn run(examined: &Examined) -> Vec<Verdict> {
    let Seen::There(rights) = &examined.rights else {
        let next = "Ask for the right to create SubjectAccessReviews, or try: kubectl auth can-i list ingresses -A --as system:serviceaccount:NAMESPACE:NAME";
        return not_seen(&examined.rights, "nothing was asked", next);
    };
    let account = rights.first().map_or("", |right| &*right.account);
    let mut missing: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for right in rights.iter().filter(|right| !right.is_granted) {
        missing.entry(right.lost).or_default().push(&right.right);
    }
    if missing.is_empty() {
        let count = counted(rights.len(), "right");
        let message = format!("ServiceAccount {account} has all {count} that it needs");
        return vec![Verdict::good(message)];
    }
    let verdict = |(lost, rights): (Option<&str>, Vec<&str>)| {
        let message = format!(
            "ServiceAccount {account} lacks the right to {}",
            listed(&rights)
        );
        match lost {
            None => Verdict::bad(message, NEXT),
            Some(lost) => Verdict::warning(format!("{message}: {lost}"), NEXT),
        }
    };
    missing.into_iter().map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{examined, said};
    use super::*;
    use crate::doctor::Outcome;
    use crate::doctor::examined::CheckedRight;

    #[test]
    fn what_is_missing_is_named() {
        let mut examined = examined();
        let right = |right: &str, is_granted| CheckedRight {
            account: "guard/l7guard".to_owned(),
            right: right.to_owned(),
            lost: None,
            is_granted,
        };
        examined.rights = Seen::There(vec![right("get a", true)]);
        assert_eq!(said(&CHECK, &examined).0, Outcome::Good);
        examined.rights = Seen::There(vec![right("get a", true), right("list b", false)]);
        let (outcome, message) = said(&CHECK, &examined);
        assert_eq!(outcome, Outcome::Bad);
        assert!(message.ends_with("lacks the right to list b"), "{message}");
        let Seen::There(rights) = &mut examined.rights else {
            panic!("no rights");
        };
        rights[1].lost = Some("nothing is published");
        assert_eq!(said(&CHECK, &examined).0, Outcome::Warning);
        examined.rights = Seen::Unknown("you lack the right".to_owned());
        assert_eq!(said(&CHECK, &examined).0, Outcome::Unknown);
    }
}
