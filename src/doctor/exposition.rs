//! Metrics as a replica exposes them, in the text format of Prometheus: as much as the checks read.

use std::collections::BTreeMap;

/// The samples of one answer of `/metrics`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Exposition(Vec<Sample>);

#[derive(Clone, Debug, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Exposition {
    /// Lines that cannot be read are left out.
    pub(super) fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(sample).collect())
    }

    /// The values of one metric, by the value of one of its labels.
    pub(super) fn by_label<'a>(
        &'a self,
        name: &'a str,
        label: &'a str,
    ) -> impl Iterator<Item = (&'a str, f64)> {
        let samples = self.0.iter().filter(move |sample| sample.name == name);
        samples.filter_map(move |sample| Some((&**sample.labels.get(label)?, sample.value)))
    }

    /// The version of l7guard that answered.
    pub(super) fn version(&self) -> Option<&str> {
        let mut versions = self.by_label("l7guard_build_info", "version");
        versions.next().map(|(version, _)| version)
    }
}

fn sample(line: &str) -> Option<Sample> {
    if line.starts_with('#') {
        return None;
    }
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// Labels and what stands behind their closing brace.
fn labels(mut text: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        text = text.trim_start_matches([',', ' ']);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, rest) = text.split_once("=\"")?;
        let (value, rest) = quoted(rest)?;
        labels.insert(name.to_owned(), value);
        text = rest;
    }
}

fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_read_with_their_labels() {
        let text = "# TYPE a gauge\na{kind=\"Ingress\",x=\"}\\\"\\n\"} 1 17\na{kind=\"Service\"} 0.5\nb 3\nbroken{\nl7guard_build_info{version=\"1.2.3\"} 1\n# EOF\n";
        let read = Exposition::parse(text);
        let values: Vec<_> = read.by_label("a", "kind").collect();
        assert_eq!(values, [("Ingress", 1.0), ("Service", 0.5)]);
        let odd: Vec<_> = read.by_label("a", "x").collect();
        assert_eq!(odd, [("}\"\n", 1.0)]);
        assert_eq!(read.version(), Some("1.2.3"));
        assert_eq!(Exposition::parse("").version(), None);
    }
}
