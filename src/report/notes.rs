//! Notes on inputs, a line a reason: what was skipped, and what may be read otherwise than it was meant.

use std::io::{self, Write};

use super::inputs::ReportedError;
use crate::visible_text::one_line;

/// Why there is a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteReason {
    /// Helm makes objects of the file.
    Helm,
    /// kustomize makes objects of the file.
    Kustomize,
    /// An object from which a controller in the cluster installs a chart, or manifests of a repository.
    Release,
    /// A document is no object.
    NotAnObject,
    /// A value is not rendered yet.
    Placeholder,
    /// A text is read as `kubectl` reads it, and may have been meant otherwise.
    Ambiguous,
    /// An object is given several times.
    Copies,
    /// An object is given with different content in several files.
    Conflict,
    /// An `--exclude` excludes nothing.
    Exclusion,
    /// Findings of an earlier report that were not looked for.
    NotCompared,
}

/// A note on an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedNote {
    /// Why.
    pub reason: NoteReason,
    /// Where and what.
    pub input: ReportedError,
}

/// The notes of one reason.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    reason: NoteReason,
    count: usize,
    first: &'a ReportedError,
}

impl NoteReason {
    /// The word for it in the JSON report.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Helm => "helm",
            Self::Kustomize => "kustomize",
            Self::Release => "release",
            Self::NotAnObject => "notAnObject",
            Self::Placeholder => "placeholder",
            Self::Ambiguous => "ambiguous",
            Self::Copies => "copies",
            Self::Conflict => "conflict",
            Self::Exclusion => "exclusion",
            Self::NotCompared => "notCompared",
        }
    }

    /// What is said of several.
    fn of_several(self) -> &'static str {
        match self {
            Self::Helm => {
                "files of Helm charts (templates, values) are skipped: render them, `helm template NAME DIRECTORY | l7guard check -`"
            }
            Self::Kustomize => {
                "files of kustomize (kustomizations, patches) are skipped: render them, `kustomize build DIRECTORY | l7guard check -`"
            }
            Self::Release => {
                "objects hold charts or manifests that are not rendered here: what they install is not judged"
            }
            Self::NotAnObject => "documents are no Kubernetes objects: skipped",
            Self::Placeholder => {
                "files hold values that are not rendered yet, which equal nothing here: render them first"
            }
            Self::Ambiguous => "texts are read as kubectl reads them, and may be meant otherwise",
            Self::Copies => {
                "objects are given several times: every copy is judged, beside the last copy of every other object"
            }
            Self::Conflict => {
                "objects are given with different content in several files: check each cluster by itself"
            }
            Self::Exclusion => "patterns of --exclude exclude nothing",
            Self::NotCompared => "findings of the earlier report were not looked for",
        }
    }
}

impl Group<'_> {
    /// The group in a line.
    pub(crate) fn line(&self) -> String {
        let (place, message) = (self.first.place(), one_line(&self.first.message));
        match self.count {
            1 => format!("note: {place}: {message}"),
            count => format!(
                "note: {count} {} (the first: {place}; --verbose lists them)",
                self.reason.of_several()
            ),
        }
    }
}

/// Writes notes without a style: one by one if `is_verbose`, else a line a reason.
///
/// # Errors
///
/// The output cannot be written.
pub fn write<'a>(
    notes: impl Iterator<Item = &'a ReportedNote>,
    is_verbose: bool,
    mut output: impl Write,
) -> io::Result<()> {
    if is_verbose {
        for ReportedNote { input, .. } in notes {
            let message = one_line(&input.message);
            writeln!(output, "note: {}: {message}", input.place())?;
        }
        return Ok(());
    }
    for group in grouped(notes) {
        writeln!(output, "{}", group.line())?;
    }
    Ok(())
}

/// Notes by their reasons, in the order in which these come up.
pub(crate) fn grouped<'a>(notes: impl Iterator<Item = &'a ReportedNote>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for note in notes {
        match groups.iter_mut().find(|group| group.reason == note.reason) {
            Some(group) => group.count += 1,
            None => groups.push(Group {
                reason: note.reason,
                count: 1,
                first: &note.input,
            }),
        }
    }
    groups
}
