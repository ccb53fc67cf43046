//! Codes, names, defaults and pages of all rules. Codes are stable and never renumbered.

use std::fmt;

use super::{
    l7g001_alb_ingress, l7g002_alb_route, l7g003_alb_target_group, l7g004_alb_requested_by_service,
    l7g101_classic_elb_http, l7g102_tls_terminated_early, l7g103_target_group_unknown,
    l7g104_health_check_conflict, l7g105_external_target_group, l7g106_unreadable_action,
};

/// A rule's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each code is documented in its own file")]
pub enum RuleCode {
    L7G001,
    L7G002,
    L7G003,
    L7G004,
    L7G101,
    L7G102,
    L7G103,
    L7G104,
    L7G105,
    L7G106,
}

/// What a finding does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Nothing: the rule is not asked.
    Off,
    /// Allowed, silent to the user: log, metric, audit annotation and report only.
    Audit,
    /// Allowed, and the user sees a warning.
    Warn,
    /// Refused.
    Deny,
}

impl Mode {
    /// As written in the configuration and in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Audit => "audit",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// What is fixed about a rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its code.
    pub code: RuleCode,
    /// Its name in words.
    pub name: &'static str,
    /// What its findings do unless the configuration says otherwise.
    pub default_mode: Mode,
    /// The source file whose module text is the rule's page.
    source: &'static str,
}

/// All rules, in the order of their codes.
const RULES: [Rule; 10] = [
    Rule {
        code: RuleCode::L7G001,
        name: "alb-ingress",
        default_mode: Mode::Deny,
        source: l7g001_alb_ingress::SOURCE,
    },
    Rule {
        code: RuleCode::L7G002,
        name: "alb-route",
        default_mode: Mode::Deny,
        source: l7g002_alb_route::SOURCE,
    },
    Rule {
        code: RuleCode::L7G003,
        name: "alb-target-group",
        default_mode: Mode::Deny,
        source: l7g003_alb_target_group::SOURCE,
    },
    Rule {
        code: RuleCode::L7G004,
        name: "alb-requested-by-service",
        default_mode: Mode::Deny,
        source: l7g004_alb_requested_by_service::SOURCE,
    },
    Rule {
        code: RuleCode::L7G101,
        name: "classic-elb-http",
        default_mode: Mode::Warn,
        source: l7g101_classic_elb_http::SOURCE,
    },
    Rule {
        code: RuleCode::L7G102,
        name: "tls-terminated-early",
        default_mode: Mode::Warn,
        source: l7g102_tls_terminated_early::SOURCE,
    },
    Rule {
        code: RuleCode::L7G103,
        name: "target-group-unknown",
        default_mode: Mode::Warn,
        source: l7g103_target_group_unknown::SOURCE,
    },
    Rule {
        code: RuleCode::L7G104,
        name: "health-check-conflict",
        default_mode: Mode::Warn,
        source: l7g104_health_check_conflict::SOURCE,
    },
    Rule {
        code: RuleCode::L7G105,
        name: "external-target-group",
        default_mode: Mode::Warn,
        source: l7g105_external_target_group::SOURCE,
    },
    Rule {
        code: RuleCode::L7G106,
        name: "unreadable-action",
        default_mode: Mode::Warn,
        source: l7g106_unreadable_action::SOURCE,
    },
];

impl Rule {
    /// All rules, in the order of their codes.
    #[must_use]
    pub fn all() -> &'static [Rule] {
        &RULES
    }

    /// The rule's page: Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = format!(
            "# {}: {}\n\n*Default: {}.*\n\n",
            self.code,
            self.name,
            self.default_mode.as_str()
        );
        for line in self.source.lines() {
            let Some(text) = line.strip_prefix("//!") else {
                break;
            };
            page.push_str(text.strip_prefix(' ').unwrap_or(text));
            page.push('\n');
        }
        page
    }
}

impl RuleCode {
    /// What is fixed about the rule.
    #[must_use]
    pub fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }

    /// The rule's name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// The code as written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::L7G001 => "L7G001",
            Self::L7G002 => "L7G002",
            Self::L7G003 => "L7G003",
            Self::L7G004 => "L7G004",
            Self::L7G101 => "L7G101",
            Self::L7G102 => "L7G102",
            Self::L7G103 => "L7G103",
            Self::L7G104 => "L7G104",
            Self::L7G105 => "L7G105",
            Self::L7G106 => "L7G106",
        }
    }

    /// The rule of a code or name, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        RULES
            .iter()
            .find(|rule| {
                rule.code.as_str().eq_ignore_ascii_case(text)
                    || rule.name.eq_ignore_ascii_case(text)
            })
            .map(|rule| rule.code)
    }

    /// Where the rule's page is, from the root of the documentation.
    #[must_use]
    pub fn documentation(self) -> String {
        format!("docs/rules/{}.md", self.as_str())
    }
}

impl fmt::Display for RuleCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_finds_its_own_rule() {
        for rule in Rule::all() {
            assert_eq!(rule.code.rule().code, rule.code);
            assert_eq!(RuleCode::parse(rule.name), Some(rule.code));
            assert_eq!(
                RuleCode::parse(&rule.code.as_str().to_lowercase()),
                Some(rule.code)
            );
        }
    }

    #[test]
    fn every_page_has_the_five_headings() {
        for rule in Rule::all() {
            let page = rule.page();
            for heading in [
                "## What it does",
                "## Why",
                "## Example",
                "## What to write instead",
                "## When to exempt",
            ] {
                assert!(page.contains(heading), "{}: {heading}", rule.code);
            }
        }
    }
}
