//! Does the installation's `ServiceAccount` have the rights that it needs?

use super::listing::{counted, listed};
use super::{Check, Examined, Seen, Verdict, not_seen};

pub(in crate::doctor) static CHECK: Check = Check {
    name: "rights",
    question: "Does the ServiceAccount have the rights that l7guard needs?",
    run,
};

fn run(examined: &Examined) -> Vec<Verdict> {
    let Seen::There(rights) = &examined.rights else {
        let next = "Ask for the right to create SubjectAccessReviews, or try: kubectl auth can-i list ingresses -A --as system:serviceaccount:NAMESPACE:NAME";
        return not_seen(&examined.rights, "nothing was asked", next);
    };
    let missing: Vec<&str> = rights
        .iter()
        .filter(|right| !right.is_granted)
        .map(|right| &*right.right)
        .collect();
    let account = rights.first().map_or("", |right| &*right.account);
    if missing.is_empty() {
        let count = counted(rights.len(), "right");
        return vec![Verdict::good(format!(
            "ServiceAccount {account} has all {count} that it needs"
        ))];
    }
    vec![Verdict::bad(
        format!(
            "ServiceAccount {account} lacks the right to {}",
            listed(&missing)
        ),
        "Apply the ClusterRole of docs/operations.md (the chart's has it) and bind it to this ServiceAccount.",
    )]
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
            is_granted,
        };
        examined.rights = Seen::There(vec![right("get a", true)]);
        assert_eq!(said(&CHECK, &examined).0, Outcome::Good);
        examined.rights = Seen::There(vec![right("get a", true), right("list b", false)]);
        let (outcome, message) = said(&CHECK, &examined);
        assert_eq!(outcome, Outcome::Bad);
        assert!(message.ends_with("lacks the right to list b"), "{message}");
        examined.rights = Seen::Unknown("you lack the right".to_owned());
        assert_eq!(said(&CHECK, &examined).0, Outcome::Unknown);
    }
}
