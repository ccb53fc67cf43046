//! What a stream can show: colours, and how wide it is.

use std::io::IsTerminal;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use crate::report::text::Style;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    // No documentation: it would turn the help of every command into a page.
    Auto,
    Always,
    Never,
}

impl Colour {
    /// Makes it hold for all that is printed from now on.
    pub(super) fn apply(self) {
        let choice = match self {
            // Decided for each stream by the variables of no-color.org and bixense.com/clicolors, and a terminal that understands none.
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// How text on a stream is to look.
pub(super) fn style<S: RawStream + IsTerminal>(stream: &S) -> Style {
    let size = IsTerminal::is_terminal(stream)
        .then(terminal_size::terminal_size)
        .flatten();
    Style {
        colour: AutoStream::choice(stream) != ColorChoice::Never,
        width: size.map(|(width, _)| usize::from(width.0)),
    }
}
