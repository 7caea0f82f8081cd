//! The real window on a real X server: `--demo` from nothing recognises somebody, and SIGTERM ends it in order.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, not only tests, fail by panicking

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

/// An X server without a screen.
struct Xvfb {
    child: Child,
    display: String,
}

impl Xvfb {
    /// `None`, with a printed reason, where Xvfb is not installed.
    fn start(size: &str) -> Option<Self> {
        let mut child = match Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &format!("{size}x24"), "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
        {
            Ok(child) => child,
            Err(error) => {
                eprintln!("skipped: Xvfb does not start ({error})");
                return None;
            }
        };
        let mut number = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Some(Self { child, display: format!(":{}", number.trim()) })
    }

    /// What the screen shows, as PNG; `None` without `ImageMagick`.
    fn screenshot(&self, path: &Path) -> Option<PathBuf> {
        let taken = Command::new("import")
            .args(["-display", &self.display, "-window", "root"])
            .arg(path)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        taken.then(|| path.to_owned())
    }
}

impl Drop for Xvfb {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demo_opens_a_window_recognises_somebody_and_ends_on_a_signal() {
    let Some(screen) = Xvfb::start("1280x720") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_faceprint"))
        .arg("--demo")
        .env("DISPLAY", &screen.display)
        .env_remove("WAYLAND_DISPLAY")
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("TMPDIR", folder.path())
        .env("RUST_LOG", "warn,faceprint=info")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let stderr = BufReader::new(demo.stderr.take().unwrap());
    std::thread::Builder::new()
        .name("stderr".into())
        .spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line))))
        .unwrap();

    let until = Instant::now() + Duration::from_mins(2);
    let (mut said, mut recorded) = (Vec::new(), false);
    while !recorded && Instant::now() < until {
        if let Ok(line) = lines.recv_timeout(Duration::from_millis(200)) {
            recorded = line.contains("recorded event");
            said.push(line);
        }
        if let Some(status) = demo.try_wait().unwrap() {
            panic!("the window closed by itself, {status}:\n{}", said.join("\n"));
        }
    }
    let shot = screen.screenshot(&folder.path().join("demo.png"));
    Command::new("kill").args(["-TERM", &demo.id().to_string()]).status().unwrap();
    let status = wait(&mut demo, Duration::from_secs(20));
    assert!(recorded, "nobody was recognised in two minutes:\n{}", said.join("\n"));
    assert!(status.is_some_and(|s| s.success()), "it ends in order on SIGTERM: {status:?}");
    assert!(!said.iter().any(|line| line.contains("panicked")), "{}", said.join("\n"));
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
        .filter(|name| name.starts_with("faceprint-demo-"))
        .collect();
    assert!(left.is_empty(), "the demo's folder is gone: {left:?}");
    let Some(shot) = shot else {
        eprintln!("the screenshot was not looked at: ImageMagick is not installed");
        return;
    };
    let picture = image::open(shot).unwrap().to_rgb8();
    let mut colours: Vec<_> = picture.pixels().map(|p| p.0).collect();
    colours.sort_unstable();
    colours.dedup();
    assert!(colours.len() > 2_000, "a camera picture has many colours, this has {}", colours.len());
}

fn wait(child: &mut Child, most: Duration) -> Option<std::process::ExitStatus> {
    let until = Instant::now() + most;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}
