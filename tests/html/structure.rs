//! The page as it is written, without a browser: it is well-formed XML, so its elements can be listed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use roxmltree::{Document, Node, ParsingOptions};

use super::hostile::{HARMLESS, HOSTILE, world};
use super::{Case, worlds};

pub(crate) const CASES: &[Case] = &[
    (
        "structure::text_of_objects_makes_no_element_and_no_attribute",
        text_of_objects_makes_no_element_and_no_attribute,
    ),
    (
        "structure::identifiers_are_unique_and_every_reference_leads_somewhere",
        identifiers_are_unique_and_every_reference_leads_somewhere,
    ),
    (
        "structure::the_policy_allows_our_own_style_and_script_alone",
        the_policy_allows_our_own_style_and_script_alone,
    ),
    ("structure::nothing_is_loaded", nothing_is_loaded),
];

fn read(page: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(page, options).unwrap()
}

/// Every element with its attributes, and the values of those that nobody but us writes.
fn outline(page: &str) -> Vec<String> {
    let document = read(page);
    let elements = document.descendants().filter(Node::is_element);
    elements
        .map(|element| {
            let attributes: Vec<String> = element
                .attributes()
                .map(|attribute| format!("{}={}", attribute.name(), attribute.value()))
                .collect();
            format!("{} {}", element.tag_name().name(), attributes.join(" "))
        })
        .collect()
}

/// A page of hostile text has the very elements and attributes of one with harmless text.
fn text_of_objects_makes_no_element_and_no_attribute() {
    let harmless = outline(&world(HARMLESS));
    for text in HOSTILE {
        let page = world(text);
        let hostile = outline(&page);
        let first = hostile.iter().zip(&harmless).position(|(a, b)| a != b);
        let at = first.map(|at| (&hostile[at], &harmless[at]));
        assert!(
            at.is_none() && hostile.len() == harmless.len(),
            "{text}: {at:?}"
        );
        assert!(!page.contains(text), "{text} stands in the page as it is");
    }
    assert!(harmless.len() > 300, "{}", harmless.len());
}

fn identifiers_are_unique_and_every_reference_leads_somewhere() {
    for page in [worlds::everything(), worlds::innocent(), worlds::many()] {
        let document = read(&page);
        let all: Vec<&str> = document
            .descendants()
            .filter_map(|node| node.attribute("id"))
            .collect();
        let unique: std::collections::HashSet<&str> = all.iter().copied().collect();
        assert_eq!(unique.len(), all.len());
        for node in document.descendants() {
            let link = node
                .attribute("href")
                .map(|link| link.strip_prefix('#').unwrap());
            let label = node.attribute("aria-labelledby");
            for reference in link
                .into_iter()
                .chain(label)
                .chain(node.attribute("data-copies"))
            {
                assert!(unique.contains(reference), "{reference}");
            }
        }
    }
}

fn the_policy_allows_our_own_style_and_script_alone() {
    let page = worlds::everything();
    let document = read(&page);
    let policy = document
        .descendants()
        .find(|node| node.attribute("http-equiv") == Some("Content-Security-Policy"))
        .unwrap();
    let hash = |name| {
        let mut elements = document
            .descendants()
            .filter(|node| node.has_tag_name(name));
        let text = elements.next().unwrap().text().unwrap();
        assert!(elements.next().is_none(), "more than one {name}");
        STANDARD.encode(digest(&SHA256, text.as_bytes()))
    };
    let expected = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'",
        hash("style"),
        hash("script")
    );
    assert_eq!(policy.attribute("content"), Some(&*expected));
    // It holds for what follows it.
    let before = policy.prev_siblings().filter(Node::is_element).skip(1);
    let before: Vec<&str> = before.map(|node| node.tag_name().name()).collect();
    assert_eq!(before, ["meta"]);
}

/// No element and no attribute that a browser would load something for, or run.
fn nothing_is_loaded() {
    for page in [worlds::everything(), worlds::many()] {
        for element in read(&page).descendants().filter(Node::is_element) {
            let name = element.tag_name().name();
            let loads = [
                "link", "img", "iframe", "object", "embed", "base", "form", "video", "audio",
                "image",
            ];
            assert!(!loads.contains(&name), "{name}");
            for attribute in element.attributes() {
                let name = attribute.name();
                let runs =
                    name.starts_with("on") || ["src", "srcset", "style", "action"].contains(&name);
                assert!(!runs, "{name}={}", attribute.value());
            }
        }
        assert!(!page.contains("http:") && !page.contains("https:"));
    }
}
