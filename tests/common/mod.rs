//! Drives the real program, on a real data folder.
#![allow(dead_code, clippy::unwrap_used)] // each test file uses its own part, and fails by panicking

use serde_json::Value;
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A site in a temporary folder: data folder, key file, PIN file.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub weights: Vec<String>,
}

pub const HOST: &str = "Ada Lovelace";
pub const PIN: &str = "481516";

impl Site {
    /// A folder with a PIN file, not set up yet.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::File::create(folder.path().join("pin")).unwrap().write_all(PIN.as_bytes()).unwrap();
        Self { folder, weights: Vec::new() }
    }

    /// Set up by `init`, with the built-in weights.
    pub fn new() -> Self {
        let site = Self::bare();
        ok(site.command(&["init", "--site", "Test site", "--zone", "Europe/Berlin"]).args(site.host()));
        site
    }

    /// The program with this site's folders.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_faceprint"));
        command
            .args(args)
            .arg("--data")
            .arg(self.data())
            .arg("--key-file")
            .arg(self.key())
            .args(&self.weights);
        command.env("RUST_LOG", "warn").stdin(Stdio::null());
        command
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn key(&self) -> PathBuf {
        self.folder.path().join("device.key")
    }

    /// `--host … --pin-file …`.
    pub fn host(&self) -> [String; 4] {
        let pin = self.folder.path().join("pin");
        ["--host".into(), HOST.into(), "--pin-file".into(), pin.to_str().unwrap().to_owned()]
    }

    /// Adds a person and returns their id.
    pub fn add(&self, name: &str) -> String {
        let out = ok(self.command(&["people", "add", name, "--json"]).args(self.host()));
        json(&out)["person"].as_str().unwrap().to_owned()
    }

    /// Enrols a person from a folder of frames.
    pub fn enrol(&self, person: &str, from: &Path) -> Value {
        let from = from.to_str().unwrap();
        let args = ["people", "enrol", person, "--from", from, "--consent", "1", "--json"];
        json(&ok(self.command(&args).args(self.host())))
    }

    /// Replays a folder; decisions, then the summary.
    pub fn replay(&self, camera: &str, more: &[&str]) -> (Vec<Value>, Value) {
        let out = ok(self.command(&["replay", camera, "--json"]).args(more));
        let mut lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let summary = lines.pop().unwrap();
        (lines, summary)
    }
}

/// Runs a command that must succeed; its standard output.
pub fn ok(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}\n{stderr}");
    String::from_utf8(stdout).unwrap()
}

/// Runs a command that must fail with exit code 1; its one sentence.
pub fn refused(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&stderr).trim().to_owned();
    assert_eq!(status.code(), Some(1), "{command:?}\n{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    stderr
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// A path below `../shared`, or `None` with a printed reason.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not here", path.display());
    None
}

/// Yesterday and tomorrow, for a report that holds today wherever the clock stands.
pub fn around_today() -> (String, String) {
    use faceprint::domain::{Clock as _, SystemClock};
    let today = SystemClock::new().now().utc.to_zoned(jiff::tz::TimeZone::UTC).date();
    (today.yesterday().unwrap().to_string(), today.tomorrow().unwrap().to_string())
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
