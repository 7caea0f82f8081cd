//! `faceprint bench`: measures this machine, or sets two measurements side by side.

use super::{
    args::Global,
    commands::bar,
    context::Context,
    demo::{self, Demo, SEED},
    window::Opening,
};
use crate::{
    diagnostics::{
        bench::{BenchReport, comparison},
        live::LiveReport,
        window::WindowReport,
    },
    domain::CameraSpec,
    runtime::kiosk::Kiosk,
};
use anyhow::Context as _;
use crossbeam_channel::bounded;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

pub fn run(
    global: &Global,
    frames: u64,
    live_for: Duration,
    window_for: Duration,
    as_json: bool,
) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let spec = global.camera.clone().unwrap_or(CameraSpec::Demo(SEED));
    if matches!(spec, CameraSpec::Demo(_)) {
        demo::fill_index(&context)?;
    }
    let mut pipeline = context.pipeline()?;
    let mut source = context.source(&spec, false)?;
    let progress = bar(frames);
    let told = |done| progress.set_position(done);
    let report =
        BenchReport::measure(&mut pipeline, source.as_mut(), &spec, &context.settings, frames, told)?;
    progress.finish_and_clear();
    drop((pipeline, source));
    let live = if live_for > Duration::ZERO { Some(live(global, live_for)?) } else { None };
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let measures_window = window_for > Duration::ZERO && has_display;
    let window = if measures_window { Some(window(global, window_for)?) } else { None };
    if as_json {
        let mut json = report.to_json();
        json["live"] = live.as_ref().map(LiveReport::to_json).into();
        json["window"] = window.as_ref().map(WindowReport::to_json).into();
        println!("{json}");
    } else {
        print!("{}", report.to_text());
        print!("{}", live.as_ref().map(LiveReport::to_text).unwrap_or_default());
        match window {
            Some(window) => print!("{}", window.to_text()),
            None if window_for > Duration::ZERO => println!("window   not measured: there is no display"),
            None => {}
        }
    }
    Ok(())
}

/// The kiosk with its window, over the demo.
fn window(global: &Global, length: Duration) -> anyhow::Result<WindowReport> {
    let global = Global { camera: Some(CameraSpec::Demo(SEED)), ..global.clone() };
    let opening = Opening::default();
    let (watch, quit) = (opening.watch.clone(), opening.quit.clone());
    let measuring = std::thread::Builder::new()
        .name("bench".to_owned())
        .spawn(move || WindowReport::measure(&watch, length, &quit))
        .context("the system has no threads left")?;
    let quit = opening.quit.clone();
    let shown = Demo::set_up(&global).and_then(|demo| demo.open(opening));
    quit.store(true, Ordering::Relaxed); // whoever closed it, nobody waits for pictures any more
    let report = measuring.join().ok().flatten();
    shown?;
    report.context("the window was closed before it was measured: leave it open until it closes by itself")
}

/// The whole kiosk but for the window, in real time, on a throw-away folder with the demo people enrolled.
fn live(global: &Global, length: Duration) -> anyhow::Result<LiveReport> {
    let global = Global { camera: Some(CameraSpec::Demo(SEED)), ..global.clone() };
    let Demo { context, ledger, enrolled, folder, .. } = Demo::set_up(&global)?;
    let (wake, woken) = bounded(1);
    // A full channel means that a wake-up is already waiting.
    let waker = Arc::new(move || {
        let _ = wake.try_send(());
    });
    let setup = context.ledger_setup()?;
    let (kiosk, link) = Kiosk::start(setup, Some(ledger), context.engine_loader()?, waker)
        .context("the workers cannot be started: the system has no threads left")?;
    let progress = bar(length.as_secs());
    let report =
        LiveReport::measure(&link, &woken, SEED, &enrolled, context.clock.as_ref(), length, |since| {
            progress.set_position(since.as_secs());
        });
    progress.finish_and_clear();
    drop((kiosk, link));
    // Last: the store is closed by now.
    drop(folder);
    Ok(report)
}

/// Prints each figure of two reports and the second as a share of the first.
pub fn compare(files: &[PathBuf]) -> anyhow::Result<()> {
    let [before, after] = files else { anyhow::bail!("--compare takes two files") };
    print!("{}", comparison(&read(before)?, &read(after)?));
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} is not a report of `faceprint bench --json`", path.display()))
}
