//! `faceprint bench`: measures this machine, or sets two measurements side by side.

use super::{
    args::Global,
    commands::bar,
    context::Context,
    demo::{Demo, SEED},
};
use crate::{
    diagnostics::{
        bench::{BenchReport, comparison},
        live::LiveReport,
    },
    domain::CameraSpec,
    runtime::kiosk::Kiosk,
};
use anyhow::Context as _;
use crossbeam_channel::bounded;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub fn run(global: &Global, frames: u64, live_secs: u64, as_json: bool) -> anyhow::Result<()> {
    let context = Context::new(global)?;
    let mut pipeline = context.pipeline()?;
    let spec = global.camera.clone().unwrap_or(CameraSpec::Demo(SEED));
    let mut source = context.source(&spec, false)?;
    let progress = bar(frames);
    let report = BenchReport::measure(&mut pipeline, source.as_mut(), &spec, frames, |done| {
        progress.set_position(done);
    })?;
    progress.finish_and_clear();
    drop((pipeline, source));
    let live = if live_secs > 0 { Some(live(global, Duration::from_secs(live_secs))?) } else { None };
    if as_json {
        let mut json = report.to_json();
        json["live"] = live.as_ref().map(LiveReport::to_json).into();
        println!("{json}");
    } else {
        print!("{}", report.to_text());
        if let Some(live) = live {
            print!("{}", live.to_text());
        }
    }
    Ok(())
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
    let device = format!("{:?}", context.settings.device).to_lowercase();
    let (kiosk, link) = Kiosk::start(setup, Some(ledger), context.engine_loader()?, device, waker)
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
