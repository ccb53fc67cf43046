//! How the page looks: on a desk, on a phone, in the dark, on paper, with nothing and with much to show.

use super::browser::{DESK, Page, View};
use super::{Case, worlds};

pub(crate) const CASES: &[Case] = &[
    (
        "layout::nothing_is_wider_than_the_window",
        nothing_is_wider_than_the_window,
    ),
    (
        "layout::many_findings_are_closed_and_listed",
        many_findings_are_closed_and_listed,
    ),
    (
        "layout::paper_shows_what_is_closed",
        paper_shows_what_is_closed,
    ),
];

const PHONE: View = View {
    width: 360,
    height: 740,
    ..DESK
};

fn nothing_is_wider_than_the_window() {
    let pages = [
        ("everything", worlds::everything()),
        ("innocent", worlds::innocent()),
        ("many", worlds::many()),
        ("hostile", super::hostile::world(super::hostile::HOSTILE[0])),
    ];
    let tablet = View { width: 800, ..DESK };
    for (name, html) in &pages {
        for (on, view) in [("desk", DESK), ("tablet", tablet), ("phone", PHONE)] {
            let mut page = Page::open(html, view);
            page.picture(&format!("{name}-{on}-light"), 3_000);
            page.look(View {
                is_dark: true,
                ..view
            });
            page.picture(&format!("{name}-{on}-dark"), 3_000);
            page.evaluate(
                "document.querySelectorAll('details').forEach((all) => { all.open = true; })",
            );
            let width = page.evaluate("document.documentElement.scrollWidth");
            assert_eq!(width, view.width, "{name} on {on}");
            assert_eq!(page.evaluate(OUTSIDE), "", "{name} on {on}");
        }
    }
}

/// Elements whose text runs out of their boxes.
const OUTSIDE: &str = "Array.from(document.querySelectorAll('main *, header *, footer *'))
  .filter((element) => !element.closest('svg, .unseen') && element.tagName !== 'INPUT'
    && element.getClientRects().length > 0 && getComputedStyle(element).display !== 'inline'
    && element.scrollWidth > element.clientWidth + 1)
  .map((element) => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 60)}`)
  .slice(0, 5).join('; ')";

fn many_findings_are_closed_and_listed() {
    let html = worlds::many();
    let mut page = Page::open(&html, DESK);
    let count = page.evaluate("document.querySelectorAll('article.finding').length");
    assert_eq!(count, 500);
    let open = page.evaluate("document.querySelectorAll('article.finding details[open]').length");
    assert_eq!(open, 0);
    let rows = page.evaluate(
        "Array.from(document.querySelectorAll('nav table:first-of-type tbody tr'), (row) => row.innerText.replace(/\\s+/g, ' '))\
         .join(', ')",
    );
    assert_eq!(
        rows,
        "Deployment edge-partners/istio-ingressgateway 100 0 0, Deployment edge-public/istio-ingressgateway 100 0 0, \
         Deployment istio-system/istio-ingressgateway 100 0 0, Deployment payments/istio-ingressgateway 100 0 0, \
         Deployment media/istio-ingressgateway 0 100 0"
    );
}

fn paper_shows_what_is_closed() {
    let mut page = Page::open(
        &worlds::many(),
        View {
            has_scripts: false,
            ..DESK
        },
    );
    page.print();
    page.picture("many-print", 3_000);
    let hidden = page.evaluate(
        "Array.from(document.querySelectorAll('article.finding .body')).filter((body) => body.checkVisibility() === false || \
         body.getBoundingClientRect().height < 100).length",
    );
    assert_eq!(hidden, 0);
    let tools = page.evaluate("getComputedStyle(document.getElementById('tools')).display");
    assert_eq!(tools, "none");
}
