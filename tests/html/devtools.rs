//! The Chrome `DevTools` Protocol over a pipe: messages of JSON that end with a NUL.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How long to wait for a message at most; a browser that says nothing for so long is broken.
const SILENCE: Duration = Duration::from_mins(2);

/// A running browser.
pub(crate) struct Connection {
    child: Child,
    requests: ChildStdin,
    messages: Receiver<Value>,
    last: u64,
    events: Vec<Value>,
}

impl Connection {
    /// Starts a browser that keeps its state in a directory.
    pub(crate) fn start(program: &Path, state: &Path) -> Self {
        // The protocol is spoken on file descriptors 3 and 4.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null",
            ])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ])
            .args([
                "--hide-scrollbars",
                "--no-first-run",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", state.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while answers
                .read_until(0, &mut message)
                .is_ok_and(|read| read > 0)
            {
                message.pop();
                let value = serde_json::from_slice(&message).unwrap();
                if sender.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        Self {
            child,
            requests,
            messages,
            last: 0,
            events: Vec::new(),
        }
    }

    /// Calls a method and returns its result. Events that come before it are kept.
    pub(crate) fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> Value {
        self.last += 1;
        let mut request = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = session {
            request["sessionId"] = json!(session);
        }
        let mut bytes = serde_json::to_vec(&request).unwrap();
        bytes.push(0);
        self.requests.write_all(&bytes).unwrap();
        loop {
            let mut message = self.receive();
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// Waits until an event of this name has come.
    pub(crate) fn wait_for(&mut self, event: &str) {
        while !self.events.iter().any(|message| message["method"] == event) {
            let message = self.receive();
            self.events.push(message);
        }
    }

    /// The parameters of all events of this name so far.
    pub(crate) fn events(&self, event: &str) -> Vec<&Value> {
        let events = self.events.iter();
        let events = events.filter(|message| message["method"] == event);
        events.map(|message| &message["params"]).collect()
    }

    fn receive(&self) -> Value {
        self.messages.recv_timeout(SILENCE).unwrap()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
