//! The leading comment of a fixture: what it shows, under which configuration, and what is expected.

use super::Outcome;
use super::setting::Setting;

/// A leading comment, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    /// What the fixture shows.
    pub(super) description: String,
    /// `# expect:` lines.
    pub(super) expected: Vec<String>,
    /// `# path:` lines: the hops of a finding.
    pub(super) paths: Vec<String>,
    /// `# config:` and `# namespace:` lines.
    pub(super) setting: Setting,
}

/// Expectations that name a part of a message: everything after this is searched for in the outcome's text.
const PART: &str = " because ";

impl Header {
    /// Reads the comment lines that a fixture begins with.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut header = Self::default();
        let (mut configuration, mut namespace) = (Vec::new(), None);
        for line in text.lines().map_while(|line| line.strip_prefix('#')) {
            let line = line.trim();
            match line.split_once(": ") {
                Some(("expect", rest)) => header.expected.push(rest.to_owned()),
                Some(("path", rest)) => header.paths.push(rest.to_owned()),
                Some(("config", rest)) => configuration.push(rest),
                Some(("namespace", rest)) => namespace = Some(rest),
                _ if header.expected.is_empty() && header.paths.is_empty() => {
                    header.description.push_str(line);
                    header.description.push(' ');
                }
                _ => return Err(format!("{line:?} is no expectation")),
            }
        }
        header.setting = Setting::read(&configuration, namespace)?;
        if header.description.is_empty() {
            return Err("the leading comment does not say what the fixture shows".to_owned());
        }
        if header.expected.is_empty() {
            return Err("nothing is expected: write `# expect: nothing`".to_owned());
        }
        Ok(header)
    }

    /// Whether what came out is what is expected, no more and no less.
    pub(super) fn compare(&self, outcome: &[String], paths: &[String]) -> Outcome {
        let mut unexpected: Vec<&String> = outcome.iter().collect();
        let mut missing: Vec<String> = Vec::new();
        for wanted in self.expected.iter().filter(|line| *line != "nothing") {
            match unexpected.iter().position(|line| matches(wanted, line)) {
                Some(at) => {
                    unexpected.remove(at);
                }
                None => missing.push(wanted.clone()),
            }
        }
        let lost = self.paths.iter().filter(|path| !paths.contains(path));
        missing.extend(lost.map(|path| format!("path {path}")));
        if missing.is_empty() && unexpected.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{}\n  expected, but not so:{}\n  not expected:{}\n  all paths:{}",
            self.description.trim(),
            listed(&missing),
            listed(&unexpected),
            listed(paths)
        )
        .into())
    }
}

fn listed(lines: &[impl AsRef<str>]) -> String {
    let lines = lines.iter().map(|line| format!("\n    {}", line.as_ref()));
    lines.collect()
}

/// Whether an outcome is what a line expects.
fn matches(wanted: &str, line: &str) -> bool {
    match (wanted.split_once(PART), line.split_once(PART)) {
        (Some((wanted, part)), Some((line, text))) => wanted == line && text.contains(part),
        (None, Some((line, _))) => wanted == line,
        _ => wanted == line,
    }
}
