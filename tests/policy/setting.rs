//! `# config:` and `# namespace:` lines: what a fixture is judged under, where that is not the default.

use l7guard::configuration;
use l7guard_policy::configuration::Configuration;

use super::TODAY;

/// What a fixture is judged under.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// What the policy is asked with.
    pub(super) configuration: Configuration,
    /// The namespace of objects that name none.
    pub(super) namespace: String,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            configuration: Configuration::default(),
            namespace: "default".to_owned(),
        }
    }
}

impl Setting {
    /// Reads lines of a configuration file, without its first two.
    pub(super) fn read(lines: &[&str], namespace: Option<&str>) -> Result<Self, String> {
        let mut setting = Self::default();
        if let Some(namespace) = namespace {
            namespace.clone_into(&mut setting.namespace);
        }
        if !lines.is_empty() {
            let document = format!(
                "apiVersion: l7guard/v1\nkind: Configuration\n{}\n",
                lines.join("\n")
            );
            let reading = configuration::read("config", document.into_bytes(), TODAY);
            setting.configuration = reading
                .configuration
                .ok_or_else(|| format!("{:?}", reading.problems))?;
        }
        Ok(setting)
    }
}
