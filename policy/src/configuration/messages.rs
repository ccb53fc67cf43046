//! Where the reader of a refusal finds more: a page of each rule, and somebody to ask.

use crate::rules::RuleCode;

/// Where the reader of a refusal finds more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// A URL in which [`Messages::CODE`] stands for the rule's code.
    pub documentation: Option<Box<str>>,
    /// Whom to ask, in a line: a channel, an address.
    pub contact: Option<Box<str>>,
}

impl Messages {
    /// What stands for the rule's code in a URL.
    pub const CODE: &'static str = "{code}";

    /// The page of a rule, where one is configured.
    #[must_use]
    pub fn page_of(&self, rule: RuleCode) -> Option<String> {
        let pattern = self.documentation.as_deref()?;
        Some(pattern.replace(Self::CODE, rule.as_str()))
    }

    /// The same, and without one where the page is from the root of the documentation.
    #[must_use]
    pub fn documentation_of(&self, rule: RuleCode) -> String {
        self.page_of(rule).unwrap_or_else(|| rule.documentation())
    }
}
