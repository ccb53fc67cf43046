//! JUnit XML: a test case a finding, for continuous integration that shows test results.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use l7guard_policy::rules::Finding;
use l7guard_policy::verdict::Unresolved;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::exemption::justification;
use super::{
    OfCluster, Report, ReportedError, ReportedExemption, ReportedFinding, name_in_cluster,
    object_name, remedy_text, target,
};
use crate::visible_text::{one_line, printable};

/// Writes the report as one test suite. Findings that fail the run are failures, inputs that cannot be read are errors,
/// other findings are passed cases whose output says what they are, exempt ones are skipped; a run that found nothing is one
/// passed case.
///
/// A case is named by class and name (GitLab shows only the first of several that have both alike, and compares branches
/// by them): neither holds a line number, and no two cases have the same.
///
/// # Errors
///
/// The output cannot be written.
pub fn write(
    report: &Report,
    fails: impl Fn(&ReportedFinding) -> bool,
    mut output: impl Write,
) -> io::Result<()> {
    let mut cases: Vec<TestCase> = report.errors.iter().map(error_case).collect();
    let findings = report.findings.iter();
    cases.extend(findings.map(|finding| finding_case(finding, fails(finding))));
    if report.unresolved_fails {
        cases.extend(report.unresolved.iter().map(unresolved_case));
    }
    cases.extend(report.exempt.iter().map(exempt_case));
    if cases.is_empty() {
        let mut case = TestCase::new(
            format!("{} objects", report.objects),
            TestCaseStatus::success(),
        );
        case.set_classname("l7guard");
        cases.push(case);
    }
    let mut seen = HashMap::new();
    for case in &mut cases {
        number_duplicate(case, &mut seen);
    }
    let mut suite = TestSuite::new("l7guard");
    suite.add_test_cases(cases);
    let mut junit = quick_junit::Report::new("l7guard");
    junit.add_test_suite(suite);
    let xml = junit.to_string().map_err(io::Error::other)?;
    output.write_all(xml.as_bytes())
}

fn number_duplicate(case: &mut TestCase, seen: &mut HashMap<String, usize>) {
    let class = case.classname.as_deref().unwrap_or_default();
    let before = seen
        .entry(format!("{class}\n{}", case.name.as_str()))
        .or_insert(0);
    *before += 1;
    if *before > 1 {
        case.name = format!("{} ({before})", case.name.as_str()).into();
    }
}

fn error_case(error: &ReportedError) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(one_line(&error.message).into_owned());
    let mut case = TestCase::new(error.place(), status);
    case.set_classname("input");
    set_file(&mut case, &error.file, error.line);
    case
}

/// A case of an object that cannot be told, where that makes the run fail.
fn unresolved_case(unresolved: &OfCluster<Unresolved>) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(one_line(unresolved.reason.in_full()).into_owned());
    let name = name_in_cluster(unresolved.cluster.as_deref(), &unresolved.object);
    let mut case = TestCase::new(name, status);
    case.set_classname("unresolved");
    case
}

fn finding_case(reported: &ReportedFinding, is_failure: bool) -> TestCase {
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
                one_line(hop.evidence.in_full())
            )
        })
        .collect();
    let details = format!(
        "{place}\n{}\n\n{}",
        evidence.join("\n"),
        printable(&remedy_text::of_finding(reported))
    );
    let mut status = if is_failure {
        TestCaseStatus::non_success(NonSuccessKind::Failure)
    } else {
        TestCaseStatus::success()
    };
    if is_failure {
        status.set_message(one_line(finding.message.in_full()).into_owned());
        status.set_type(finding.rule.as_str());
        status.set_description(details.clone());
    }
    let name = case_name(reported.cluster.as_deref(), finding);
    let mut case = TestCase::new(name, status);
    if let Some(location) = &reported.location {
        set_file(&mut case, &location.file, Some(location.line));
    }
    case.set_classname(format!("{} {}", finding.rule, finding.rule.name()));
    if !is_failure {
        case.set_system_out(format!(
            "{}\n{details}",
            one_line(finding.message.in_full())
        ));
    }
    case
}

/// A finding that an exemption covers: skipped, with the exemption as the reason.
fn exempt_case(exempted: &OfCluster<ReportedExemption>) -> TestCase {
    let finding = &exempted.finding;
    let mut status = TestCaseStatus::skipped();
    status.set_message(justification(exempted));
    let mut case = TestCase::new(case_name(exempted.cluster.as_deref(), finding), status);
    if let Some(location) = &exempted.location {
        set_file(&mut case, &location.file, Some(location.line));
    }
    case.set_classname(format!("{} {}", finding.rule, finding.rule.name()));
    case
}

/// The object, and where the path leads.
fn case_name(cluster: Option<&str>, finding: &Finding) -> String {
    let mut name = super::name_in_cluster(cluster, &finding.object);
    let own = finding.object.qualified_name();
    if let Some(target) = target(finding).filter(|target| *target != own) {
        let _ = write!(name, " to {}", one_line(target));
    }
    name
}

/// GitLab links a case to its `file`.
fn set_file(case: &mut TestCase, file: &str, line: Option<usize>) {
    let attributes = &mut case.extra;
    attributes.insert("file".into(), one_line(file).as_ref().into());
    if let Some(line) = line {
        attributes.insert("line".into(), line.to_string().into());
    }
}

fn place(file: &str, line: Option<usize>, column: Option<usize>) -> String {
    let mut place = one_line(file).into_owned();
    for number in [line, column].into_iter().flatten() {
        place.push(':');
        place.push_str(&number.to_string());
    }
    place
}
