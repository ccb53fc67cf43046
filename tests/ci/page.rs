//! What there is to run in the documentation: fenced blocks by language, and YAML as values.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use l7guard_manifests::{Item, Reader, Source};
use serde_json::Value;

/// A file of the repository.
pub(crate) fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The text of each block of the page in this language, below the heading of this title.
pub(crate) fn blocks(title: &str, language: &str) -> Vec<String> {
    let page = file("docs/ci.md");
    let heading = format!("\n## {title}\n");
    let (_, section) = page.split_once(&heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let fence = format!("\n```{language}\n");
    let blocks = section.split(&fence).skip(1);
    blocks
        .map(|rest| rest.split_once("\n```").unwrap().0.to_owned())
        .collect()
}

/// The titles of the page's sections.
pub(crate) fn sections() -> Vec<String> {
    let page = file("docs/ci.md");
    let titles = page.lines().filter_map(|line| line.strip_prefix("## "));
    titles.map(str::to_owned).collect()
}

/// The commands of a section, one a line.
pub(crate) fn commands(title: &str) -> Vec<String> {
    let blocks = blocks(title, "sh");
    let lines = blocks.iter().flat_map(|block| block.lines());
    lines.map(str::to_owned).collect()
}

/// YAML of any kind, read by the reader of manifests: put into a field of an object.
pub(crate) fn yaml(text: &str) -> Value {
    let mut object = String::from("apiVersion: v1\nkind: Wrapped\nvalue:\n");
    for line in text.lines() {
        object.extend(["  ", line, "\n"]);
    }
    let source = Arc::new(Source::new("page", object.into_bytes()));
    let items: Vec<Item> = Reader::new(source).collect();
    match items.as_slice() {
        [Item::Object(object)] => object.value["value"].clone(),
        other => panic!("{text}\n{other:?}"),
    }
}

/// The texts of a list.
pub(crate) fn texts(list: &Value) -> Vec<String> {
    let elements = list.as_array().unwrap().iter();
    elements
        .map(|element| element.as_str().unwrap().to_owned())
        .collect()
}
