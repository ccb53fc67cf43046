//! Why the program ends, as the last lines of its output.

use anyhow::Error;

use crate::visible_text::{one_line, printable};

/// An error of several lines. Whoever makes one sees to it that what it quotes is [`one_line`]; every other error is made
/// one line when it is shown, as names of files and texts of objects stand in it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SeveralLines(pub(crate) String);

/// An error and its causes as they may be shown. A cause that the error before it has said already is not said again.
pub(crate) fn in_words(error: &Error) -> String {
    let mut words = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        let text = if cause.is::<SeveralLines>() {
            printable(&text).into_owned()
        } else {
            one_line(&text).into_owned()
        };
        if words.is_empty() {
            words = text;
        } else if !words.to_lowercase().ends_with(&text.to_lowercase()) {
            words.push_str(": ");
            words.push_str(&text);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn a_failure_is_one_line_unless_it_says_otherwise_and_nothing_twice() {
        let error = anyhow!("a\u{202e}.yaml\nerror: forged").context("cannot read\tit");
        assert_eq!(
            in_words(&error),
            "cannot read\\tit: a\\u{202e}.yaml\\nerror: forged"
        );
        let error = anyhow!("No such file").context("/a: no such file");
        assert_eq!(in_words(&error), "/a: no such file");
        let error = Error::new(SeveralLines("these:\n  a".to_owned())).context("nothing is served");
        assert_eq!(in_words(&error), "nothing is served: these:\n  a");
    }
}
