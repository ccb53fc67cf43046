//! The items of a JSON list one by one, while the list is still coming: only one of them is in memory at a time.

use thiserror::Error;

/// The largest item that is taken. The metadata that an API server stores is smaller.
///
/// Source: Kubernetes `staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go` (`TotalAnnotationSizeLimitB`, 256 KiB;
/// JSON writes some characters as six bytes).
const LARGEST: usize = 4 * 1024 * 1024;

/// How deep in the list the array of the items is, and how deep the items are.
const ARRAY: usize = 1;
const ITEM: usize = ARRAY + 1;

/// What is no list of items.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum BrokenList {
    /// The text ends before the list does.
    #[error("the list ends half way")]
    Unfinished,
    /// One item is too large.
    #[error("an item of the list is larger than {} MiB", LARGEST / 1024 / 1024)]
    TooLarge,
    /// An item is not UTF-8.
    #[error("an item of the list is no UTF-8 text")]
    NoText,
}

/// Splits the text of a list, `{"items": [{…}, {…}], …}`, into the texts of its items. No list of Kubernetes has another array
/// beside `items`, and what an item holds is for its reader to check.
#[derive(Debug, Default)]
pub(super) struct JsonItems {
    depth: usize,
    text: Text,
    has_begun: bool,
    is_in_array: bool,
    item: Vec<u8>,
}

/// Where a byte is.
#[derive(Clone, Copy, Debug, Default)]
enum Text {
    #[default]
    OutsideString,
    InString,
    AfterBackslash,
}

impl JsonItems {
    /// Takes the next bytes of the list; hands each item that ends in them to `take`.
    pub(super) fn feed<E: From<BrokenList>>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if let Some(text) = self.text.passed(*byte) {
                self.text = text;
                continue;
            }
            match byte {
                b'"' => self.text = Text::InString,
                b'{' | b'[' => {
                    match self.depth {
                        ARRAY => self.is_in_array = *byte == b'[',
                        ITEM => from = at,
                        _ => {}
                    }
                    self.depth += 1;
                    self.has_begun = true;
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.is_in_array && self.depth == ITEM {
                        self.keep(&bytes[from..=at])?;
                        take(std::str::from_utf8(&self.item).map_err(|_| BrokenList::NoText)?)?;
                        self.item.clear();
                    }
                }
                _ => {}
            }
        }
        if self.is_in_array && self.depth > ITEM {
            self.keep(&bytes[from..])?;
        }
        Ok(())
    }

    /// Whether the list has ended.
    pub(super) fn end(&self) -> Result<(), BrokenList> {
        if self.has_begun && self.depth == 0 {
            Ok(())
        } else {
            Err(BrokenList::Unfinished)
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), BrokenList> {
        if self.item.len() + bytes.len() > LARGEST {
            return Err(BrokenList::TooLarge);
        }
        self.item.extend_from_slice(bytes);
        Ok(())
    }
}

impl Text {
    /// What follows a byte of a string; `None`: the byte is not of a string.
    fn passed(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::OutsideString, _) => None,
            (Self::InString, b'\\') => Some(Self::AfterBackslash),
            (Self::InString, b'"') => Some(Self::OutsideString),
            (Self::InString | Self::AfterBackslash, _) => Some(Self::InString),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"kind":"PartialObjectMetadataList","metadata":{"resourceVersion":"7","annotations":{"a":"[{"}},
        "items": [ {"metadata":{"name":"a","labels":{"x":"}]\"\\"}}} ,{"metadata":{"name":"é"}},{}]}"#;

    /// The items, when the list comes in pieces of this size.
    fn items(list: &str, size: usize) -> Result<Vec<String>, BrokenList> {
        let (mut splitter, mut items) = (JsonItems::default(), Vec::new());
        for piece in list.as_bytes().chunks(size) {
            splitter.feed(piece, |item| {
                items.push(item.to_owned());
                Ok::<_, BrokenList>(())
            })?;
        }
        splitter.end()?;
        Ok(items)
    }

    #[test]
    fn a_list_has_the_same_items_however_it_is_cut() {
        let whole: serde_json::Value = serde_json::from_str(LIST).unwrap();
        for size in 1..LIST.len() {
            let items = items(LIST, size).unwrap();
            let read = items.iter().map(|item| serde_json::from_str(item).unwrap());
            let read: Vec<serde_json::Value> = read.collect();
            assert_eq!(serde_json::Value::Array(read), whole["items"], "{size}");
        }
    }

    #[test]
    fn a_list_without_items_has_none() {
        for list in [r#"{"items":[]}"#, r#"{"items":null}"#, "{}"] {
            assert_eq!(items(list, 3), Ok(Vec::new()), "{list}");
        }
    }

    #[test]
    fn a_list_that_ends_half_way_is_no_list() {
        for end in 0..LIST.len() - 1 {
            if let Some(list) = LIST.get(..end) {
                assert_eq!(items(list, 8), Err(BrokenList::Unfinished), "{end}");
            }
        }
    }

    #[test]
    fn an_item_that_never_ends_is_not_kept() {
        let list = format!(
            r#"{{"items":[{{"metadata":{{"name":"{}"#,
            "x".repeat(LARGEST)
        );
        assert_eq!(items(&list, 1 << 16), Err(BrokenList::TooLarge));
    }
}
