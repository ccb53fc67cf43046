//! What the page's script adds, and that nothing is missing without it.

use super::browser::{DESK, Page, View};
use super::{Case, worlds};

pub(crate) const CASES: &[Case] = &[
    (
        "scripts::the_page_asks_for_nothing_and_breaks_no_rule_of_its_policy",
        the_page_asks_for_nothing_and_breaks_no_rule_of_its_policy,
    ),
    (
        "scripts::a_button_copies_the_changes_as_they_are_shown",
        a_button_copies_the_changes_as_they_are_shown,
    ),
    (
        "scripts::without_a_clipboard_the_changes_are_selected",
        without_a_clipboard_the_changes_are_selected,
    ),
    (
        "scripts::the_filter_shows_the_findings_that_hold_every_word",
        the_filter_shows_the_findings_that_hold_every_word,
    ),
    (
        "scripts::a_link_to_a_finding_opens_it",
        a_link_to_a_finding_opens_it,
    ),
    (
        "scripts::without_scripts_everything_is_there_but_the_buttons",
        without_scripts_everything_is_there_but_the_buttons,
    ),
];

fn the_page_asks_for_nothing_and_breaks_no_rule_of_its_policy() {
    for html in [worlds::everything(), worlds::innocent()] {
        let mut page = Page::open(&html, DESK);
        page.evaluate("document.querySelectorAll('button').forEach((button) => button.click())");
        let (requests, complaints) = page.requests_and_complaints();
        assert_eq!(requests, [page.url()]);
        assert_eq!(complaints, Vec::<String>::new());
    }
}

/// Keeps what is copied, or refuses to copy.
fn with_clipboard(page: &mut Page, write: &str) {
    page.evaluate(&format!(
        "Object.defineProperty(navigator, 'clipboard', {{value: {{writeText: {write}}}}})"
    ));
}

fn a_button_copies_the_changes_as_they_are_shown() {
    let mut page = Page::open(&worlds::everything(), DESK);
    with_clipboard(&mut page, "async (text) => { window.copied = text; }");
    page.evaluate("document.querySelector('#finding-1 button.copy').click()");
    let copied = page.evaluate("window.copied");
    assert_eq!(
        copied,
        page.evaluate("document.getElementById('changes-1').textContent")
    );
    let copied = copied.as_str().unwrap();
    assert!(
        copied.starts_with("# 1. change Service istio-system/istio-ingressgateway"),
        "{copied}"
    );
    for line in [
        "- op: test\n",
        "  path: \"/spec/ports/-\"\n    name: http2\n",
        "---\n# 2. remove Ingress istio-system/denied\n",
    ] {
        let line = line.replace("\n    name", "\n  value:\n    name");
        assert!(copied.contains(&line), "{line:?} in {copied}");
    }
    let label = page.evaluate("document.querySelector('#finding-1 button.copy').innerText");
    assert!(label.as_str().unwrap().starts_with("Copied"), "{label}");
    // All together: one document for each change.
    page.evaluate("document.querySelector('.together button.copy').click()");
    let together = page.evaluate("window.copied");
    assert!(
        together
            .as_str()
            .unwrap()
            .contains("\n# 3. remove Ingress quiet/likely\n"),
        "{together}"
    );
}

fn without_a_clipboard_the_changes_are_selected() {
    let mut page = Page::open(&worlds::everything(), DESK);
    with_clipboard(&mut page, "async () => { throw new Error('refused'); }");
    page.evaluate("document.querySelector('#finding-1 button.copy').click()");
    let selected = page.evaluate("getSelection().toString()");
    assert!(
        selected
            .as_str()
            .unwrap()
            .starts_with("# 1. change Service"),
        "{selected}"
    );
}

fn the_filter_shows_the_findings_that_hold_every_word() {
    let mut page = Page::open(&worlds::many(), DESK);
    let filter = |page: &mut Page, text: &str| {
        page.evaluate(&format!(
            "(() => {{ const input = document.getElementById('filter'); input.value = {text:?}; \
             input.dispatchEvent(new Event('input')); }})()"
        ));
        let shown = page.evaluate(
            "Array.from(document.querySelectorAll('article.finding')).filter((finding) => finding.checkVisibility()).length",
        );
        (
            shown,
            page.evaluate("document.getElementById('status').textContent"),
        )
    };
    assert_eq!(
        filter(&mut page, "payments team-30"),
        (10.into(), "10 of 500 findings".into())
    );
    let groups = "Array.from(document.querySelectorAll('section.group h3')).filter((h) => h.checkVisibility()).length";
    assert_eq!(page.evaluate(groups), 2);
    page.evaluate("document.getElementById('open-all').click()");
    let open = "document.querySelectorAll('article.finding details[open]').length";
    assert_eq!(page.evaluate(open), 10);
    assert_eq!(
        filter(&mut page, "nobody"),
        (0.into(), "0 of 500 findings".into())
    );
    assert_eq!(filter(&mut page, ""), (500.into(), "".into()));
    page.evaluate("document.getElementById('close-all').click()");
    assert_eq!(page.evaluate(open), 0);
}

fn a_link_to_a_finding_opens_it() {
    let mut page = Page::open(&worlds::many(), DESK);
    page.evaluate("new Promise((done) => { addEventListener('hashchange', () => setTimeout(done)); location.hash = '#finding-321'; })");
    let open = "Array.from(document.querySelectorAll('article.finding:has(details[open])'), (finding) => finding.id).join()";
    assert_eq!(page.evaluate(open), "finding-321");
}

fn without_scripts_everything_is_there_but_the_buttons() {
    let mut page = Page::open(
        &worlds::everything(),
        View {
            has_scripts: false,
            ..DESK
        },
    );
    let nodes = page.accessible();
    let buttons = nodes
        .iter()
        .filter(|node| node.role == "button" || node.role == "searchbox");
    let buttons: Vec<&str> = buttons.map(|node| node.name.as_str()).collect();
    assert_eq!(buttons, Vec::<&str>::new());
    let text: Vec<&str> = nodes
        .iter()
        .filter(|node| node.role == "StaticText")
        .map(|node| node.name.as_str())
        .collect();
    for said in [
        "The path as it is",
        "As it should be",
        "# 2. remove Ingress istio-system/denied",
        "Evidence",
    ] {
        assert!(text.contains(&said), "{said} in {text:?}");
    }
    let count = |nodes: &[super::browser::Node], role: &str| {
        nodes.iter().filter(|node| node.role == role).count()
    };
    assert_eq!(count(&nodes, "article"), 3);
}
