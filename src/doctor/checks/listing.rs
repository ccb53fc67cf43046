//! Lists in a sentence.

/// How many are named before the rest is counted.
const NAMED: usize = 8;

/// The first of them by name, and how many more there are.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A count with its noun.
pub(super) fn counted(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_counted() {
        let names: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(listed(&names), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
        assert_eq!(listed(&names[..2]), "0, 1");
        assert_eq!(
            (counted(1, "entry"), counted(2, "entry")),
            ("1 entry".to_owned(), "2 entries".to_owned())
        );
        assert_eq!(counted(0, "Pod"), "0 Pods");
    }
}
