//! The one program that a `sh -c` script runs, where that can be said exactly.

/// Shells whose `-c` takes a script in the POSIX shell's language.
const SHELLS: [&str; 4] = ["sh", "bash", "dash", "ash"];

/// The last part of a path: `pilot-agent` of `/usr/local/bin/pilot-agent`.
pub(super) fn basename(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The command line that a shell makes of its script.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Script<'a> {
    /// The words are not those of a shell with a `-c` script.
    NoShell,
    /// The script is one simple command of plain words.
    Command(Vec<&'a str>),
    /// The script has quotes, variables, several commands or anything else that only a shell can read.
    Opaque,
}

/// Reads the words of a container whose first one may be a shell: `sh -c "exec pilot-agent proxy router"`.
///
/// Options that only change how the script is run (`-e`, `-u`, `-x`, `-l`) may stand in one word with `-c`.
/// The words behind the script are its positional parameters, which a script of plain words cannot use.
pub(super) fn script<'a>(words: &[&'a str]) -> Script<'a> {
    let [shell, option, script, ..] = words else {
        return Script::NoShell;
    };
    let takes_script = option
        .strip_prefix('-')
        .and_then(|letters| letters.strip_suffix('c'))
        .is_some_and(|others| others.bytes().all(|letter| b"euxl".contains(&letter)));
    if !takes_script || !SHELLS.contains(&basename(shell)) {
        return Script::NoShell;
    }
    let script = script.trim_matches([' ', '\t', '\n']);
    if !script.bytes().all(is_plain) {
        return Script::Opaque;
    }
    let mut command: Vec<&str> = script
        .split([' ', '\t'])
        .filter(|word| !word.is_empty())
        .collect();
    if command.first() == Some(&"exec") {
        command.remove(0);
    }
    Script::Command(command)
}

/// Characters that mean themselves wherever they stand in a shell's simple command, and the blanks between words.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./:=,@%+ \t".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{Script, script};

    #[test]
    fn a_simple_command_is_read_word_by_word() {
        let wanted = Script::Command(vec!["/usr/local/bin/pilot-agent", "proxy", "router"]);
        for words in [
            ["sh", "-c", "/usr/local/bin/pilot-agent proxy router"],
            [
                "/bin/sh",
                "-c",
                " exec  /usr/local/bin/pilot-agent\tproxy router\n",
            ],
            [
                "bash",
                "-ec",
                "exec /usr/local/bin/pilot-agent proxy router",
            ],
        ] {
            assert_eq!(script(&words), wanted, "{words:?}");
        }
    }

    #[test]
    fn what_only_a_shell_can_read_is_opaque() {
        for text in [
            "pilot-agent proxy 'router'",
            "pilot-agent proxy \"$@\"",
            "pilot-agent proxy $ROLE",
            "sleep 5; pilot-agent proxy router",
            "sleep 5 && pilot-agent proxy router",
            "set -e\npilot-agent proxy router",
            "pilot-agent proxy \\\n router",
            "pilot-agent proxy router # sidecar",
            "pilot-agent proxy r*",
            "pilot-agent proxy ~",
        ] {
            assert_eq!(script(&["sh", "-c", text]), Script::Opaque, "{text}");
        }
    }

    #[test]
    fn other_programs_and_other_options_are_no_script() {
        for words in [
            &["python", "-c", "x"][..],
            &["sh", "-c"],
            &["sh", "-x", "script"],
            &["sh", "-abc", "x"],
            &["sh", "script", "x"],
            &[],
        ] {
            assert_eq!(script(words), Script::NoShell, "{words:?}");
        }
    }
}
