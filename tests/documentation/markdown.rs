//! The Markdown files of the repository: their links, the anchors of their headings, their tables.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A Markdown file.
pub(crate) struct Page {
    /// From the root of the repository.
    pub(crate) path: PathBuf,
    text: String,
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    /// What stands out of the text, in its order.
    pub(crate) marked: Vec<Marked>,
    pub(crate) links: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Marked {
    /// In back quotes.
    Code(String),
    /// In italics.
    Emphasized(String),
}

/// A table: its head, and below it the rows.
pub(crate) type Table = Vec<Vec<Cell>>;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file that is not made by a build.
pub(crate) fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    for path in files(root()) {
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(Page::read(path.strip_prefix(root()).unwrap()));
        }
    }
    assert!(pages.len() > 30, "{} pages are not all", pages.len());
    pages
}

/// Every file below, without what is hidden or made by a build.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with('.') || name == "target" || name == "node_modules" {
            continue;
        }
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => found.extend(files(&entry.path())),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found.sort();
    found
}

impl Page {
    /// Of a path from the root of the repository.
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        let text = fs::read_to_string(root().join(&path)).unwrap();
        Self { path, text }
    }

    fn events(&self) -> impl Iterator<Item = Event<'_>> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES)
    }

    /// What every link and image of the page leads to, as it stands there.
    pub(crate) fn links(&self) -> Vec<String> {
        let links = self.events().filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(dest_url.into_string())
            }
            _ => None,
        });
        links.collect()
    }

    /// What stands in blocks and in back quotes, each with its line.
    pub(crate) fn code(&self) -> Vec<(usize, String)> {
        let events = Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter();
        let mut is_block = false;
        let mut code = Vec::new();
        for (event, range) in events {
            let text = match event {
                Event::Start(Tag::CodeBlock(_)) => {
                    is_block = true;
                    continue;
                }
                Event::End(TagEnd::CodeBlock) => {
                    is_block = false;
                    continue;
                }
                Event::Text(text) if is_block => text,
                Event::Code(text) => text,
                _ => continue,
            };
            let line = 1 + self.text[..range.start].matches('\n').count();
            code.push((line, text.into_string()));
        }
        code
    }

    /// What can stand behind `#` in a link to the page, as GitHub makes it of headings.
    pub(crate) fn anchors(&self) -> BTreeSet<String> {
        let mut anchors = BTreeSet::new();
        let mut heading: Option<String> = None;
        for event in self.events() {
            match (event, &mut heading) {
                (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
                (Event::Text(text) | Event::Code(text), Some(heading)) => heading.push_str(&text),
                (Event::End(TagEnd::Heading(_)), _) => {
                    let slug = slug(&heading.take().unwrap_or_default());
                    let mut unique = slug.clone();
                    let mut count = 0;
                    while !anchors.insert(unique.clone()) {
                        count += 1;
                        unique = format!("{slug}-{count}");
                    }
                }
                _ => {}
            }
        }
        anchors
    }

    /// The words of its text, in small letters, without code and headings.
    pub(crate) fn words(&self) -> impl Iterator<Item = String> {
        let mut is_passed_over = false;
        let mut words = Vec::new();
        for event in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(_) | Tag::Heading { .. }) => is_passed_over = true,
                Event::End(TagEnd::CodeBlock | TagEnd::Heading(_)) => is_passed_over = false,
                Event::Text(text) if !is_passed_over => {
                    let text = text.to_lowercase();
                    let found = text.split(|character: char| !character.is_alphabetic());
                    words.extend(found.map(str::to_owned));
                }
                _ => {}
            }
        }
        words.into_iter()
    }

    pub(crate) fn tables(&self) -> Vec<Table> {
        let mut tables: Vec<Table> = Vec::new();
        let mut cell: Option<Cell> = None;
        let mut is_emphasized = false;
        for event in self.events() {
            match event {
                Event::Start(Tag::Table(_)) => tables.push(Table::new()),
                Event::Start(Tag::TableHead | Tag::TableRow) => {
                    tables.last_mut().unwrap().push(Vec::new());
                }
                Event::Start(Tag::TableCell) => cell = Some(Cell::default()),
                Event::End(TagEnd::TableCell) => {
                    let row = tables.last_mut().unwrap().last_mut().unwrap();
                    row.extend(cell.take());
                }
                Event::Start(Tag::Emphasis) => {
                    is_emphasized = true;
                    if let Some(cell) = &mut cell {
                        cell.marked.push(Marked::Emphasized(String::new()));
                    }
                }
                Event::End(TagEnd::Emphasis) => is_emphasized = false,
                other => {
                    if let Some(cell) = &mut cell {
                        cell.take(other, is_emphasized);
                    }
                }
            }
        }
        tables
    }
}

impl Cell {
    fn take(&mut self, event: Event<'_>, is_emphasized: bool) {
        match event {
            Event::Text(text) => {
                self.text.push_str(&text);
                if let (true, Some(Marked::Emphasized(words))) =
                    (is_emphasized, self.marked.last_mut())
                {
                    words.push_str(&text);
                }
            }
            Event::Code(code) => {
                self.text.push_str(&code);
                self.marked.push(Marked::Code(code.into_string()));
            }
            Event::Start(Tag::Link { dest_url, .. }) => self.links.push(dest_url.into_string()),
            _ => {}
        }
    }
}

/// GitHub lowers letters, drops punctuation, and turns each blank into a hyphen.
fn slug(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ if character.is_alphanumeric() => Some(character),
            _ => None,
        });
    kept.flat_map(char::to_lowercase).collect()
}

#[test]
fn an_anchor_is_what_git_hub_makes_of_a_heading() {
    let page = Page {
        path: PathBuf::new(),
        text: "# A *b*, `c[].d`: e-f_g?\n\n## Twice\n\n## Twice\n\n```\n# none\n```\n".to_owned(),
    };
    let anchors: Vec<String> = page.anchors().into_iter().collect();
    assert_eq!(anchors, ["a-b-cd-e-f_g", "twice", "twice-1"]);
}

#[test]
fn a_cell_knows_its_parts() {
    let page = Page {
        path: PathBuf::new(),
        text: "| a | b |\n|---|---|\n| `code`: *some words*, more | [there](x.md#y) |\n".to_owned(),
    };
    let [table] = page.tables().try_into().unwrap();
    let row = &table[1];
    assert_eq!(row[0].text, "code: some words, more");
    let marked = [
        Marked::Code("code".to_owned()),
        Marked::Emphasized("some words".to_owned()),
    ];
    assert_eq!(row[0].marked, marked);
    assert_eq!(row[1].links, ["x.md#y"]);
}
