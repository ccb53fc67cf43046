//! Links between the pages lead somewhere, and every page is found from the index.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::markdown::{Page, files, pages, root};

const INDEX: &str = "docs/README.md";

/// A path from the root of the repository, and the anchor behind `#`.
fn target(page: &Path, link: &str) -> Option<(PathBuf, Option<String>)> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor.to_owned())),
        None => (link, None),
    };
    let joined = if path.is_empty() {
        page.to_owned()
    } else {
        page.parent().unwrap_or(Path::new("")).join(path)
    };
    let mut plain = PathBuf::new();
    for component in joined.components() {
        match component {
            Component::ParentDir => assert!(plain.pop(), "{}: {link}", page.display()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    Some((plain, anchor))
}

/// The files to which a page links.
fn linked(page: &Page) -> BTreeSet<PathBuf> {
    let links = page.links();
    let targets = links.iter().filter_map(|link| target(&page.path, link));
    targets.map(|(path, _)| path).collect()
}

#[test]
fn every_link_to_a_file_or_a_heading_leads_there() {
    let pages = pages();
    let anchors: BTreeMap<&Path, BTreeSet<String>> = pages
        .iter()
        .map(|page| (page.path.as_path(), page.anchors()))
        .collect();
    let mut broken = Vec::new();
    let mut followed = 0;
    for page in &pages {
        for link in page.links() {
            let Some((path, anchor)) = target(&page.path, &link) else {
                continue;
            };
            let leads = match anchor {
                None => root().join(&path).exists(),
                Some(anchor) => anchors
                    .get(path.as_path())
                    .is_some_and(|anchors| anchors.contains(&anchor)),
            };
            if !leads {
                broken.push(format!("{}: {link}", page.path.display()));
            }
            followed += 1;
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(followed > 100, "{followed} links are not all");
}

#[test]
fn the_index_names_every_page_and_schema() {
    let linked = linked(&Page::read(INDEX));
    for file in files(&root().join("docs")) {
        let path = file.strip_prefix(root()).unwrap().to_owned();
        let is_reached = linked.contains(&path)
            || path == Path::new(INDEX)
            // Pages of rules have an index of their own.
            || (path.parent() == Some(Path::new("docs/rules")) && path.file_name().unwrap() != "README.md");
        assert!(is_reached, "{INDEX} does not link to {}", path.display());
    }
}

/// The first click is the question in the index, the second what its answer links to.
#[test]
fn every_question_of_the_index_leads_to_a_place_within_a_page() {
    let page = Page::read(INDEX);
    let tables = page.tables();
    let questions = tables
        .iter()
        .find(|table| table[0][0].text == "you ask")
        .unwrap();
    assert!(questions.len() > 10);
    for row in &questions[1..] {
        let [question, answer, place] = row.as_slice() else {
            panic!("{row:?}");
        };
        assert!(!answer.text.is_empty(), "{}", question.text);
        assert_eq!(place.links.len(), 1, "{}", question.text);
        assert!(place.links[0].contains('#'), "{}", question.text);
    }
}

#[test]
fn the_readme_leads_to_the_index_and_to_how_to_report_a_vulnerability() {
    let linked = linked(&Page::read("README.md"));
    for path in [INDEX, "SECURITY.md", "docs/quickstart-kind.md"] {
        assert!(linked.contains(Path::new(path)), "{path}");
    }
}

/// A reader who meets such a word for the first time can follow it. Words that are common otherwise are not looked for.
#[test]
fn words_with_a_meaning_of_their_own_lead_to_the_glossary() {
    const PAGES: [&str; 10] = [
        "audit",
        "base-worlds",
        "configuration",
        "eks",
        "limits",
        "operations",
        "refused",
        "report",
        "rollout",
        "threat-model",
    ];
    let anchors = Page::read("docs/glossary.md").anchors();
    for word in ["ratchet", "unresolved", "exempt"] {
        assert!(anchors.contains(word), "{word}");
        let wanted = format!("glossary.md#{word}");
        for page in PAGES {
            let page = Page::read(format!("docs/{page}.md"));
            if page.words().any(|used| used == word) {
                let path = page.path.display();
                assert!(page.links().contains(&wanted), "{path}: {word}");
            }
        }
    }
}
