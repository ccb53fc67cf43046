//! JUnit XML: a test case a finding, for continuous integration that shows test results.

use std::io::{self, Write};

use l7guard_policy::rules::Mode;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Report, ReportedError, ReportedFinding, object_name, one_line, printable};

/// Writes the report as one test suite. Denials are failures, inputs that cannot be read are errors, warnings are
/// passed cases whose output says what they are; a run that found nothing is one passed case.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(report: &Report, mut output: impl Write) -> io::Result<()> {
    let mut suite = TestSuite::new("l7guard");
    suite.add_test_cases(report.errors.iter().map(error_case));
    suite.add_test_cases(report.findings.iter().map(finding_case));
    if report.errors.is_empty() && report.findings.is_empty() {
        let mut case = TestCase::new(
            format!("{} objects", report.objects),
            TestCaseStatus::success(),
        );
        case.set_classname("l7guard");
        suite.add_test_case(case);
    }
    let mut junit = quick_junit::Report::new("l7guard");
    junit.add_test_suite(suite);
    let xml = junit.to_string().map_err(io::Error::other)?;
    output.write_all(xml.as_bytes())
}

fn error_case(error: &ReportedError) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(one_line(&error.message).into_owned());
    let mut case = TestCase::new(place(&error.file, error.line, error.column), status);
    case.set_classname("input");
    case
}

fn finding_case(reported: &ReportedFinding) -> TestCase {
    let finding = &reported.judged.finding;
    let place = reported.location.as_ref().map_or(String::new(), |at| {
        place(&at.file, Some(at.line), Some(at.column))
    });
    let evidence: Vec<String> = finding
        .path
        .iter()
        .map(|hop| {
            format!(
                "{} {}: {}",
                hop.role.as_str(),
                object_name(&hop.object),
                one_line(&hop.evidence)
            )
        })
        .collect();
    let details = format!(
        "{place}\n{}\n\n{}",
        evidence.join("\n"),
        printable(&finding.remedy.to_string())
    );
    let is_failure = reported.judged.severity == Mode::Deny;
    let mut status = if is_failure {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::success()
    };
    if is_failure {
        status.set_message(one_line(&finding.message).into_owned());
        status.set_type(finding.rule.as_str());
        status.set_description(details.clone());
    }
    let mut case = TestCase::new(format!("{} {place}", object_name(&finding.object)), status);
    case.set_classname(format!("{} {}", finding.rule, finding.rule.name()));
    if !is_failure {
        case.set_system_out(format!("{}\n{details}", one_line(&finding.message)));
    }
    case
}

fn place(file: &str, line: Option<usize>, column: Option<usize>) -> String {
    let mut place = one_line(file).into_owned();
    for number in [line, column].into_iter().flatten() {
        place.push(':');
        place.push_str(&number.to_string());
    }
    place
}
