//! Placeholders: values in files that are not rendered yet.
//!
//! Of a name, namespace, class, controller, ARN, group or host with a placeholder in it nothing is known. It equals nothing, it
//! joins nothing, and it makes nothing invalid. [`World`](crate::inventory::World) says of which values this holds: in a
//! cluster a value is what it says.

use std::borrow::Cow;

/// How placeholders begin and end: of Terraform, Flux and `envsubst`; of kustomize and Azure Pipelines; of Helm, Jinja and
/// Ansible; of pages to be filled in by hand.
const BRACKETS: [(&str, &str); 4] = [("${", "}"), ("$(", ")"), ("{{", "}}"), ("<", ">")];

/// Whether a text is a placeholder or has one in it. Takes linear time.
#[must_use]
pub fn is_in(text: &str) -> bool {
    first(text, 0).is_some()
}

/// The text with a space in place of each placeholder: what is known of it. For short texts, as its time is that of each
/// placeholder times the rest.
pub(crate) fn known_parts(text: &str) -> Cow<'_, str> {
    let mut known = String::new();
    let mut from = 0;
    while let Some((start, end)) = first(text, from) {
        known.push_str(&text[from..start]);
        known.push(' ');
        from = end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    known.push_str(&text[from..]);
    Cow::Owned(known)
}

/// Where the first placeholder from a byte on begins and ends.
fn first(text: &str, from: usize) -> Option<(usize, usize)> {
    let rest = &text[from..];
    let found = BRACKETS.iter().filter_map(|(open, close)| {
        let start = rest.find(open)?;
        let inside = start + open.len();
        let end = inside + rest[inside..].find(close)? + close.len();
        Some((from + start, from + end))
    });
    found.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_found_in_whole_and_in_part() {
        for text in [
            "${ARN}",
            "$(loadBalancerScheme)",
            "{{ .Values.class }}",
            "{{name}}",
            "<your-class>",
            "${cluster}-edge",
            "arn:aws:elasticloadbalancing:eu-central-1:${account}:targetgroup/edge/0123456789abcdef",
            "istio-ingressgateway.${ns}.svc.cluster.local",
            "}${a}",
        ] {
            assert!(is_in(text), "{text}");
        }
    }

    #[test]
    fn other_texts_have_none() {
        for text in [
            "", "alb", "$HOME", "${", "a}b", "$[x]", "{a}", "{{a}", "a > b", "}}{{", "><", ")$(",
        ] {
            assert!(!is_in(text), "{text}");
        }
    }

    #[test]
    fn what_is_known_is_what_stands_outside() {
        assert_eq!(known_parts("alb-${env}-x<y>"), "alb- -x ");
        assert_eq!(known_parts("{{ .Values.alb.class }}"), " ");
        assert_eq!(known_parts("alb"), "alb");
    }
}
