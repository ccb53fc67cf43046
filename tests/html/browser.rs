//! A page in headless Chromium.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::devtools::Connection;

/// The browser, if one is installed.
pub(crate) fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("L7GUARD_CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| {
            directories
                .iter()
                .map(move |directory| directory.join(name))
        })
        .find(|program| program.is_file())
}

/// How a page is looked at.
#[derive(Clone, Copy)]
pub(crate) struct View {
    /// In CSS pixels.
    pub(crate) width: u32,
    /// In CSS pixels.
    pub(crate) height: u32,
    /// Whether the reader prefers dark colours.
    pub(crate) is_dark: bool,
    /// Whether scripts run.
    pub(crate) has_scripts: bool,
}

/// A window on a desk.
pub(crate) const DESK: View = View {
    width: 1280,
    height: 900,
    is_dark: false,
    has_scripts: true,
};

/// An open page. Its file and its browser go when it is dropped.
pub(crate) struct Page {
    connection: Connection,
    session: String,
    view: View,
    url: String,
    _files: TempDir,
}

impl Page {
    /// Opens a page of HTML, as a file.
    pub(crate) fn open(html: &str, view: View) -> Self {
        let files = tempfile::tempdir().unwrap();
        let file = files.path().join("report.html");
        fs::write(&file, html).unwrap();
        let mut connection = Connection::start(&program().unwrap(), &files.path().join("state"));
        let target = connection.call(None, "Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = connection.call(None, "Target.attachToTarget", &attach);
        let mut page = Self {
            connection,
            session: session["sessionId"].as_str().unwrap().to_owned(),
            view,
            url: format!("file://{}", file.display()),
            _files: files,
        };
        page.look(view);
        for domain in ["Page", "Log", "Network", "Accessibility", "Runtime"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.call("Page.navigate", &json!({"url": page.url}));
        page.connection.wait_for("Page.loadEventFired");
        page
    }

    /// Looks at it in another way; what scripts did stays done.
    pub(crate) fn look(&mut self, view: View) {
        self.view = view;
        let metrics = json!({
            "width": view.width, "height": view.height, "deviceScaleFactor": 1, "mobile": view.width < 600,
        });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = if view.is_dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", &json!({"features": features}));
        let value = !view.has_scripts;
        self.call(
            "Emulation.setScriptExecutionDisabled",
            &json!({"value": value}),
        );
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.connection
            .call(Some(&self.session), method, parameters)
    }

    /// Shows the page as it is printed.
    pub(crate) fn print(&mut self) {
        self.call("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    }

    /// Evaluates JavaScript in the page, as if its reader had done it.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true,
        });
        let mut result = self.call("Runtime.evaluate", &parameters);
        assert!(
            result["exceptionDetails"].is_null(),
            "{}",
            result["exceptionDetails"]
        );
        result["result"]["value"].take()
    }

    /// What the page asked for, itself included, and what the browser complained about.
    pub(crate) fn requests_and_complaints(&self) -> (Vec<String>, Vec<String>) {
        let requests = self.connection.events("Network.requestWillBeSent");
        let requests = requests
            .iter()
            .map(|event| event["request"]["url"].as_str().unwrap().to_owned());
        let complaints = [
            "Log.entryAdded",
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
        ];
        let complaints = complaints
            .iter()
            .flat_map(|event| self.connection.events(event));
        (
            requests.collect(),
            complaints.map(Value::to_string).collect(),
        )
    }

    /// The address of the page.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The nodes that a screen reader meets, in their order: role and name.
    pub(crate) fn accessible(&mut self) -> Vec<Node> {
        let tree = self.call("Accessibility.getFullAXTree", &json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        let root = nodes
            .iter()
            .find(|node| node["parentId"].is_null())
            .unwrap();
        let mut found = Vec::new();
        collect(root, nodes, &mut found);
        found
    }

    /// Leaves a picture of the page, or of its first so many pixels, where pictures are asked for.
    pub(crate) fn picture(&mut self, name: &str, height: u32) {
        let Some(directory) = std::env::var_os("L7GUARD_SCREENSHOTS") else {
            return;
        };
        let clip = json!({"x": 0, "y": 0, "width": self.view.width, "height": height, "scale": 1});
        let parameters = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.call("Page.captureScreenshot", &parameters);
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        fs::create_dir_all(&directory).unwrap();
        fs::write(Path::new(&directory).join(format!("{name}.png")), bytes).unwrap();
    }
}

/// What a screen reader says of a part of the page.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) role: String,
    pub(crate) name: String,
    /// Of a heading.
    pub(crate) level: Option<u64>,
}

fn collect(node: &Value, all: &[Value], found: &mut Vec<Node>) {
    let mut stack = vec![node];
    let by_id: std::collections::HashMap<&str, &Value> = all
        .iter()
        .map(|node| (node["nodeId"].as_str().unwrap(), node))
        .collect();
    while let Some(node) = stack.pop() {
        if node["ignored"] != true {
            let properties = node["properties"].as_array();
            let level = properties.and_then(|properties| {
                let level = properties
                    .iter()
                    .find(|property| property["name"] == "level");
                level.and_then(|level| level["value"]["value"].as_u64())
            });
            found.push(Node {
                role: node["role"]["value"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                name: node["name"]["value"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                level,
            });
        }
        let children = node["childIds"].as_array();
        let children = children.into_iter().flatten().rev();
        stack.extend(children.filter_map(|id| by_id.get(id.as_str().unwrap())));
    }
}
