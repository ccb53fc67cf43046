//! Codes, names, defaults and pages of all rules. Codes are stable and never renumbered.

use std::fmt::{self, Write as _};

use super::{Finding, GatewayService};
use crate::identity::Kind;
use crate::paths::FrontPaths;

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

/// Everything that is fixed about a rule. It stands in the rule's file.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its code.
    pub code: RuleCode,
    /// Its name in words.
    pub name: &'static str,
    /// What its findings do unless the configuration says otherwise.
    pub default_mode: Mode,
    /// The kinds of objects that its findings are about.
    pub kinds: &'static [Kind],
    /// A finding in a few words, for a warning of one line; [`Rule::headline`] puts the gateway's Service into it.
    pub(super) headline: &'static str,
    /// Why this cluster's policy forbids it, in a sentence. Istio documents an ALB in front of its gateway as possible, so
    /// no reason says that it is not supported.
    pub reason: &'static str,
    /// Where the behaviour of the controllers that it judges is taken from: project and files.
    pub sources: &'static [&'static str],
    /// What finds it.
    pub(super) check: Check,
    /// How its findings are repaired.
    pub(crate) way_out: WayOut,
    /// The source file, whose module text is the rule's page.
    pub(super) source: &'static str,
}

/// What a rule looks at, and the function that adds what it finds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// A front with all its paths.
    Front(fn(&FrontPaths<'_>, &mut Vec<Finding>)),
    /// The load balancer of a gateway's Service.
    Service(fn(&GatewayService<'_>, &mut Vec<Finding>)),
}

/// How the findings of a rule are repaired.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WayOut {
    /// The front leaves the way to the gateway, which gets a Network Load Balancer.
    Front,
    /// The load balancer of the gateway's own Service is set right.
    Defect,
    /// Nobody can tell from the objects; the text says why.
    Unknown(&'static str),
}

/// The reason of every rule about a second Layer-7 router on the way.
pub(super) const TWO_ROUTERS: &str = "by this cluster's policy Istio is the one Layer-7 router; a second one in front of it splits routing, ends TLS too early and hides client addresses.";

/// What stands for the gateway's Service in a headline.
const SERVICE: &str = "{service}";

/// Makes [`RuleCode`] and the table of rules from one row a rule: its code and the module of its file.
macro_rules! rules {
    ($($code:ident => $module:ident,)+) => {
        /// A rule's code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each code is documented in its own file")]
        pub enum RuleCode {
            $($code,)+
        }

        impl RuleCode {
            /// The code as written everywhere.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => stringify!($code),)+
                }
            }
        }

        /// All rules, in the order of their codes.
        const RULES: &[Rule] = &[$(super::$module::RULE,)+];
    };
}

rules! {
    L7G001 => l7g001_alb_ingress,
    L7G002 => l7g002_alb_route,
    L7G003 => l7g003_alb_target_group,
    L7G004 => l7g004_alb_requested_by_service,
    L7G101 => l7g101_classic_elb_http,
    L7G102 => l7g102_tls_terminated_early,
    L7G103 => l7g103_target_group_unknown,
    L7G104 => l7g104_health_check_conflict,
    L7G105 => l7g105_external_target_group,
    L7G106 => l7g106_unreadable_action,
}

impl Rule {
    /// All rules, in the order of their codes.
    #[must_use]
    pub fn all() -> &'static [Rule] {
        RULES
    }

    /// A finding of the rule in a few words; `service` is the Service behind which the gateway is.
    #[must_use]
    pub fn headline(&self, service: &str) -> String {
        self.headline.replace(SERVICE, service)
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
        page.push_str("\n## Sources\n\n");
        for source in self.sources {
            let _ = writeln!(page, "- {source}");
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
    fn every_page_has_the_six_headings() {
        for rule in Rule::all() {
            let page = rule.page();
            for heading in [
                "## What it does",
                "## Why",
                "## Example",
                "## What to write instead",
                "## When to exempt",
                "## Sources",
            ] {
                assert!(page.contains(heading), "{}: {heading}", rule.code);
            }
        }
    }
}
