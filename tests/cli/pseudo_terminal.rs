//! What a command shows on a terminal.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs a command with standard output and standard error on a terminal of so many columns; what is on the screen in
/// the end, with escape sequences.
pub(crate) fn screen(mut command: Command, columns: u16) -> io::Result<String> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let size = Winsize {
        ws_row: 50,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size)?;
    let name = ptsname(&master, Vec::new())?;
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(OsStr::from_bytes(name.to_bytes()))?;
    let mut child = command
        .env("TERM", "xterm")
        .stdout(terminal.try_clone()?)
        .stderr(terminal)
        .spawn()?;
    // Or the terminal stays open as long as the command's own files are.
    drop(command);
    let mut screen = Vec::new();
    let mut master = File::from(master);
    let mut piece = [0; 4096];
    // At the end Linux says that there is no such device any more.
    while let Ok(length @ 1..) = master.read(&mut piece) {
        screen.extend_from_slice(&piece[..length]);
    }
    child.wait()?;
    Ok(String::from_utf8_lossy(&screen).replace("\r\n", "\n"))
}
