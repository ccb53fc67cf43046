//! The API server's audit log: where a webhook's audit annotations end up.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Error;

/// One event a request, once it is answered, with its annotations and without any object.
pub(crate) const POLICY: &str = r#"{
  "apiVersion": "audit.k8s.io/v1",
  "kind": "Policy",
  "omitStages": ["RequestReceived", "ResponseStarted"],
  "rules": [{"level": "Metadata"}]
}
"#;

/// The events in the log so far. A last line that is still being written is left out.
pub(crate) fn events(log: &Path) -> Result<Vec<Value>, Error> {
    let text = fs::read_to_string(log).map_err(Error::io(format!("read {}", log.display())))?;
    whole_lines(&text)
        .lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|problem| Error::Unexpected {
                what: format!("the audit event {line}"),
                problem: problem.to_string(),
            })
        })
        .collect()
}

fn whole_lines(text: &str) -> &str {
    text.rfind('\n').map_or("", |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_still_being_written_is_no_event_yet() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("audit.log");
        fs::write(&log, "{\"verb\":\"create\"}\n{\"verb\":\"get\"}\n{\"ver").unwrap();
        let verbs: Vec<Value> = events(&log)
            .unwrap()
            .into_iter()
            .map(|event| event["verb"].clone())
            .collect();
        assert_eq!(verbs, ["create", "get"]);
    }

    #[test]
    fn a_whole_line_that_is_no_json_is_an_error_that_quotes_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("audit.log");
        fs::write(&log, "no event\n").unwrap();
        let error = events(&log).unwrap_err().to_string();
        assert!(error.contains("no event"), "{error}");
    }
}
