//! Quoted texts that go on in lines which are indented too little.
//!
//! YAML 1.2 (7.3.1, `s-flow-line-prefix`) wants such a line to be indented more than its key, and the parser insists;
//! YAML 1.1 readers, `kubectl`'s among them, never did, and such lines are written. How much they are indented does
//! not change the text, so spaces are put before them, and offsets are counted back.

/// Work that may go into parsing a document again, in bytes, and how often that may be.
const MAX_REPARSED: usize = 64 * 1024 * 1024;
const MAX_LINES: usize = 256;

/// The most spaces for one line. Nothing is indented further.
const MAX_WIDTH: usize = 4 * 1024;

/// Spaces to be put before some lines of a text.
#[derive(Debug, Default)]
pub(super) struct IndentRepair {
    /// In order.
    lines: Vec<Padded>,
}

#[derive(Debug, Clone, Copy)]
struct Padded {
    /// Where the line begins in the text as it was written.
    start: usize,
    /// How many spaces go there.
    width: usize,
}

impl IndentRepair {
    /// Pads the line of `text` that holds byte `at`, beyond the indentation of every line before it. False when that
    /// was tried, or too much was.
    pub(super) fn add(&mut self, text: &str, at: usize) -> bool {
        let before = text.get(..at).unwrap_or_default();
        let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let deepest = before.split(['\n', '\r']).map(indentation).max();
        let width = deepest.unwrap_or_default() + 1;
        let most = MAX_REPARSED / text.len().max(1);
        let position = self.lines.partition_point(|line| line.start < start);
        let tried = self
            .lines
            .get(position)
            .is_some_and(|line| line.start == start);
        if tried || width > MAX_WIDTH || self.lines.len() >= most.clamp(1, MAX_LINES) {
            return false;
        }
        self.lines.insert(position, Padded { start, width });
        true
    }

    /// The text with the spaces in it; `None` when there are none.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        let spaces: usize = self.lines.iter().map(|line| line.width).sum();
        let mut padded = String::with_capacity(text.len() + spaces);
        let mut copied = 0;
        for line in &self.lines {
            padded.push_str(text.get(copied..line.start)?);
            padded.extend(std::iter::repeat_n(' ', line.width));
            copied = line.start;
        }
        padded.push_str(&text[copied..]);
        (!self.lines.is_empty()).then_some(padded)
    }

    /// Where a byte of the padded text is in the text as it was written.
    pub(super) fn written(&self, padded: usize) -> usize {
        let mut spaces = 0;
        for line in &self.lines {
            let start = line.start + spaces;
            if padded < start {
                break;
            }
            if padded < start + line.width {
                return line.start;
            }
            spaces += line.width;
        }
        padded - spaces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_in_the_padded_text_lead_back_to_what_was_written() {
        let text = "  a: 'b\nc\nd'\ne: f\n";
        let mut repair = IndentRepair::default();
        assert!(repair.add(text, 10));
        assert!(repair.add(text, 8));
        assert!(!repair.add(text, 8));
        let padded = repair.apply(text).unwrap();
        assert_eq!(padded, "  a: 'b\n   c\n   d'\ne: f\n");
        for (at, character) in text.char_indices() {
            let places = padded
                .match_indices(character)
                .map(|(place, _)| repair.written(place));
            assert!(places.collect::<Vec<_>>().contains(&at), "{at}");
        }
        assert_eq!(repair.written(padded.len()), text.len());
        assert_eq!(repair.written(9), 8);
    }

    #[test]
    fn nothing_is_padded_without_end() {
        let text = "x\n".repeat(1_000);
        let mut repair = IndentRepair::default();
        let padded = (0..1_000)
            .filter(|line| repair.add(&text, line * 2))
            .count();
        assert_eq!(padded, MAX_LINES);
        let mut repair = IndentRepair::default();
        assert!(!repair.add(&(" ".repeat(MAX_WIDTH) + "a: '\nb'"), MAX_WIDTH + 5));
    }
}
