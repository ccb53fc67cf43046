//! Help and pages of rules on terminals of any width: no word is cut, no paragraph is ragged, what is copied stays whole.

use l7guard_policy::rules::Rule;

use super::terminal::{on_terminal, plain};
use super::{l7guard, run};

const WIDTHS: [u16; 3] = [60, 80, 100];

/// Every command, its words behind `l7guard`.
fn commands() -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut at = 0;
    while at < commands.len() {
        let command: Vec<String> = commands[at].clone();
        let help = of_width(&command, 100);
        if let Some((_, list)) = help.split_once("\nCommands:\n") {
            for line in list.lines().take_while(|line| !line.is_empty()) {
                let is_entry = line.starts_with("  ") && !line.starts_with("   ");
                if let Some(name) = line.split_whitespace().next().filter(|_| is_entry)
                    && name != "help"
                {
                    commands.push([&command[..], &[name.to_owned()]].concat());
                }
            }
        }
        at += 1;
    }
    assert!(commands.len() > 10, "{commands:?}");
    commands
}

/// The help of a command as it is printed for so many columns without a terminal.
fn of_width(command: &[String], columns: u16) -> String {
    let output = l7guard(&[])
        .args(command)
        .arg("--help")
        .env("COLUMNS", columns.to_string())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The same on a terminal of that width.
fn on_screen(command: &[String], columns: u16) -> String {
    let mut shown = l7guard(&[]);
    shown.args(command).arg("--help").env_remove("COLUMNS");
    plain(&on_terminal(shown, columns))
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// Lines that end early although the next word would have fitted: the rest of a paragraph that was broken for another
/// width.
fn ragged(help: &str, columns: u16) -> Option<String> {
    let lines: Vec<&str> = help.lines().collect();
    let pair = lines.windows(2).find(|pair| {
        let is_prose =
            |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
        let next = pair[1].split_whitespace().next().unwrap_or_default();
        let filled = pair[0].chars().count() + 1 + next.chars().count();
        is_prose(pair[0]) && is_prose(pair[1]) && filled <= usize::from(columns)
    })?;
    Some(pair.join("\n"))
}

#[test]
fn help_of_every_command_fits_any_terminal() {
    for command in commands() {
        let wide = of_width(&command, 100);
        for columns in WIDTHS {
            for help in [of_width(&command, columns), on_screen(&command, columns)] {
                assert_eq!(words(&help), words(&wide), "{command:?} at {columns}");
                let ragged = ragged(&help, columns);
                assert_eq!(ragged, None, "{command:?} at {columns}");
                for line in help.lines() {
                    let fits = line.chars().count() <= usize::from(columns);
                    let is_word = line.split_whitespace().count() == 1;
                    assert!(fits || is_word, "{command:?} at {columns}: {line}");
                }
            }
        }
    }
}

#[test]
fn the_page_of_every_rule_fits_any_terminal() {
    for rule in Rule::all() {
        let code = rule.code.as_str();
        let page = run(&["explain", code]).stdout;
        assert_eq!(page, rule.page());
        for columns in WIDTHS {
            let screen = plain(&on_terminal(l7guard(&["explain", code]), columns));
            assert_eq!(words(&screen), words(&page), "{code} at {columns}");
            let prose = outside_code(&screen);
            assert!(!prose.is_empty());
            for line in prose {
                let fits = line.chars().count() <= usize::from(columns);
                let is_word = line.trim_start_matches("- ").split_whitespace().count() == 1;
                assert!(fits || is_word, "{code} at {columns}: {line}");
            }
            assert_eq!(code_of(&screen), code_of(&page), "{code} at {columns}");
        }
    }
}

/// The lines of a page that nobody copies.
fn outside_code(page: &str) -> Vec<&str> {
    let parts = page.split("\n```").step_by(2);
    parts
        .flat_map(str::lines)
        .filter(|line| !line.starts_with('#') && !line.starts_with('|'))
        .collect()
}

/// The blocks of code of a page.
fn code_of(page: &str) -> Vec<&str> {
    page.split("\n```").skip(1).step_by(2).collect()
}
