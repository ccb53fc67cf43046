//! One line of the log, which is never longer than 8 KiB.

use std::borrow::Cow;

use serde_json::json;

use super::LogFormat;

/// The longest line, in bytes, with its line feed.
const LINE_LIMIT: usize = 8 * 1024;

/// What a line that was cut ends with.
const CUT_MARK: &str = "… (cut)\n";

/// How much of a line of JSON is kept. Each of its bytes can become two where it stands in JSON itself.
const KEPT_OF_JSON: usize = 3 * 1024;

/// `line`, or as much of it as is let. What is left of JSON is JSON again: an object with the same time and level, whose
/// `cut` has the line's beginning.
pub(super) fn cut(line: &[u8], format: LogFormat) -> Cow<'_, [u8]> {
    if line.len() <= LINE_LIMIT {
        return Cow::Borrowed(line);
    }
    let text = String::from_utf8_lossy(line);
    Cow::Owned(match format {
        LogFormat::Text => cut_text(&text),
        LogFormat::Json => cut_json(&text),
    })
}

fn cut_text(line: &str) -> Vec<u8> {
    let kept = &line[..line.floor_char_boundary(LINE_LIMIT - CUT_MARK.len())];
    [kept.as_bytes(), CUT_MARK.as_bytes()].concat()
}

fn cut_json(line: &str) -> Vec<u8> {
    let field = |name: &str| {
        // The first fields of a line, which hold no text of others.
        let (_, after) = line.split_once(&format!("\"{name}\":\""))?;
        after.split_once('"').map(|(value, _)| value)
    };
    let kept = &line[..line.floor_char_boundary(KEPT_OF_JSON)];
    let object = json!({
        "timestamp": field("timestamp"),
        "level": field("level"),
        "message": "a line of the log was too long",
        "cut": kept,
    });
    format!("{object}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_line_of_8_kib_stays_whole_and_a_longer_one_is_cut_on_a_character() {
        let whole = format!("{}\n", "x".repeat(LINE_LIMIT - 1));
        assert_eq!(*cut(whole.as_bytes(), LogFormat::Text), *whole.as_bytes());
        for shift in 0..4 {
            let long = format!("{}{}\n", "x".repeat(shift), "🚪".repeat(LINE_LIMIT));
            let line = cut(long.as_bytes(), LogFormat::Text);
            let text = std::str::from_utf8(&line).unwrap();
            assert!(text.ends_with("🚪… (cut)\n"));
            assert!((LINE_LIMIT - 4..=LINE_LIMIT).contains(&text.len()));
        }
    }

    #[test]
    fn json_that_is_cut_is_json_with_time_level_and_the_beginning() {
        for filling in ["x", "\\", "\"", "\u{1}", "🚪"] {
            let line = json!({"timestamp": "2026-11-28T00:00:00Z", "level": "INFO", "message": filling.repeat(LINE_LIMIT)});
            // As the log writes it: time and level first.
            let line = format!(
                "{{\"timestamp\":{},\"level\":{},\"message\":{}}}\n",
                line["timestamp"], line["level"], line["message"]
            );
            let shown = cut(line.as_bytes(), LogFormat::Json);
            assert!(shown.len() <= LINE_LIMIT, "{filling:?}: {}", shown.len());
            assert!(shown.ends_with(b"}\n"));
            let read: Value = serde_json::from_slice(&shown).unwrap();
            assert_eq!(read["level"], "INFO");
            assert_eq!(read["timestamp"], "2026-11-28T00:00:00Z");
            assert!(line.starts_with(read["cut"].as_str().unwrap()));
        }
    }
}
