//! Why the program ends, as the last lines of its output.

use anyhow::Error;

use crate::visible_text::{one_line, printable};

/// An error of several lines. Whoever makes one sees to it that what it quotes is [`one_line`]; every other error is made
/// one line when it is shown, as names of files and texts of objects stand in it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SeveralLines(pub(crate) String);

/// An error and its causes as they may be shown.
pub(crate) fn in_words(error: &Error) -> String {
    let texts = error.chain().map(|cause| {
        let text = cause.to_string();
        if cause.is::<SeveralLines>() {
            printable(&text).into_owned()
        } else {
            one_line(&text).into_owned()
        }
    });
    texts.collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn only_what_says_so_has_several_lines() {
        let error = anyhow!("a\u{202e}.yaml\nerror: forged").context("cannot read\tit");
        assert_eq!(
            in_words(&error),
            "cannot read\\tit: a\\u{202e}.yaml\\nerror: forged"
        );
        let error = Error::new(SeveralLines("these:\n  a".to_owned())).context("nothing is served");
        assert_eq!(in_words(&error), "nothing is served: these:\n  a");
    }
}
