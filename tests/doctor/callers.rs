//! What a caller may not look at, and where there is nothing to look at.

use std::fs;

use libtest_mimic::Failed;

use crate::Case;
use crate::diagnosis::run;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    (
        "without a right every line is unknown and names what is missing",
        without_rights,
    ),
    (
        "a cluster that cannot be reached is status 2",
        without_cluster,
    ),
];

fn without_rights(stage: &Stage) -> Result<(), Failed> {
    let options = [
        "--namespace",
        "l7guard",
        "--service",
        "l7guard",
        "--output",
        "json",
    ];
    let diagnosis = run(stage.nobody(), &options)?;
    assert_eq!(diagnosis.status, Some(0), "{}", diagnosis.error);
    let lines = diagnosis.lines()?;
    for line in &lines {
        assert_eq!(line.outcome, "unknown", "{}: {}", line.check, line.message);
        assert!(
            line.message.contains("you lack the right to "),
            "{}: {}",
            line.check,
            line.message
        );
    }
    assert_eq!(lines.len(), 17);
    let strict = run(stage.nobody(), &[&options[..], &["--strict"]].concat())?;
    assert_eq!(strict.status, Some(1));
    Ok(())
}

fn without_cluster(stage: &Stage) -> Result<(), Failed> {
    let text = fs::read_to_string(stage.cluster.kubeconfig())?;
    let mut kubeconfig: serde_json::Value = serde_json::from_str(&text)?;
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1".into();
    let file = stage.folder("nowhere.kubeconfig");
    fs::write(&file, kubeconfig.to_string())?;
    let diagnosis = run(&file, &[])?;
    assert_eq!(diagnosis.status, Some(2));
    assert!(
        diagnosis
            .error
            .starts_with("error: the API server cannot be reached: "),
        "{}",
        diagnosis.error
    );
    assert!(diagnosis.output.is_empty());
    Ok(())
}
