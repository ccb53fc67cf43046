//! Text of objects that tries to become markup, shown by a browser.

use super::browser::{DESK, Page};
use super::{Case, worlds};

pub(crate) const CASES: &[Case] = &[(
    "hostile::text_of_objects_is_shown_and_does_nothing",
    text_of_objects_is_shown_and_does_nothing,
)];

/// Read by the program as the hostile ones are: something that is not rendered yet.
pub(crate) const HARMLESS: &str = "plain <name> b";

/// Each would end an element, an attribute, a script, a comment or a template somewhere.
pub(crate) const HOSTILE: [&str; 6] = [
    "</pre></code></details></main><script>document.title='owned'</script>",
    "\"><img src=x onerror=\"document.title='owned'\">",
    "' onmouseover='document.title=1' x='<a>",
    "</style></title><style>*{display:none}</style><!-- <x>",
    "]]></svg><svg onload=document.title='owned'><use href=\"data:,x\"/></svg>",
    "{{7*7}} {% raw %} {# <x>",
];

/// The page of a world in which a text stands wherever an object, a file or the configuration can have one: names,
/// namespaces, the quoted line, an annotation, a Service that cannot be told, errors, exemptions.
pub(crate) fn world(text: &str) -> String {
    // Findings are sorted by name: they stand in one order, whatever the text begins with.
    let text = &format!("a {text}");
    let quoted = serde_json::to_string(text).unwrap();
    let manifests = [
        worlds::gateway("istio-system"),
        worlds::ingress("istio-system", text, "istio-ingressgateway")
            .replace("80}}}", &format!("80}}}}}} # {text}")),
        worlds::ingress(text, "a", "istio-ingressgateway"),
        worlds::ingress("shop", text, "nobody-knows"),
        worlds::ingress("exempt", text, "istio-ingressgateway"),
        format!(
            "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: action
  namespace: shop
  annotations: {{alb.ingress.kubernetes.io/actions.x: {quoted}}}
spec:
  ingressClassName: alb
  defaultBackend: {{service: {{name: x, port: {{name: use-annotation}}}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: {quoted}}}
spec: {{ingressClassName: [{quoted}]}}
---
{{{{ }}}}: {quoted}
"
        ),
    ];
    let configuration = format!(
        "\
apiVersion: l7guard/v1
kind: Configuration
exemptions:
  - name: {quoted}
    reason: {quoted}
    owner: team@example.com
    expires: 2099-12-31
    match: {{namespaces: [exempt]}}
"
    );
    // No file's name holds a slash.
    let file = format!("{}.yaml", text.replace('/', "\u{2215}"));
    worlds::of_file(&file, &manifests.concat(), &configuration)
}

fn text_of_objects_is_shown_and_does_nothing() {
    for text in HOSTILE {
        let mut page = Page::open(&world(text), DESK);
        let shown = page.evaluate("document.body.textContent");
        assert!(
            shown.as_str().unwrap().matches(text).count() >= 10,
            "{text} is not shown: {shown}"
        );
        let title = page.evaluate("document.title");
        assert!(
            title.as_str().unwrap().ends_with("l7guard report"),
            "{title}"
        );
        let (requests, complaints) = page.requests_and_complaints();
        assert_eq!(requests, [page.url()]);
        assert_eq!(complaints, Vec::<String>::new());
    }
}
