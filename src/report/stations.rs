//! Stations on the way of traffic, from the top down: the hop on the left, what makes it so on the right.

use std::fmt::Write as _;

use super::diagnostic::Style;

/// The column in which reasons begin at least.
const COLUMN: usize = 23;
/// Where less than this is left beside the hops, reasons go below them.
const LEAST: usize = 30;
/// How far they are indented there.
const INDENT: usize = 6;

/// A station on the way.
pub(super) struct Station {
    /// What it is, with its layer.
    pub(super) what: String,
    /// Which object makes it so, and what proves it.
    pub(super) because: String,
    /// Whether it is one of the two that work on Layer 7.
    pub(super) is_twice: bool,
    /// Whether traffic takes it or the one before it, not both.
    pub(super) is_alternative: bool,
}

impl Station {
    pub(super) fn new(what: impl Into<String>, because: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            because: because.into(),
            is_twice: false,
            is_alternative: false,
        }
    }
}

/// Draws the way from the client through these stations, joined by arrows.
pub(super) fn draw_way(drawing: &mut String, way: &[Station], style: Style) {
    let widest = way.iter().map(|station| station.what.chars().count()).max();
    let column = COLUMN.max(widest.unwrap_or_default() + 3);
    drawing.push_str("  Client\n");
    for station in way {
        drawing.push_str(if station.is_alternative {
            "    or\n"
        } else {
            "    │\n    ▼\n"
        });
        draw_station(drawing, station, column, style);
    }
}

/// Every line of the reason begins in the same column.
fn draw_station(drawing: &mut String, station: &Station, column: usize, style: Style) {
    let mark = if station.is_twice { "!" } else { " " };
    let what = format!("{mark} {}", station.what);
    let left = style.width.map(|width| width.saturating_sub(column));
    let is_below = left.is_some_and(|left| left < LEAST);
    let indent = if is_below { INDENT } else { column };
    let beside = Style {
        width: style.width.map(|width| width.saturating_sub(indent)),
        ..style
    };
    let mut lines = Vec::new();
    if !station.because.is_empty() {
        lines = beside.wrap(&station.because, "");
    }
    let mut lines = lines.into_iter();
    let first = if is_below { None } else { lines.next() };
    let padding = match &first {
        Some(_) => " ".repeat(column.saturating_sub(what.chars().count())),
        None => String::new(),
    };
    let head = if station.is_twice {
        style.alarm(&what)
    } else {
        what
    };
    let first = first.unwrap_or_default();
    let _ = writeln!(drawing, "{head}{padding}{first}");
    for line in lines {
        let _ = writeln!(drawing, "{}{line}", " ".repeat(indent));
    }
}
