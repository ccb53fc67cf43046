//! "Did you mean": the known word that is nearest to a mistyped one.

/// How many slips lead from one word to the other; `None` when it is more than one in three characters.
pub(crate) fn slips(word: &str, known: &str) -> Option<usize> {
    let most = word.chars().count().max(3) / 3;
    let distance = strsim::damerau_levenshtein(word, known);
    (distance <= most).then_some(distance)
}

/// A clause such as ` (did you mean "mode"?)`; empty when nothing is near, whatever the case.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let word = word.to_lowercase();
    known
        .into_iter()
        .filter_map(|known| Some((slips(&word, &known.to_lowercase())?, known)))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, known)| format!(" (did you mean {known:?}?)"))
        .unwrap_or_default()
}

/// `a, b or c`, with that last conjunction.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>, conjunction: &str) -> String {
    let words: Vec<&str> = words.into_iter().collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} {conjunction} {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_and_a_strange_one_is_not() {
        let known = ["namespaces", "names", "kinds", "rules"];
        assert_eq!(
            did_you_mean("namespace", known),
            " (did you mean \"namespaces\"?)"
        );
        assert_eq!(did_you_mean("Rule", known), " (did you mean \"rules\"?)");
        assert_eq!(did_you_mean("naems", known), " (did you mean \"names\"?)");
        assert_eq!(did_you_mean("timeout", known), "");
    }

    #[test]
    fn words_are_listed_as_in_a_sentence() {
        assert_eq!(listed(["a"], "or"), "a");
        assert_eq!(listed(["a", "b", "c"], "or"), "a, b or c");
    }
}
