//! `l7guard config`: checks a configuration file, prints the JSON Schema of the format, and loads the file that
//! `--config` names for other commands.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use l7guard_policy::configuration::Configuration;

use super::ExitStatus;
use super::terminal::style;
use crate::clock;
use crate::configuration::{self, Problem, Reading, Severity};
use crate::reload::MOUNTED_LIMIT;
use crate::report::Location;
use crate::report::diagnostic::{Diagnostic, Level, Place, Style};
use crate::visible_text::one_line;
use l7guard_manifests::files::{self, Input};

/// How many bytes a configuration may have: as many as can be mounted, with room to spare.
const CONFIGURATION_LIMIT: usize = MOUNTED_LIMIT;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, clap::Subcommand)]
enum Question {
    /// Check configuration files: all that is wrong with them, with line and column
    #[command(after_help = "\
Exit status: 0 sound, 2 not. Exemptions that have expired are errors here.

Example:
  l7guard config check l7guard.yaml")]
    Check {
        /// Files, or - for standard input
        #[arg(required = true, value_name = "FILE|-")]
        files: Vec<PathBuf>,
    },
    /// Print the JSON Schema of the format
    #[command(after_help = "\
Example:
  l7guard config schema > l7guard.schema.json")]
    Schema,
}

/// The file of `--config`.
#[derive(Debug, clap::Args)]
pub(super) struct ConfigurationFile {
    /// The configuration: modes, exemptions, names (`l7guard config schema` prints its format)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let stdout = io::stdout();
    let style = style(&stdout);
    let mut output = io::BufWriter::new(stdout.lock());
    let status = match &arguments.question {
        Question::Check { files } => check(files, style, &mut output)?,
        Question::Schema => {
            serde_json::to_writer_pretty(&mut output, &configuration::schema())?;
            writeln!(output)?;
            ExitStatus::Success
        }
    };
    output.flush()?;
    Ok(status)
}

fn check(paths: &[PathBuf], style: Style, output: &mut impl Write) -> Result<ExitStatus> {
    let inputs = files::find(paths);
    let mut unreadable = inputs.errors;
    let mut are_sound = true;
    for input in inputs.found {
        match input.read_at_most(CONFIGURATION_LIMIT) {
            Ok(bytes) => are_sound &= check_one(&input, bytes, style, output)?,
            Err(error) => unreadable.push(error),
        }
    }
    for error in &unreadable {
        writeln!(output, "error: {}", one_line(&error.to_string()))?;
    }
    Ok(if are_sound && unreadable.is_empty() {
        ExitStatus::Success
    } else {
        ExitStatus::Error
    })
}

/// Writes what is wrong with one file, and whether it is sound.
fn check_one(
    input: &Input,
    bytes: Vec<u8>,
    style: Style,
    output: &mut impl Write,
) -> io::Result<bool> {
    let reading = configuration::read(input.name(), bytes, clock::today());
    write_problems(&reading, Severity::Expired, style, output)?;
    let is_error = |problem: &&Problem| problem.severity >= Severity::Expired;
    let errors = reading.problems.iter().filter(is_error).count();
    let warnings = reading.problems.len() - errors;
    let mut summary = match errors {
        0 => "sound".to_owned(),
        _ => counted(errors, "error"),
    };
    if warnings > 0 {
        summary = format!("{summary}, {}", counted(warnings, "warning"));
    }
    writeln!(output, "{}: {summary}", one_line(reading.source.name()))?;
    Ok(errors == 0)
}

impl ConfigurationFile {
    /// The file, as it was named, for a report.
    pub(super) fn name(&self) -> Option<String> {
        self.path().map(|file| file.display().to_string())
    }

    /// The file, if one was named.
    pub(super) fn path(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The configuration of the file, or the default one if no file was named. What has expired, or is about to, is a
    /// warning on standard error.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not sound; what is wrong with it is on standard error.
    pub(super) fn load(&self) -> Result<Configuration> {
        let Some(path) = &self.config else {
            return Ok(Configuration::default());
        };
        let reading = read(path)?;
        let stderr = io::stderr();
        write_problems(
            &reading,
            Severity::Error,
            style(&stderr),
            &mut stderr.lock(),
        )?;
        let configuration = reading.configuration;
        configuration.with_context(|| format!("the configuration {} is not sound", path.display()))
    }
}

/// Reads a configuration file.
///
/// # Errors
/// When it cannot be read or is too large. What is wrong with what it says is in the reading.
fn read(path: &Path) -> Result<Reading> {
    let input = Input::File(path.to_owned());
    let bytes = input.read_at_most(CONFIGURATION_LIMIT)?;
    Ok(configuration::read(input.name(), bytes, clock::today()))
}

/// Writes problems; those that are at least as severe as `error` as errors.
fn write_problems(
    reading: &Reading,
    error: Severity,
    style: Style,
    output: &mut impl Write,
) -> io::Result<()> {
    for problem in &reading.problems {
        let level = if problem.severity >= error {
            Level::Error
        } else {
            Level::Warning
        };
        let message = match problem.pointer.as_str() {
            "" => problem.message.clone(),
            pointer => format!("{pointer}: {}", problem.message),
        };
        let location = Location {
            file: reading.source.name().to_owned(),
            line: problem.place.line,
            column: problem.place.column,
            text: reading
                .source
                .line(problem.place.line)
                .map(std::borrow::Cow::into_owned),
        };
        let diagnostic = Diagnostic {
            level,
            code: None,
            message: &message,
            place: Place::Quoted(&location),
            remarks: Vec::new(),
        };
        diagnostic.write(style, &mut *output)?;
        writeln!(output)?;
    }
    Ok(())
}

fn counted(count: usize, word: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {word}{s}")
}
