//! `faceprint --demo`: the whole product in one minute. A throw-away data folder, the demo people enrolled on
//! the ordinary path, the built-in camera, and a host PIN on the screen.

use super::{
    args::Global,
    context::Context,
    window::{self, Opening},
};
use crate::{
    camera::{DemoPerson, demo_people, enrolment_frames},
    crypto::{Pin, random_bytes},
    domain::{Actor, CameraSpec, PersonId, PersonName, TemplateId},
    matching::Index,
    runtime::{
        enrol_frames::{EnrolmentReport, FrameEnrolment, MAX_SHOTS},
        ledger::Ledger,
        pipeline::Pipeline,
    },
    settings::Settings,
    vault::InitHost,
};
use anyhow::{Context as _, bail};
use indicatif::ProgressBar;
use std::{os::unix::fs::symlink, sync::PoisonError};
use tempfile::TempDir;

/// The script that plays unless --camera says otherwise.
pub const SEED: u64 = 1;

pub fn run(global: &Global) -> anyhow::Result<()> {
    Demo::set_up(global)?.open(Opening::default())
}

/// A site that exists for one run.
pub struct Demo {
    /// Settings, folders, index.
    pub context: Context,
    /// The open store, with the demo people enrolled.
    pub ledger: Ledger,
    /// Display names of those that could be enrolled with the networks in use.
    pub enrolled: Vec<String>,
    /// Everything on disk; goes when this is dropped.
    pub folder: TempDir,
    pin: String,
}

impl Demo {
    /// Makes the folder and a host, and enrols everybody.
    pub fn set_up(global: &Global) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("faceprint-demo-")
            .tempdir()
            .context("no throw-away folder can be made: check that the temporary folder is writable")?;
        // The networks and the device are those that the real site would use.
        let real = Context::new(global)?;
        let data = folder.path().join("data");
        std::path::absolute(real.paths.weights())
            .and_then(|weights| {
                std::fs::create_dir(&data).and_then(|()| symlink(weights, data.join("weights")))
            })
            .with_context(|| format!("{} cannot be written to", folder.path().display()))?;
        let global = Global {
            data: Some(data),
            key_file: Some(folder.path().join("device.key")),
            config: None,
            camera: Some(global.camera.clone().unwrap_or(CameraSpec::Demo(SEED))),
            ..global.clone()
        };
        let mut context = Context::new(&global)?;
        context.settings = Settings {
            site_name: "Demo site".to_owned(),
            // Visits follow each other within the minute.
            guard_secs: 20,
            recogniser: real.settings.recogniser,
            detector: real.settings.detector,
            liveness: real.settings.liveness,
            device: real.settings.device,
            ..context.settings
        };
        let pin = demo_pin()?;
        let host = InitHost { name: PersonName::new("Demo host")?, pin: Pin::new(&pin)? };
        let mut ledger = context.ledger_setup()?.create(context.settings.clone(), host)?;
        let enrolled = enrol_everybody(&context, &mut ledger)?;
        Ok(Self { context, ledger, enrolled, folder, pin })
    }
}

impl Demo {
    /// Runs the window over this site until it is closed.
    pub fn open(self, opening: Opening) -> anyhow::Result<()> {
        let strip = Some(format!("Demo: nothing is kept. Host PIN {}", self.pin));
        let (setup, networks) = (self.context.ledger_setup()?, self.context.engine_loader()?);
        let opening = Opening { strip, windowed: true, ..opening };
        window::open(&self.context, setup, Some(self.ledger), networks, opening)
        // `self.folder` goes here, after the window has closed and the store with it.
    }
}

/// Adds every demo person and takes their shots as `people enrol` does. Returns who could be enrolled.
fn enrol_everybody(context: &Context, ledger: &mut Ledger) -> anyhow::Result<Vec<String>> {
    let mut pipeline = context.pipeline()?;
    let people = enrolled_people();
    let mut enrolled = Vec::new();
    let progress = ProgressBar::new(people.len() as u64).with_message("enrolling the demo people");
    for (number, demo) in people {
        let name = PersonName::new(&demo.name)?;
        let badge = Some(format!("D{:02}", number + 1));
        let person = ledger.vault_mut().add_person(Actor::Kiosk, name, badge, context.clock.now())?;
        let report = shots(&mut pipeline, number)?;
        if report.shots.is_empty() {
            log::warn!("demo person {number} stays a stranger: {:?}", report.refused);
            continue;
        }
        ledger.enrol(Actor::Kiosk, person.id, "demo", &report.shots, true)?;
        progress.inc(1);
        enrolled.push(demo.name.clone());
    }
    progress.finish_and_clear();
    if enrolled.is_empty() {
        bail!("none of the demo people could be enrolled with these weights: use the built-in ones");
    }
    Ok(enrolled)
}

/// Puts the demo people into the context's index and nowhere else: for a speed test in which somebody is recognised. The
/// index then holds them and nobody else.
pub fn fill_index(context: &Context) -> anyhow::Result<()> {
    *context.index.write().unwrap_or_else(PoisonError::into_inner) = Index::new();
    let mut pipeline = context.pipeline()?;
    for (number, _) in enrolled_people() {
        let person = PersonId::from_bytes((number as u128).to_be_bytes());
        for (shot, template) in shots(&mut pipeline, number)?.shots.iter().enumerate() {
            let id = TemplateId::from_bytes(((number * MAX_SHOTS + shot) as u128).to_be_bytes());
            let mut index = context.index.write().unwrap_or_else(PoisonError::into_inner);
            index.insert(id, person, &template.embedding);
        }
    }
    Ok(())
}

/// Everybody of the demo who is no stranger, with their number.
fn enrolled_people() -> Vec<(usize, &'static DemoPerson)> {
    demo_people().iter().enumerate().filter(|(_, person)| !person.stranger).collect()
}

/// What `people enrol` would take of one of them.
fn shots(pipeline: &mut Pipeline, number: usize) -> anyhow::Result<EnrolmentReport> {
    let mut enrolment = FrameEnrolment::default();
    for frame in enrolment_frames(number) {
        enrolment.add(pipeline, &frame)?;
    }
    Ok(enrolment.finish(pipeline))
}

/// Six random digits that the PIN rules accept.
fn demo_pin() -> anyhow::Result<String> {
    for _ in 0..100 {
        let digits: String = random_bytes::<6>()?.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
        if Pin::new(&digits).is_ok() {
            return Ok(digits);
        }
    }
    bail!("no PIN could be drawn: the system's random numbers are broken")
}
