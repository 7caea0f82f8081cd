//! The webcam path from the device node up, against a camera that `support/fakecam.c` plays. Each test runs this
//! program again with that preloaded, and reads what the camera handle reported there.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)] // an unwrap that fails is a test that fails

use faceprint::{
    camera::{CameraHandle, CameraOptions, CameraState},
    domain::{CameraSpec, SystemClock},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// The library that plays the camera; `None`, with the reason printed, where there is no C compiler.
fn fake_camera() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let library =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fakecam-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/fakecam.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).args([source, "-ldl"]);
        match compiler.output() {
            Ok(output) if output.status.success() => Some(library),
            Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
            Err(err) => {
                println!("skipped: there is no C compiler to build the fake camera with ({err})");
                None
            }
        }
    });
    built.as_deref()
}

/// Runs [`child`] under the fake camera until it has seen `lives` lives or `limit` is over, and returns its lines.
fn reported(lives: u32, limit: Duration, settings: &[(&str, &str)]) -> Option<Vec<String>> {
    let library = fake_camera()?;
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--ignored"])
        .env("LD_PRELOAD", library)
        .env("CAMERA_LIVES", lives.to_string())
        .env("CAMERA_LIMIT_MS", limit.as_millis().to_string())
        .envs(settings.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(text.lines().filter_map(|line| line.strip_prefix("> ")).map(str::to_owned).collect())
}

/// Not a test by itself: prints every change of state and, in each life, the first frame and the fifth.
#[test]
#[ignore = "not a check: `cargo test` runs it as the child process of each other test here (`--exact child --ignored`)"]
fn child() {
    let Ok(lives) = std::env::var("CAMERA_LIVES") else { return };
    let limit = Duration::from_millis(std::env::var("CAMERA_LIMIT_MS").unwrap().parse().unwrap());
    let (mut lives, since) = (lives.parse::<u32>().unwrap(), Instant::now());
    let clock = Arc::new(SystemClock::new());
    let camera = CameraHandle::start(&CameraSpec::Auto, CameraOptions::default(), clock);
    let (mut state, mut frames, mut number) = (CameraState::Opening, 0, 0);
    while since.elapsed() < limit && lives > 0 {
        let frame = camera.latest().wait_newer(number, Duration::from_millis(10));
        let now = camera.state();
        if now != state {
            match &now {
                CameraState::Opening => {}
                CameraState::Live(info) => {
                    println!(
                        "> live {} {}x{}@{} {}",
                        info.name, info.width, info.height, info.fps, info.pixel_format
                    );
                }
                CameraState::Fault { reason, .. } => println!("> {reason:?}"),
            }
            (state, frames) = (now, 0);
        }
        let Some((newer, frame)) = frame else { continue };
        assert!(newer > number && newer == frame.number());
        (number, frames) = (newer, frames + 1);
        let pixel = |x: u32| {
            let at = 3 * (frame.width() * frame.height() / 2 + x) as usize;
            &frame.rgb()[at..at + 3]
        };
        if frames == 1 {
            println!("> {:?} {:?}", pixel(8), pixel(frame.width() - 8));
        }
        if frames == 5 {
            println!("> frames");
            lives -= 1;
        }
    }
    drop(camera);
    println!("> joined");
}

fn is_red_and_blue(line: &str) -> bool {
    let values: Vec<i32> =
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    values.len() == 6 && values.iter().zip([255, 0, 0, 0, 0, 255]).all(|(got, want)| (got - want).abs() < 16)
}

/// Longer than any of these takes, on a busy machine too: what comes ends it.
const ENOUGH: Duration = Duration::from_secs(30);

#[test]
fn yuyv_and_nv12_arrive_in_colour() {
    for (mode, name) in [("YUYV:1280x720:30", "1280x720@30 YUYV"), ("NV12:640x480:30", "640x480@30 NV12")] {
        let Some(lines) = reported(1, ENOUGH, &[("FAKECAM_MODES", mode)]) else { return };
        assert_eq!(lines[0], format!("live Fake camera {name}"));
        assert!(is_red_and_blue(&lines[1]), "{lines:?}");
        assert_eq!(lines[2..], ["frames", "joined"]);
    }
}

#[test]
fn the_best_of_many_modes_is_taken_and_a_jpeg_with_a_tail_is_read() {
    let picture = image::RgbImage::from_fn(1280, 720, |x, _| {
        image::Rgb(if x < 640 { [254, 0, 0] } else { [0, 0, 254] })
    });
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fakecam-{}.jpg", std::process::id()));
    picture.save(&file).unwrap();
    let modes = "YUYV:640x480:30,YUYV:1280x720:10,MJPG:640x480:30,MJPG:1280x720:15,MJPG:1280x720:30,H264:1920x1080:30";
    let settings = [("FAKECAM_MODES", modes), ("FAKECAM_JPEG", file.to_str().unwrap())];
    let Some(lines) = reported(1, ENOUGH, &settings) else { return };
    assert_eq!(lines[0], "live Fake camera 1280x720@30 MJPEG");
    assert!(is_red_and_blue(&lines[1]), "{lines:?}");
    assert_eq!(lines[2..], ["frames", "joined"]);
}

#[test]
fn a_stall_is_frozen_and_comes_back() {
    let settings = [("FAKECAM_FAULT", "stall"), ("FAKECAM_AFTER", "8"), ("FAKECAM_FOR", "3200")];
    let Some(lines) = reported(2, Duration::from_secs(12), &settings) else { return };
    let words: Vec<&str> = lines.iter().filter(|line| !line.starts_with('[')).map(String::as_str).collect();
    assert_eq!(words[1..3], ["frames", "Frozen"], "{lines:?}");
    assert_eq!(words[words.len() - 3..], [words[0], "frames", "joined"], "{lines:?}");
}

#[test]
fn an_unplugged_camera_comes_back_when_it_is_plugged_in() {
    let settings = [("FAKECAM_FAULT", "unplug"), ("FAKECAM_AFTER", "8"), ("FAKECAM_FOR", "900")];
    let Some(lines) = reported(2, ENOUGH, &settings) else { return };
    let words: Vec<&str> = lines.iter().filter(|line| !line.starts_with('[')).map(String::as_str).collect();
    assert_eq!(words[1..4], ["frames", "Unplugged", "Missing"], "{lines:?}");
    assert_eq!(words[words.len() - 3..], [words[0], "frames", "joined"], "{lines:?}");
}

#[test]
fn a_busy_or_forbidden_camera_says_so_and_is_taken_when_it_is_free() {
    for (fault, word) in [("busy", "Busy"), ("denied", "Denied")] {
        let Some(lines) = reported(1, ENOUGH, &[("FAKECAM_FAULT", fault), ("FAKECAM_FOR", "300")]) else {
            return;
        };
        assert_eq!(lines[0], word);
        assert_eq!(lines[lines.len() - 2..], ["frames", "joined"], "{lines:?}");
    }
}

#[test]
fn a_driver_that_never_returns_costs_its_thread_only() {
    let settings = [("FAKECAM_FAULT", "stall"), ("FAKECAM_AFTER", "8")];
    let Some(lines) = reported(9, Duration::from_secs(10), &settings) else { return };
    let words: Vec<&str> = lines.iter().filter(|line| !line.starts_with('[')).map(String::as_str).collect();
    assert_eq!(words[1..3], ["frames", "Frozen"], "{lines:?}");
    assert_eq!(words.last(), Some(&"joined"), "dropping the handle does not wait: {lines:?}");
}
