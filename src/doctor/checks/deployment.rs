//! Flags and environment of a Deployment of somebody else's.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Container;

/// `namespace/name`.
pub(super) fn name(deployment: &Deployment) -> String {
    let metadata = &deployment.metadata;
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    format!(
        "{namespace}/{}",
        metadata.name.as_deref().unwrap_or_default()
    )
}

fn containers(deployment: &Deployment) -> impl Iterator<Item = &Container> {
    let template = deployment.spec.iter().map(|spec| &spec.template);
    template.flat_map(|template| template.spec.iter().flat_map(|spec| &spec.containers))
}

/// The last value of a flag that takes one: `--flag=value` or `--flag value`.
///
/// Source: pflag: the last one given holds.
pub(super) fn flag<'a>(deployment: &'a Deployment, flag: &str) -> Option<&'a str> {
    let mut found = None;
    for container in containers(deployment) {
        let words = container
            .command
            .iter()
            .flatten()
            .chain(container.args.iter().flatten());
        let words: Vec<&str> = words.map(String::as_str).collect();
        for (at, word) in words.iter().enumerate() {
            let Some(rest) = word
                .strip_prefix("--")
                .and_then(|word| word.strip_prefix(flag))
            else {
                continue;
            };
            if let Some(value) = rest.strip_prefix('=') {
                found = Some(value);
            } else if rest.is_empty() {
                found = words.get(at + 1).copied();
            }
        }
    }
    found
}

/// The value of a variable of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable<'a> {
    Unset,
    Value(&'a str),
    /// It comes from a ConfigMap, a Secret or a field.
    Elsewhere,
}

/// Reads a variable by its name.
pub(super) fn variable<'a>(deployment: &'a Deployment, name: &str) -> Variable<'a> {
    let mut variables = containers(deployment).flat_map(|container| container.env.iter().flatten());
    match variables.find(|variable| variable.name == name) {
        None => Variable::Unset,
        Some(variable) if variable.value_from.is_some() => Variable::Elsewhere,
        Some(variable) => Variable::Value(variable.value.as_deref().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::deployment;
    use super::*;

    #[test]
    fn flags_are_read_in_both_forms_and_the_last_holds() {
        let deployment = deployment(&["--a=1", "--b", "2", "--a=3", "--ab=4"], &[("X", "y")]);
        assert_eq!(flag(&deployment, "a"), Some("3"));
        assert_eq!(flag(&deployment, "b"), Some("2"));
        assert_eq!(flag(&deployment, "c"), None);
        assert_eq!(variable(&deployment, "X"), Variable::Value("y"));
        assert_eq!(variable(&deployment, "Y"), Variable::Unset);
    }
}
