//! `l7guard explain`: a rule's page.

use std::io::{self, Write};

use anyhow::{Result, bail};
use l7guard_policy::rules::{Rule, RuleCode};

use super::ExitStatus;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The rule's code or name, such as L7G001 or alb-ingress
    code: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let Some(code) = RuleCode::parse(&arguments.code) else {
        let known: Vec<String> = Rule::all()
            .iter()
            .map(|rule| format!("  {}  {}", rule.code, rule.name))
            .collect();
        bail!(
            "there is no rule {:?}; the rules are\n{}",
            arguments.code,
            known.join("\n")
        );
    };
    io::stdout().write_all(code.rule().page().as_bytes())?;
    Ok(ExitStatus::Success)
}
